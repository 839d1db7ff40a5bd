// The package with its wasm inside: one file, wherever it is put.

import { provide, unpacked } from "./load.js";
import packed from "#wasm";

provide(() => unpacked(packed));

export * from "./api.js";

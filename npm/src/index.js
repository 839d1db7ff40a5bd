// The package with its wasm beside it, which bundlers and browsers find by this URL.

import { at, provide } from "./load.js";

provide(() => at(new URL("rs2p_bg.wasm", import.meta.url)));

export * from "./api.js";

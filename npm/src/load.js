// The wasm, loaded once, by whoever needs it first. Where it comes from, each entry of the package says for itself.

import init, { Core, protocol_id } from "#glue";
import { MeshError } from "./errors.js";

let source;
let loading;
let loaded = false;

/** Says how the wasm is got: a function that gives what WebAssembly takes, or a promise of it. */
export function provide(from) {
  source = from;
}

/** Resolves when nodes can be made. Everything that is asynchronous here does this by itself. */
export function ready() {
  loading ??= Promise.resolve()
    .then(source)
    .then((module_or_path) => init({ module_or_path }))
    .then(() => void (loaded = true), failed);
  return loading;
}

function failed(cause) {
  loading = undefined;
  throw new MeshError("not-loaded", `the node's wasm could not be loaded: ${cause?.message ?? cause}; import "rs2p/inline", which needs no second file, or serve rs2p_bg.wasm beside the script`, { cause });
}

/** The wasm at a URL: over the network, or from the disk in Node.js. */
export async function at(url) {
  if (url.protocol !== "file:") return fetch(url);
  // Put together only as it runs, for bundlers would look for it.
  const { readFile } = await import(/* webpackIgnore: true */ /* @vite-ignore */ ["node:fs", "promises"].join("/"));
  return readFile(url);
}

/** The wasm in a text: gzip in base64. */
export async function unpacked(text) {
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

export function newCore(now, start) {
  mustBeLoaded();
  return new Core(now, start);
}

export function protocolIdOf(named) {
  mustBeLoaded();
  return protocol_id(named);
}

function mustBeLoaded() {
  if (!loaded) throw new MeshError("not-loaded", "the wasm is not loaded yet: await join(…), or await ready() before this");
}

// The wasm codec beside @msgpack/msgpack and SubtleCrypto in a real browser: `cargo xtask codec`. See README.md.

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { ready, Tab, withBrowser } from "./browser.mjs";
import { median } from "./figures.mjs";
import { serve } from "./sender.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { values: given } = parseArgs({
  options: {
    sizes: { type: "string", default: "64,256,1024,4096,16384,65536" },
    rounds: { type: "string", default: "15" },
    codec: { type: "string", default: `${root}target/bench/codec` },
    json: { type: "boolean", default: false },
  },
});

const rival = `${root}target/bench/msgpack/node_modules/@msgpack/msgpack`;
const FOLDERS = { "/msgpack/": `${rival}/dist.esm/`, "/codec/": `${given.codec}/`, "/src/": `${root}npm/src/` };

function files(path) {
  const folder = Object.keys(FOLDERS).find((folder) => path.startsWith(folder));
  if (folder && !path.includes("..")) return FOLDERS[folder] + path.slice(folder.length);
  return /^\/[\w.]+$/.test(path) ? fileURLToPath(new URL(`.${path}`, import.meta.url)) : null;
}

const server = await serve(files, "bench", () => []);
const { rows } = await withBrowser(async (host) => {
  const tab = await Tab.open(host, `http://127.0.0.1:${server.address().port}/codec.html`);
  await ready(tab);
  const options = { sizes: given.sizes.split(",").map(Number), rounds: Number(given.rounds) };
  return tab.evaluate(`compare(${JSON.stringify(options)})`);
});
server.closeAllConnections();
server.close();

const ratio = (others, wasm) => median(others.map((other, round) => other / wasm[round])).toFixed(2);
console.log("Microseconds each, the median of the rounds; in brackets the median of what each round's was divided by the wasm's: above 1, the wasm is faster.\n");
console.log("| | | wasm | others, awaited one by one | others, 32 under way |\n| --- | --- | --- | --- | --- |");
for (const { what, size, wasm, awaited, pipelined } of rows) {
  const others = [awaited, pipelined].map((times) => `${median(times).toFixed(2)} (${ratio(times, wasm)})`);
  console.log(`| ${what} | ${size.toLocaleString("en")} B | ${median(wasm).toFixed(2)} | ${others.join(" | ")} |`);
  if (given.json) console.log(JSON.stringify({ what, size, wasm, awaited, pipelined }));
}

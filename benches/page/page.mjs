// How many messages a second a page hears: `node benches/page/page.mjs`. See README.md.

import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { ready, Tab, withBrowser } from "./browser.mjs";
import { median } from "./figures.mjs";
import { broadcasts, joined, serve } from "./sender.mjs";

const { values: given } = parseArgs({
  options: {
    way: { type: "string", default: "messages" },
    count: { type: "string", default: "400000" },
    size: { type: "string", default: "64" },
    join: { type: "string", default: String(64 << 10) },
    runs: { type: "string", default: "5" },
    profile: { type: "string" },
    package: { type: "string", default: fileURLToPath(new URL("../../target/npm", import.meta.url)) },
    json: { type: "boolean", default: false },
  },
});
const [count, size, join, runs] = [given.count, given.size, given.join, given.runs].map(Number);
const SUBNET = "bench";
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

function files(path) {
  if (path.startsWith("/npm/")) return `${given.package}${path.slice(4)}`;
  return /^\/[\w.]+$/.test(path) ? here(`.${path}`) : null;
}

async function run(way) {
  let row;
  const server = await serve(files, SUBNET, () => row);
  const { port } = server.address();
  const each = await withBrowser(async (host) => {
    const tab = await Tab.open(host, `http://127.0.0.1:${port}/page.html`);
    await ready(tab);
    row = joined(broadcasts("a".repeat(65), count, size), join);
    if (given.profile) await tab.ask("Profiler.enable").then(() => tab.ask("Profiler.setSamplingInterval", { interval: 200 })).then(() => tab.ask("Profiler.start"));
    const options = { relay: `ws://127.0.0.1:${port}/`, subnet: SUBNET, way, count: way === "raw" ? row.length : count, hello: [0] };
    const result = await tab.measure(`${way === "raw" ? "count" : "subscribe"}(${JSON.stringify(options)})`);
    if (given.profile) await writeFile(given.profile, JSON.stringify((await tab.ask("Profiler.stop")).profile));
    return result;
  });
  server.closeAllConnections();
  server.close();
  return { way, size, join, ...each, perSecond: Math.round((1000 * each.heard) / each.ms), usEach: (1000 * each.worked) / each.heard };
}

for (const way of given.way.split(",")) {
  const all = [];
  for (let turn = 0; turn < runs; turn += 1) {
    all.push(await run(way));
    if (given.json) console.log(JSON.stringify(all.at(-1)));
  }
  const rates = all.map(({ perSecond }) => perSecond);
  const faults = ["lost", "disorder", "dropped"].map((what) => `${what} ${all.reduce((sum, one) => sum + one[what], 0)}`);
  const cpu = median(all.map(({ usEach }) => usEach)).toFixed(2);
  console.log(
    `${way}, ${size} B, joined up to ${join} B: ${median(rates)} messages/s (${Math.min(...rates)} to ${Math.max(...rates)}, ${runs} runs), ${cpu} us of the main thread each; ${faults.join(", ")}`,
  );
}

// What the tests in JavaScript share: a node in this tab, native nodes through their harness, and ways to be sure.

export const SUBNET = "class";
const WS = "ws://127.0.0.1:0";
/** An id of nobody. */
export const NOBODY = "3CDFLurrYzH2WkSEbQZB1x8mp3UGKFwUg1s62EHbw8uQuYHP6x5DKRwqGeALyVdvy8";

let harness;

/** Says which harness there is: it serves the package too. */
export const load = (url) => void (harness = url);

/** The package. */
export async function library() {
  const loaded = await import(`${harness}/package/index.js`);
  await loaded.ready();
  return loaded;
}

export const MeshSocket = async () => (await library()).MeshSocket;

export const node = async (options = { subnet: SUBNET }) => new (await MeshSocket())(options);

/** Has the harness carry out a command. */
export async function post(url, body) {
  const response = await fetch(url, { method: "POST", body });
  return [response.status, await response.text()];
}

export async function obey(harness, command) {
  const [status, text] = await post(harness, JSON.stringify(command));
  if (status !== 200) throw new Error(`${JSON.stringify(command)}: ${text}`);
  return JSON.parse(text);
}

/** A native node: `{ node, id, url }`. */
export async function start(harness, listen = WS) {
  const { node, id, listening } = await obey(harness, { do: "start", subnet: SUBNET, listen: [listen] });
  return { node, id, url: listening[0] };
}

export const end = (harness, { node }, crash = false) => obey(harness, { do: "end", node, crash });

export function assert(holds, what) {
  if (!holds) throw new Error(what);
}

/** Compares by class and content, with NaN equal to itself and 0 not to -0. */
export function assertSame(found, wanted, what) {
  assert(isSame(found, wanted), `${what}: found ${inWords(found)}, not ${inWords(wanted)}`);
}

function isSame(one, other) {
  if (typeof one !== "object" || one === null || other === null) return Object.is(one, other);
  if (Object.prototype.toString.call(one) !== Object.prototype.toString.call(other)) return false;
  const [these, those] = [parts(one), parts(other)];
  return these.length === those.length && these.every((part, index) => isSame(part, those[index]));
}

const parts = (value) => (value instanceof Map ? [...value].flat() : Array.isArray(value) ? value : Object.entries(value).flat());

export function inWords(value) {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "-0" : JSON.stringify(value) ?? String(value);
  return `${value.constructor?.name}(${parts(value).map(inWords).join(", ")})`;
}

/** That a call throws, or its promise rejects with, a MeshError of this code, whose text has these words. */
export async function assertFails(code, call, words = "") {
  try {
    await call();
  } catch (error) {
    const what = `${call}: ${error.name} ${error.code}: ${error.message}`;
    const name = code === "timeout" || code === "no-answer" ? "TimeoutError" : "MeshError";
    assert(error instanceof Error && error.name === name && error.code === code, `not ${code}: ${what}`);
    return assert(error.message.includes(words), `no "${words}" in ${what}`);
  }
  throw new Error(`no ${code}: ${call}`);
}

export const next = (mesh, event) => new Promise((resolve) => mesh.once(event, resolve));

// What a caller passes, checked and named when it is wrong. What options have besides the known ones is ignored, as
// everywhere on the web.

import { badArgument } from "./errors.js";
import { POLICIES } from "./queue.js";

/** The longest id of a node, in bytes. */
const LONGEST_ID = 128;

/** Which addresses out of gossip may be dialled. */
const HEARSAY = ["public", "web", "private", "any"];

/** An address of this machine. */
const AT_HOME = /^wss?:\/\/(127\.\d+\.\d+\.\d+|\[::1\]|localhost)([:/?]|$)/i;

/** What waits for who takes messages, and for peers that read slowly. */
const BOUNDS = { messages: 4_096, bytes: 16 << 20 };

export function object(options, name = "the options are") {
  if (options === undefined || options === null) return {};
  if (typeof options !== "object") throw badArgument(`${name} no object`);
  return options;
}

export function meshOptions(options) {
  const { subnet = "mesh", keep, hearsay, id, lifecycle = true, queue, topics, plain = false, presence } = object(options);
  const relays = [...addresses(options?.relays, "relays"), ...addresses(options?.peers, "peers")];
  return {
    subnet: string(subnet, "subnet"),
    relays,
    hearsay: hearsay == null ? usualHearsay(relays) : oneOf(hearsay, HEARSAY, "hearsay"),
    keep: keep == null ? null : atLeastOne(keep, "keep"),
    id: id == null ? null : node(id),
    interest: { topics: topics == null ? null : strings(topics, "topics").map(topic), plain: Boolean(plain) },
    presence,
    lifecycle: Boolean(lifecycle),
    queue: queueOptions(queue),
  };
}

/** What is dialled of that which others tell: where all relays are on this machine, so that nothing comes from outside, more. */
function usualHearsay(relays) {
  return relays.length > 0 && relays.every((url) => AT_HOME.test(url)) ? "private" : "web";
}

function oneOf(value, all, name) {
  if (!all.includes(value)) throw badArgument(`${name} is none of ${all.join(", ")}`);
  return value;
}

function queueOptions(queue) {
  const { incoming, outgoing, policy = "drop-oldest" } = object(queue, "queue is");
  oneOf(policy, POLICIES, "policy");
  return { incoming: bounds(incoming, "incoming"), outgoing: bounds(outgoing, "outgoing"), policy };
}

export function bounds(given, name, usual = BOUNDS) {
  const { messages = usual.messages, bytes = usual.bytes } = object(given, `${name} is`);
  if (!(messages >= 1 && bytes >= 1)) throw badArgument(`${name} is no { messages, bytes } from 1 up`);
  return { messages, bytes };
}

/** The address of a WebSocket, as far as that can be said here: the rest is the core's to refuse. */
export const url = (value) => string(value, "url");

export function string(value, name) {
  if (typeof value !== "string") throw badArgument(`${name} is no string`);
  return value;
}

function strings(values, name) {
  if (values == null) return [];
  if (!Array.isArray(values)) throw badArgument(`${name} is no array`);
  return values.map((value, index) => string(value, `${name}[${index}]`));
}

/** Addresses as text or as URLs. */
function addresses(values, name) {
  const texts = Array.isArray(values) ? values.map((value) => (value instanceof URL ? value.href : value)) : values;
  return strings(texts, name).map(url);
}

/** The id of a node. */
export function node(value) {
  const length = typeof value === "string" ? new TextEncoder().encode(value).length : 0;
  if (length < 1 || length > LONGEST_ID) throw badArgument(`this is no id of a node, which is text of 1 to ${LONGEST_ID} bytes`);
  return value;
}

/** How far to send: as the core is told it. */
export function reach(to) {
  if (to == null || to === "mesh") return "mesh";
  if (to === "peers") return "peers";
  if (typeof to !== "object" || to.id == null) throw badArgument('to is neither "mesh" nor "peers" nor a peer');
  return [node(to.id)];
}

/** A topic, as the core is told it: how long it may be, the core knows. */
export const topic = (value) => (value == null ? null : string(value, "topic"));

/** The wait for answers, in milliseconds. */
export function patience(value, usual) {
  if (value === undefined) return usual;
  if (typeof value === "number" && value >= 0) return Math.min(Math.ceil(value), 2 ** 48);
  throw badArgument("timeoutMs is no number of milliseconds from 0 up");
}

export function atLeastOne(value, name) {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw badArgument(`${name} is no whole number from 1 up`);
}

/** A flag, as the core is told it; which of them are an application's, the core knows. */
export function flag(value) {
  if (value == null || typeof value === "string" || value instanceof Uint8Array) return value ?? null;
  if (typeof value === "bigint" || Number.isSafeInteger(value)) return value;
  throw badArgument("flag: a sub-flag is a whole number from 0x30 up, a text or bytes");
}

export function quantity(value) {
  if (value === Infinity || (Number.isInteger(value) && value >= 0)) return value;
  throw badArgument("the quantity is no whole number from 0 up");
}

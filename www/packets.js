// Packets to text and back.
//
// A chat message is the packet `text`, followed by a map `{ name }` if its author chose a name: whoever prints
// packets, in whatever language, prints something readable. What others broadcast may be any value at all, so
// reading is total: it always yields text, it never throws, and it is bounded.

import { tidyName } from "./identity.js";

/** The longest text shown for one message, in UTF-16 units. */
export const TEXT_LIMIT = 4000;

const DEPTH_LIMIT = 6;

/** The packets of a chat message. */
export const compose = (text, name) => (name ? [text, { name }] : [text]);

/**
 * What a person should see of a message: `texts` (one for each packet, together at most TEXT_LIMIT), `name` if
 * the author gave one (else null), and whether anything was `cut` off.
 */
export function read(packets) {
  const name = chatName(packets);
  const shown = name === null ? packets : packets.slice(0, 1);
  const texts = [];
  let room = TEXT_LIMIT;
  let cut = false;
  for (const packet of shown) {
    const text = typeof packet === "string" ? packet : show(packet);
    if (room > 0 || text === "") texts.push(clip(text, room));
    cut ||= text.length > room;
    room = Math.max(0, room - text.length);
  }
  return { texts, name, cut };
}

/** The chosen name in `[text, { name }]`; null for packets of any other shape. */
function chatName(packets) {
  if (packets.length !== 2 || typeof packets[0] !== "string") return null;
  const fields = entries(packets[1]);
  return fields?.length === 1 && fields[0][0] === "name" ? tidyName(fields[0][1]) : null;
}

/** One packet that is not a string, in words: bytes as their text or in hex, the rest much like JSON. */
function show(value, depth = 0) {
  if (depth > DEPTH_LIMIT) return "…";
  const bytes = asBytes(value);
  if (bytes) return bytesText(bytes);
  if (Array.isArray(value)) return `[${list(value, (item) => inner(item, depth))}]`;
  const fields = entries(value);
  if (fields) return `{${list(fields, ([key, item]) => `${inner(key, depth)}: ${inner(item, depth)}`)}}`;
  return String(value);
}

function inner(value, depth) {
  return typeof value === "string" ? JSON.stringify(clip(value, TEXT_LIMIT)) : show(value, depth + 1);
}

/** Items joined by commas, no further than a reader will ever see. */
function list(items, each) {
  let text = "";
  for (const item of items) {
    if (text.length > TEXT_LIMIT) return `${text}, …`;
    text += (text && ", ") + each(item);
  }
  return text;
}

function bytesText(bytes) {
  const whole = bytes.length <= 4 * TEXT_LIMIT;
  try {
    const text = new TextDecoder("utf-8", { fatal: whole }).decode(whole ? bytes : bytes.subarray(0, 4 * TEXT_LIMIT));
    if (!/[\0-\x08\x0e-\x1f\ufffd]/.test(text.slice(0, TEXT_LIMIT))) return text;
  } catch {
    // Not UTF-8: hex it is.
  }
  const hex = Array.from(bytes.subarray(0, TEXT_LIMIT), (byte) => byte.toString(16).padStart(2, "0"));
  return `0x${hex.join("")}${bytes.length > hex.length ? "…" : ""}`;
}

function asBytes(value) {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  return ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : null;
}

/** The fields of a map, which may come as a Map or as a plain object; null for any other value. */
function entries(value) {
  if (value instanceof Map) return [...value];
  return Object.prototype.toString.call(value) === "[object Object]" ? Object.entries(value) : null;
}

/** The first `length` units of a text, without leaving half a character at the end. */
function clip(text, length) {
  if (text.length <= length) return text;
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? length - 1 : length);
}

// A message as its receiver gets it: all that it says in properties of its own, so that it can be cloned and stored.

import { object } from "./options.js";

/** The last date that there is, in the year 275760. */
const LAST_DATE = 8.64e15;
const utf8 = new TextEncoder();
const text = new TextDecoder();

export class Message {
  #answer;
  #asker;
  #question;

  /** Of what the core tells of it; `answer(sender, question, packets, waiting)` answers it. */
  constructor({ id, sender, via, isWhisper, seconds, topic, question, flag, packets }, answer) {
    this.kind = isWhisper ? "whisper" : "broadcast";
    this.sender = sender;
    this.time = new Date(Math.min(Number(seconds) * 1000, LAST_DATE));
    this.id = hex(id);
    this.via = via;
    this.flag = flag;
    this.packets = packets;
    this.topic = topic;
    this.isQuestion = question !== null;
    // What stands in properties anybody may change.
    this.#answer = answer;
    this.#asker = sender;
    this.#question = question;
  }

  get [Symbol.toStringTag]() {
    return "Message";
  }

  /** The first of the packets, which mostly is the only one. */
  get body() {
    return this.packets[0];
  }

  /** The body as bytes: text as UTF-8, and what is neither as its JSON. */
  bytes() {
    return this.body instanceof Uint8Array ? this.body : utf8.encode(this.text());
  }

  /** The body as text: bytes read as UTF-8, and what is neither as its JSON. */
  text() {
    if (typeof this.body === "string") return this.body;
    return this.body instanceof Uint8Array ? text.decode(this.body) : String(JSON.stringify(this.body, inJson));
  }

  /** What the body says in JSON, if it is text or bytes; else the body itself. */
  json() {
    const isText = typeof this.body === "string" || this.body instanceof Uint8Array;
    return isText ? JSON.parse(this.text()) : this.body;
  }

  /** Whispers to the sender; to a question, this is the answer. */
  reply(...packets) {
    return this.#answer(this.#asker, this.#question, packets);
  }

  /** The same, with `{ timeoutMs, signal }` for the wait. */
  async replyWith(options, ...packets) {
    const { timeoutMs, signal } = object(options);
    return this.#answer(this.#asker, this.#question, packets, { timeoutMs, signal });
  }
}

/** What JSON has no word for: large whole numbers as text, maps as their pairs. */
const inJson = (_key, value) => (typeof value === "bigint" ? String(value) : value instanceof Map ? [...value] : value);

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Bytes in hexadecimal digits, by the platform where it knows how. */
export const hex = Uint8Array.prototype.toHex ? (bytes) => bytes.toHex() : spelt;

function spelt(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 1) text += DIGITS[bytes[at]];
  return text;
}

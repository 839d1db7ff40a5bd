// Two cores in one process, linked without a socket, and dice that can be thrown again.

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";

import { readBatch } from "../../src/batch.js";
import { decode, encode, encodeOne } from "../../src/msgpack.js";

const parts = new URL("../../../target/npm-parts/", import.meta.url);
/** What all cores take for the time, in seconds. */
export const NOW = 1_700_000_000;
const URL_OF_THE_OTHER = "ws://127.0.0.1:1";
/** One link, as each end numbers it: the first dials, and the second accepts. */
const LINKS = [0, 1];
const WORDS = [
  "opened", "written", "closed", "environment", "timeout", "connect", "broadcast", "whisper", "request-peers", "disconnect", "ask",
  "forget", "interest", "present", "x",
];

class Mesh {
  #cores;
  #now = 0;
  told = [];

  constructor(cores) {
    this.#cores = cores;
    this.tell(0, "connect", URL_OF_THE_OTHER, null, true);
    for (const end of [1, 0]) this.tell(end, "opened", LINKS[end], URL_OF_THE_OTHER);
  }

  /** Tells one core something, and the other whatever that has it send; returns what became of a command. */
  tell(end, ...input) {
    return this.#carryOut(end, this.#cores[end].handle((this.#now += 1), encodeOne(input)));
  }

  /** Tells one core something, and gives the bytes that it sends, which come to nobody. */
  sending(end, ...input) {
    const rows = decode(this.#cores[end].handle((this.#now += 1), encodeOne(input))).slice(1);
    return Buffer.concat(rows.filter(([word]) => word === "transmit").map(([, , bytes]) => bytes));
  }

  /** So many milliseconds pass, of which nobody is told. */
  pass(millis) {
    this.#now += millis;
  }

  /** Bytes come to one core; returns the rows that it answers with. */
  receive(end, bytes) {
    return decode(this.#cores[end].received((this.#now += 1), LINKS[end], bytes)).slice(1);
  }

  id(end) {
    return new TextDecoder().decode(this.#cores[end].id());
  }

  broadcast(packets) {
    return this.tell(0, "broadcast", "mesh", null, null, packets);
  }

  /** Something that makes no sense, for a third core, which has no link to lose. */
  garbage(dice) {
    const input = dice.below(2) ? dice.bytes(dice.below(30)) : encodeOne([dice.pick(WORDS), ...dice.values(3)]);
    this.#cores[2].handle((this.#now += 1), input);
    this.#cores[2].received(this.#now, dice.below(4), dice.bytes(dice.below(50)));
  }

  free() {
    for (const core of this.#cores) core.free();
  }

  #carryOut(end, answer) {
    let outcome;
    for (const [word, ...fields] of decode(answer).slice(1)) {
      if (["done", "pending", "sent", "refused"].includes(word)) outcome = [word, ...fields];
      if (word === "messages") readBatch(fields[0], questionOf, (message) => this.told.push(message));
      if (word === "close") throw new Error(`a link was closed: ${fields}`);
      if (word !== "transmit") continue;
      this.#carryOut(1 - end, this.#cores[1 - end].received(this.#now, LINKS[1 - end], fields[1]));
      this.tell(end, "written", LINKS[end], fields[1].length);
    }
    return outcome;
  }
}

/** What replying to a message that was told comes to: the question that it is. */
const questionOf = (_sender, question) => question;

/** A frame of protocol 0.7: a message of this kind (0 is a broadcast, 2 a whisper), with its length and checksum. */
export function frameOf(kind, sender, seconds, ...payload) {
  const packed = encodeOne([kind, sender, seconds, ...payload]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(32 + packed.length);
  return Buffer.concat([length, createHash("sha256").update(packed).digest(), packed]);
}

/** Two cores that have greeted. */
export async function meshOfTwo() {
  const { Core, initSync } = await import(new URL("rs2p.js", parts));
  initSync({ module: await readFile(new URL("rs2p_bg.wasm", parts)) });
  const core = () => new Core(0, encodeOne(["test", null, crypto.getRandomValues(new Uint8Array(80)), NOW]));
  return new Mesh([core(), core(), core()]);
}

/** What packets are when they have come from one core to the other. */
export function packetsThrough(mesh, values) {
  const [word, ...why] = mesh.broadcast(encode(values));
  if (word !== "sent") throw new Error(`${word} ${why}`);
  return mesh.told.pop().packets;
}

/** A random generator (mulberry32) with a seed that a failure can name: set SEED to throw it again. */
export class Dice {
  #state;

  constructor(seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32))) {
    this.seed = seed;
    this.#state = seed;
  }

  below(bound) {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound);
  }

  pick(items) {
    return items[this.below(items.length)];
  }

  bytes(length) {
    return Uint8Array.from({ length }, () => this.below(256));
  }

  text() {
    return Array.from({ length: this.below(40) }, () => this.pick([..."ab \0ß漢🦀\ufeff"])).join("");
  }

  values(depth) {
    return Array.from({ length: this.below(5) }, () => this.value(depth));
  }

  /** A value that is received as it was sent. */
  value(depth) {
    switch (this.below(depth > 0 ? 9 : 6)) {
      case 0:
        return this.pick([null, true, false]);
      case 1:
        return (this.below(2) ? 1 : -1) * Math.floor(2 ** (this.below(54)) * (this.below(1000) / 1000)) || 0;
      case 2:
        return this.pick([0.5, -0, NaN, Infinity, -1e300, 2n ** 64n - 1n, -(2n ** 63n), 2n ** 53n, Number.MIN_VALUE]);
      case 3:
      case 4:
        return this.text();
      case 5:
        return this.bytes(this.pick([0, 3, 40, 300]));
      case 6:
        return this.values(depth - 1);
      case 7:
        return Object.fromEntries(this.values(depth - 1).map((value, at) => [`${this.text()}${at}`, value]));
      default:
        return new Map(this.values(depth - 1).map((value, at) => [at, value]).concat([[-1, null]]));
    }
  }
}

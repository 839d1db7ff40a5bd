// The codec against what py2p itself wrote, against the core's own reader, and against what a page may pass.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { decode, encode } from "../../src/msgpack.js";
import { Dice, meshOfTwo, packetsThrough } from "./support.js";

const vectors = JSON.parse(readFileSync(new URL("../../../tests/vectors/wire-0.7.json", import.meta.url)));
/** A frame's length and checksum, which are none of the codec's. */
const BEFORE = 4 + 32;

const bytes = (text) => Uint8Array.from(text.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));

/** What a value of the vectors is here. */
function wanted(value) {
  if (value === null || value === "nil") return null;
  const [[kind, content]] = Object.entries(value);
  switch (kind) {
    case "nil":
      return null;
    case "int":
      return Number.isSafeInteger(Number(content)) ? Number(content) : BigInt(content);
    case "bin":
      return bytes(content);
    case "array":
      return content.map(wanted);
    case "map": {
      const entries = content.map(([key, item]) => [wanted(key), wanted(item)]);
      return entries.every(([key]) => typeof key === "string") ? Object.fromEntries(entries) : new Map(entries);
    }
    case "ext":
      return undefined;
    case "f64":
    case "float":
      return undefined;
    default:
      return content;
  }
}

test("what py2p writes is read, and written again as the same bytes", () => {
  let compared = 0;
  for (const { name, frame, payload } of vectors.messages) {
    const packed = bytes(frame).slice(BEFORE);
    const [message] = decode(packed);
    const items = payload.map(wanted);
    if (items.every((item) => item !== undefined)) assert.deepEqual(message.slice(3), items, name);
    const again = encode([message]);
    if (holdsFloatOrExtension(payload)) continue;
    assert.deepEqual(again, packed, name);
    compared += 1;
  }
  assert.ok(compared >= 15, `${compared} frames were compared`);
});

function holdsFloatOrExtension(value) {
  return /"(f32|f64|float|ext)"/.test(JSON.stringify(value));
}

test("each length and size has the form that the format gives it", () => {
  const marked = (value) => encode([value])[0];
  const forms = [
    [0, 0x00], [127, 0x7f], [128, 0xcc], [255, 0xcc], [256, 0xcd], [65_536, 0xce], [2 ** 32, 0xcf], [-1, 0xff], [-32, 0xe0],
    [-33, 0xd0], [-129, 0xd1], [-32_769, 0xd2], [-(2 ** 31) - 1, 0xd3], [0.5, 0xcb], [-0, 0xcb], [2 ** 53, 0xcb],
    [2n ** 53n, 0xcf], [-(2n ** 53n), 0xd3], [5n, 0x05], ["", 0xa0], ["x".repeat(31), 0xbf], ["x".repeat(32), 0xd9],
    ["ä".repeat(16), 0xd9], ["x".repeat(256), 0xda], ["x".repeat(65_536), 0xdb], [new Uint8Array(255), 0xc4],
    [new Uint8Array(256), 0xc5], [new Uint8Array(65_536), 0xc6], [Array(15).fill(0), 0x9f], [Array(16).fill(0), 0xdc],
    [Array(65_536).fill(0), 0xdd], [{}, 0x80], [new Map(Array.from({ length: 16 }, (_, at) => [at, 0])), 0xde],
    [null, 0xc0], [undefined, 0xc0], [false, 0xc2], [true, 0xc3],
  ];
  for (const [value, marker] of forms) assert.equal(marked(value).toString(16), marker.toString(16), `${String(value).slice(0, 20)}`);
});

test("a text is UTF-8 whatever its length, and a mark at its start stays", () => {
  for (const text of ["\ufeffmarked", "ß".repeat(31), "🦀".repeat(15), "漢".repeat(11), `${"x".repeat(31)}ß`, "\ud800"]) {
    assert.deepEqual(decode(encode([text])), [text.toWellFormed()]);
  }
});

test("bytes are copies, unless views are asked for", () => {
  const written = encode([Uint8Array.of(1, 2)]);
  const [copy] = decode(written);
  const [view] = decode(written, { views: true });
  written.fill(9);
  assert.deepEqual([[...copy], [...view]], [[1, 2], [9, 9]]);
});

test("random values come through two cores as they were sent", async () => {
  const mesh = await meshOfTwo();
  const dice = new Dice();
  for (let round = 0; round < 2_000; round += 1) {
    const values = Array.from({ length: dice.below(4) }, () => dice.value(4));
    assert.deepEqual(packetsThrough(mesh, values), values, `seed ${dice.seed}, round ${round}`);
  }
  mesh.free();
});

test("bytes that are no packets are refused by the core", async () => {
  const mesh = await meshOfTwo();
  const dice = new Dice();
  let refused = 0;
  for (let round = 0; round < 2_000; round += 1) {
    const garbage = dice.bytes(1 + dice.below(40));
    const [word, code] = mesh.broadcast(garbage);
    assert.ok(word === "sent" || (word === "refused" && code === "bad-argument"), `seed ${dice.seed}: ${word} ${code}`);
    refused += word === "refused" ? 1 : 0;
  }
  assert.ok(refused > 1_000, `${refused} were refused`);
  mesh.free();
});

test("nothing that the boundary is given makes it trap", async () => {
  const mesh = await meshOfTwo();
  const dice = new Dice();
  for (let round = 0; round < 5_000; round += 1) mesh.garbage(dice);
  assert.deepEqual(packetsThrough(mesh, ["still there"]), ["still there"], `seed ${dice.seed}`);
  mesh.free();
});

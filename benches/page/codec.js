// The wasm codec beside what a page would use instead, @msgpack/msgpack and SubtleCrypto, in turn: encode makes a frame of a
// broadcast [0, id, time, 0, bytes], decode verifies its checksum and reads its fields. Both end with bytes, and begin with bytes.

import { Decoder, Encoder } from "/msgpack/index.mjs";
import init, { Codec } from "/codec/codec.js";
import { Reader } from "/src/msgpack.js";

const ID = "a".repeat(65);
const SECONDS = 1_700_000_000;
/** Length and checksum. */
const HEAD = 36;
/** How many digests are under way at once where they are not awaited one by one. */
const AHEAD = 32;

// Its documentation recommends to use these again.
const [encoder, decoder] = [new Encoder(), new Decoder()];
const digest = (bytes) => crypto.subtle.digest("SHA-256", bytes);

const subtle = {
  async encode(payload) {
    const packed = encoder.encodeSharedRef([0, ID, SECONDS, 0, payload]);
    const frame = new Uint8Array(HEAD + packed.length);
    frame.set(packed, HEAD);
    new DataView(frame.buffer).setUint32(0, frame.length - 4);
    frame.set(new Uint8Array(await digest(frame.subarray(HEAD))), 4);
    return frame;
  },
  async decode(frame) {
    const packed = frame.subarray(HEAD);
    const id = new Uint8Array(await digest(packed));
    for (let at = 0; at < 32; at += 1) if (id[at] !== frame[4 + at]) throw new Error("the checksum does not hold");
    const [, sender, seconds, , payload] = decoder.decode(packed);
    return { sender, seconds, payload };
  },
};

const wasm = (codec) => ({
  encode: (payload) => codec.encode(SECONDS, payload),
  decode(frame) {
    const reader = new Reader(codec.decode(frame), false);
    const [sender, seconds, [, payload]] = [reader.value(), reader.value(), reader.within()];
    return { sender, seconds, payload };
  },
});

function all(act, given, count) {
  for (let done = 0; done < count; done += 1) act(given);
}

async function oneByOne(act, given, count) {
  for (let done = 0; done < count; done += 1) await act(given);
}

async function ahead(act, given, count) {
  const worker = async (share) => oneByOne(act, given, share);
  await Promise.all(Array.from({ length: AHEAD }, () => worker(count / AHEAD)));
}

/** Microseconds for one, of as many as take some milliseconds. */
async function time(run, act, given, count) {
  const began = performance.now();
  await run(act, given, count);
  return (1000 * (performance.now() - began)) / count;
}

/** Each way to do it, in turn, so often; resolves with the microseconds of each turn. */
window.compare = async ({ sizes, rounds }) => {
  await init({ module_or_path: "/codec/codec_bg.wasm" });
  const ours = wasm(new Codec(ID));
  const rows = [];
  for (const size of sizes) {
    const payload = new Uint8Array(size).fill(0x5a);
    const frame = ours.encode(payload);
    if (String(frame) !== String(await subtle.encode(payload))) throw new Error(`two frames of ${size} bytes differ`);
    if (String(Object.values(ours.decode(frame))) !== String(Object.values(await subtle.decode(frame)))) throw new Error("two readings differ");
    for (const [what, given] of [["encode", payload], ["decode", frame]]) {
      const ways = { wasm: [all, ours, 8e5], awaited: [oneByOne, subtle, 5e4], pipelined: [ahead, subtle, 5e4] };
      const times = { wasm: [], awaited: [], pipelined: [] };
      for (let round = -2; round < rounds; round += 1) {
        for (const [name, [run, codec, most]] of Object.entries(ways)) {
          const count = Math.ceil(Math.max(AHEAD, most / (50 + size / 4)) / AHEAD) * AHEAD;
          const took = await time(run, codec[what], given, count);
          // The first turns warm up.
          if (round >= 0) times[name].push(took);
        }
      }
      rows.push({ what, size, ...times });
    }
  }
  return { rows };
};

window.isReady = true;

// Messages as the core tells them: many that follow one another, in one piece. What is in it: see `batch` in the core.

import { Message } from "./message.js";
import { Reader } from "./msgpack.js";

/** How many names the core refers to by their place. */
const NAMES = 16;

/**
 * Calls `tell(message, size)` with each message of a batch, in order, and with the size of the frame in which it came.
 * `answer(sender, question, packets, waiting)` answers one.
 */
export function readBatch(bytes, answer, tell) {
  const reader = new Reader(bytes, false);
  const names = [];
  const name = () => {
    const named = reader.value();
    if (typeof named === "number") return names[named];
    if (names.length < NAMES) names.push(named);
    return named;
  };
  while (reader.left > 0) {
    const id = reader.view();
    const sender = name();
    const via = name();
    const isWhisper = reader.value();
    const seconds = reader.value();
    const size = reader.value();
    const topic = reader.value();
    const question = reader.value();
    const packets = reader.within();
    const flag = packets.shift();
    tell(new Message({ id, sender, via, isWhisper, seconds, topic, question, flag, packets }, answer), size);
  }
}

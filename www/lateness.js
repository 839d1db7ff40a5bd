// Which messages came late: said while this tab did not hear, or before it came. By the senders' clocks, in seconds.

import { lateWords } from "./words.js";

/** A message this much older than the moment, in milliseconds, was not on its way all the time: clocks differ less. */
const LATE = 2_500;

export class Lateness {
  #joined = null;

  /** The node's status is another. */
  status({ state }) {
    if (state === "joined") this.#joined ??= Date.now();
  }

  /** Why a message comes now and did not come before, in words; "" if it came as it was said. */
  of({ time }) {
    const late = Date.now() - time.getTime();
    if (!(late > LATE)) return "";
    const isBefore = this.#joined === null || time.getTime() + 1_000 < this.#joined;
    return lateWords(Math.round(late / 1000), isBefore);
  }
}

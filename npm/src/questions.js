// Questions of the user's, and the answers that come to them.

import { MeshError } from "./errors.js";
import { Queue } from "./queue.js";
import { within } from "./waiting.js";

/** Answers that wait for a loop. The core counts no more of them either. */
const BOUNDS = { messages: 4_096, bytes: Infinity };

export class Questions {
  #open = new Map();

  /** An answer came to the question of this ticket. */
  answered(ticket, message) {
    this.#open.get(ticket)?.(message);
  }

  /** The answer to one question. `ask(options)` asks it, and settles when enough answers have come. */
  async one(ask) {
    let answer;
    await this.#asked(ask, (message) => (answer = message));
    return answer;
  }

  /** The answers to a question to many, until enough have come, or their time is over. It is asked when the loop begins. */
  async *many(ask, signal) {
    const queue = new Queue(BOUNDS, "drop-newest", () => {});
    const left = new AbortController();
    let failure;
    this.#asked((options) => ask({ ...options, signal: left.signal }), (message) => queue.push(message, 0))
      .catch((error) => (failure = isTimeout(error) ? undefined : error))
      .finally(() => queue.end());
    try {
      for (;;) {
        const answer = await within({ signal }, (resolve) => queue.next(resolve));
        if (answer === undefined) break;
        yield answer;
      }
      if (failure) throw failure;
    } finally {
      left.abort();
    }
  }

  async #asked(ask, take) {
    let asked;
    try {
      return await ask({ settled: true, forgotten: true, accepted: (ticket) => this.#open.set((asked = ticket), take) });
    } finally {
      this.#open.delete(asked);
    }
  }
}

const isTimeout = (error) => error instanceof MeshError && error.code === "no-answer";

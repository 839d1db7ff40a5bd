// Messages by `for await`: an iterator over a queue, which ends with the node, the loop or a signal.

import { within } from "./waiting.js";

/** An iterator that takes what `next(taker)` gives, as a queue's; `left()` is called once when it is left. */
export class Messages {
  #next;
  #left;
  #signal;
  #isOver = false;

  constructor(next, { signal, left = () => {} } = {}) {
    this.#next = next;
    this.#left = left;
    this.#signal = signal;
  }

  async next() {
    if (this.#isOver) return done;
    try {
      const value = await within({ signal: this.#signal }, (resolve) => this.#next(resolve));
      if (value !== undefined && !this.#isOver) return { value, done: false };
    } catch (error) {
      this.#leave();
      throw error;
    }
    this.#leave();
    return done;
  }

  /** What a loop calls that is left early. */
  async return() {
    this.#leave();
    return done;
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  #leave() {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#left();
  }
}

const done = Object.freeze({ value: undefined, done: true });

// Messages by `for await`: an iterator over a queue, which ends with the node, the loop or a signal.

import { within } from "./waiting.js";

/** An iterator over a queue, or what takes as one does: `take()`, `next(taker)`. `left()` is called once when it is left. */
export class Messages {
  #queue;
  #left;
  #signal;
  #isOver = false;

  constructor(queue, { signal, left = () => {} } = {}) {
    this.#queue = queue;
    this.#left = left;
    this.#signal = signal;
  }

  next() {
    // What waits already needs no waiting: a loop takes it at the price of a promise.
    const value = this.#isOver || this.#signal?.aborted ? undefined : this.#queue.take();
    return value === undefined ? this.#wait() : Promise.resolve({ value, done: false });
  }

  async #wait() {
    if (this.#isOver) return done;
    try {
      const value = await within({ signal: this.#signal }, (resolve) => this.#queue.next(resolve));
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

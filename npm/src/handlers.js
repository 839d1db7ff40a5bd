// The chain of handlers: each message goes to one after the other, until one says that it acted on it.
//
// Messages are handled one at a time, in the order in which they came; what comes meanwhile waits, within bounds. While
// nobody handles anything, messages go straight on.

import { disposable, mustBeFunction } from "./listeners.js";
import { Queue } from "./queue.js";

export class Handlers {
  #list = [];
  #waiting;
  #isHandling = false;
  #whenIdle = () => {};
  #ask;

  /**
   * `pass(message, bytes)` gets what none acted on; `peerOf(message)` is what handlers are given besides; `failed(cause)` is told
   * what one threw.
   */
  constructor(bounds, { pass, peerOf, failed, lost }) {
    this.#waiting = new Queue(bounds, "drop-oldest", lost);
    this.#ask = { pass, peerOf, failed };
  }

  /** Puts a handler at the end of the chain; returns what takes it out again. */
  add(method) {
    mustBeFunction(method, "handler");
    const handler = { method };
    this.#list.push(handler);
    return disposable(() => void (this.#list = this.#list.filter((other) => other !== handler)));
  }

  /** Hands a message to the handlers, and on if none of them acted. */
  handle(message, bytes) {
    if (this.#list.length === 0 && !this.#isHandling) return this.#ask.pass(message, bytes);
    this.#waiting.push({ message, bytes }, bytes);
    if (!this.#isHandling) this.#work();
  }

  /** Resolves when nothing is handled any more. */
  idle() {
    return new Promise((resolve) => {
      if (this.#isHandling) this.#whenIdle = resolve;
      else resolve();
    });
  }

  /** Forgets all handlers, and what waits for one that does not come to an end; returns how much that was. */
  end() {
    const left = this.#waiting.length;
    this.#waiting.end();
    while (this.#waiting.take()) {}
    this.#list = [];
    return left;
  }

  async #work() {
    this.#isHandling = true;
    for (let next = this.#waiting.take(); next; next = this.#waiting.take()) {
      if (!(await this.#isHandled(next.message))) this.#ask.pass(next.message, next.bytes);
    }
    this.#isHandling = false;
    this.#whenIdle();
  }

  async #isHandled(message) {
    const peer = this.#ask.peerOf(message);
    for (const handler of [...this.#list]) {
      // One before it may have taken its time, and this one its leave.
      if (!this.#list.includes(handler)) continue;
      try {
        // Nothing but `true` is a yes: a handler that happens to return something has not acted.
        if ((await handler.method(message, peer)) === true) return true;
      } catch (cause) {
        console.error("a handler threw:", cause);
        this.#ask.failed(cause);
      }
    }
    return false;
  }
}

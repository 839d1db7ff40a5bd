// A bounded queue: what waits for somebody who takes, up to so many items and so many bytes.

/** Beyond a bound: the oldest go (one item may exceed the bytes), the newest is not taken, or the owner is asked to close. */
export const POLICIES = ["drop-oldest", "drop-newest", "close"];

export class Queue {
  #items = [];
  #first = 0;
  #bytes = 0;
  #takers = [];
  #bounds;
  #policy;
  #struck;
  #ended = false;

  /** `struck(count)` is told of items that were dropped, as many; or of 0 that are to close what feeds this. */
  constructor({ messages, bytes }, policy, struck) {
    this.#bounds = { messages, bytes };
    this.#policy = policy;
    this.#struck = struck;
  }

  get length() {
    return this.#items.length - this.#first;
  }

  push(item, bytes) {
    if (this.#ended) return;
    const taker = this.#takers.shift();
    if (taker) return taker(item);
    if (this.#policy !== "drop-oldest" && this.#isFullFor(bytes)) return this.#struck(this.#policy === "close" ? 0 : 1);
    this.#items.push({ item, bytes });
    this.#bytes += bytes;
    this.#dropOldest();
  }

  /** The oldest item; undefined if none waits. */
  take() {
    if (this.length === 0) return undefined;
    const { item, bytes } = this.#items[this.#first];
    this.#items[this.#first] = undefined;
    this.#first += 1;
    this.#bytes -= bytes;
    if (2 * this.#first > this.#items.length) this.#items = this.#items.splice(this.#first, (this.#first = 0, Infinity));
    return item;
  }

  /** Calls `taker` with the oldest item, now or once there is one; with undefined when there will be none. Returns what takes that back. */
  next(taker) {
    if (this.length > 0 || this.#ended) taker(this.take());
    else this.#takers.push(taker);
    return () => (this.#takers = this.#takers.filter((other) => other !== taker));
  }

  /** Nothing comes any more; what waits can still be taken. */
  end() {
    this.#ended = true;
    for (const taker of this.#takers.splice(0)) taker(undefined);
  }

  #isFullFor(bytes) {
    return this.length >= this.#bounds.messages || (this.length > 0 && this.#bytes + bytes > this.#bounds.bytes);
  }

  #dropOldest() {
    let dropped = 0;
    while (this.length > this.#bounds.messages || (this.#bytes > this.#bounds.bytes && this.length > 1)) {
      this.take();
      dropped += 1;
    }
    if (dropped > 0) this.#struck(dropped);
  }
}

// Which broadcasts a node is sent: all, until it narrows that down; then those about its topics and those that somebody
// iterates over, and no others.

export class Interest {
  #tell;
  #topics;
  #plain;
  #wanted = new Map();

  /** `topics` is null for everything; `tell(input)` tells the core. */
  constructor({ topics, plain }, tell) {
    this.#topics = topics === null ? null : new Set(topics);
    this.#plain = plain;
    this.#tell = tell;
    if (topics !== null) this.#changed();
  }

  /** Wants a topic once more. */
  add(topic) {
    const count = this.#wanted.get(topic) ?? 0;
    this.#wanted.set(topic, count + 1);
    if (count === 0 && !this.#topics?.has(topic)) this.#changed();
  }

  /** Wants it once less. */
  remove(topic) {
    const count = this.#wanted.get(topic) ?? 0;
    if (count > 1) this.#wanted.set(topic, count - 1);
    else if (this.#wanted.delete(topic) && !this.#topics?.has(topic)) this.#changed();
  }

  /** Wants it no more at all, as far as nobody iterates over it. */
  drop(topic) {
    if (this.#topics?.delete(topic) && !this.#wanted.has(topic)) this.#changed();
  }

  #changed() {
    if (this.#topics === null) return;
    this.#tell(["interest", [...new Set([...this.#topics, ...this.#wanted.keys()])], this.#plain]);
  }
}

// Who is in the mesh besides this node, as far as nodes take part in presence.

import { decode } from "./msgpack.js";

export class Members {
  #all = new Map();

  get list() {
    return [...this.#all.values()];
  }

  has(id) {
    return this.#all.has(id);
  }

  /** A member came or changed. */
  put(id, state, packets) {
    const [presence = null] = decode(packets);
    const member = Object.freeze({ id, state, presence });
    this.#all.set(id, member);
    return member;
  }

  remove(id) {
    this.#all.delete(id);
  }

  clear() {
    this.#all.clear();
  }
}

// Whether a node is in the mesh, in one word and what belongs to it.

export class Status {
  #state = Object.freeze({ state: "connecting" });
  #changed;

  /** `changed(status)` is called whenever it is another. */
  constructor(changed) {
    this.#changed = changed;
  }

  get now() {
    return this.#state;
  }

  joined() {
    this.#become({ state: "joined" });
  }

  left() {
    this.#become({ state: "offline", nextAttempt: null });
  }

  /** A dial failed, and is tried again in so many milliseconds, or not. */
  dialFailed(redial) {
    if (this.#state.state !== "offline") return;
    this.#become({ state: "offline", nextAttempt: redial === null ? null : new Date(Date.now() + redial) });
  }

  closed(reason) {
    this.#become({ state: "closed", reason });
  }

  #become(state) {
    if (this.#state.state === "closed") return;
    this.#state = Object.freeze(state);
    this.#changed(this.#state);
  }
}

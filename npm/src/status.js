// Whether a node is in the mesh: the core's own state, as an object, and those who wait for it.

import { closedError, MeshError } from "./errors.js";
import { within } from "./waiting.js";

export class Status {
  #now = Object.freeze({ state: "connecting" });
  #waiting = new Set();
  #trouble;

  get now() {
    return this.#now;
  }

  /** A status that the core tells; `dateOf` makes a date of a moment of the core's. */
  become(state, more, dateOf) {
    if (state === "degraded") this.#now = { state, why: more };
    else if (state === "offline") this.#now = { state, nextAttempt: more === null ? null : dateOf(more) };
    else this.#now = { state };
    this.#settle();
  }

  /** The node has ended. */
  close(reason) {
    this.#now = { state: "closed", reason };
    this.#settle();
  }

  /** A dial failed: the latest is told to who waits too long. */
  failed(error) {
    this.#trouble = error;
  }

  /** It will not be joined, however long anybody waits. */
  despair(error) {
    for (const { reject } of this.#waiting) reject(error);
    this.#waiting.clear();
  }

  /** Resolves while there is a peer that was heard of late, or as soon as there is. */
  async joined(options) {
    if (isJoined(this.#now)) return;
    try {
      await within(options, (resolve, reject) => {
        const waiting = { resolve, reject };
        this.#waiting.add(waiting);
        if (this.#now.state === "closed") this.despair(closedError());
        return () => this.#waiting.delete(waiting);
      });
    } catch (error) {
      throw error.code === "timeout" ? this.#tooLate(error) : error;
    }
  }

  #settle() {
    Object.freeze(this.#now);
    if (this.#now.state === "closed") this.despair(closedError());
    if (!isJoined(this.#now)) return;
    for (const { resolve } of this.#waiting) resolve();
    this.#waiting.clear();
  }

  #tooLate(error) {
    const trouble = this.#trouble;
    if (!trouble) return error;
    return new MeshError("timeout", `${error.message}; the last attempt failed: ${trouble.message}`, { cause: trouble });
  }
}

const isJoined = ({ state, why }) => state === "joined" || (state === "degraded" && why !== "silence");

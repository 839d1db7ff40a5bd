// The first contact with the relay: tries until it is made, unless trying again cannot help.
//
// Once joined, the socket itself redials after a loss; this steps back.

const DIAL_TIMEOUT = 10_000;
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 15_000;

/** Errors that the next try would only repeat: someone has to change something first. */
const LASTING = new Set(["wrong-subnet", "bad-address", "closed"]);
/** Errors that mend themselves, or that a person mends elsewhere. */
const PASSING = new Set(["unreachable", "refused", "timeout"]);

export class Dialler {
  #mesh;
  #relay;
  #changed;
  #timer = 0;
  #pause = FIRST_PAUSE;
  #busy = false;

  /** Why the last try failed, or null. */
  error = null;

  /** `changed()` is called whenever `error` or `waiting` does. */
  constructor(mesh, relay, changed) {
    this.#mesh = mesh;
    this.#relay = relay;
    this.#changed = changed;
    addEventListener("online", () => this.error && this.dial());
  }

  /** Whether trying again was left to the person. */
  get gaveUp() {
    return this.error !== null && LASTING.has(this.error.code);
  }

  async dial() {
    if (this.#busy || this.#mesh.status.state === "joined" || this.#mesh.status.state === "closed") return;
    clearTimeout(this.#timer);
    this.#busy = true;
    try {
      await this.#mesh.connect(this.#relay, { timeoutMs: DIAL_TIMEOUT });
      this.joined();
    } catch (error) {
      this.error = error;
      if (!this.gaveUp) this.#later();
    }
    this.#busy = false;
    this.#changed();
  }

  /** The socket, redialling by itself, reports an error: it counts if it says why there is no connection. */
  heard(error) {
    if (LASTING.has(error.code) || PASSING.has(error.code)) this.error = error;
  }

  /** The mesh was reached, by this or by another way. */
  joined() {
    clearTimeout(this.#timer);
    this.error = null;
    this.#pause = FIRST_PAUSE;
  }

  /** After a pause that grows, and that differs from page to page so that not all come at once. */
  #later() {
    this.#timer = setTimeout(() => this.dial(), this.#pause * (0.5 + Math.random()));
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE);
  }
}

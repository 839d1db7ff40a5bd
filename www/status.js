// The one line that says whether this tab is in the mesh, with a countdown where there is something to wait for, and the
// box that explains what is wrong.

import { find, say } from "./elements.js";
import { dialTrouble, statusLine } from "./words.js";

/** Errors that the next try would only repeat: someone has to change something first. */
const LASTING = new Set(["wrong-subnet", "bad-address"]);
/** Errors that mend themselves, or that a person mends elsewhere. */
const PASSING = new Set(["unreachable", "refused", "timeout"]);
/** Between two looks at the clock, in milliseconds, while there is a countdown. */
const COUNT_EVERY = 500;

export class StatusLine {
  #where;
  #seen = { status: { state: "connecting" }, relays: 0, known: 0 };
  #error = null;
  #timer = 0;

  /** `where` has `relay` and `subnet`; `retry()` is called when the person asks for another try. */
  constructor(where, retry) {
    this.#where = { ...where, secure: location.protocol === "https:" };
    find("#retry").addEventListener("click", retry);
  }

  /** A dial failed: that is why there is no connection, if there is none. */
  heard(error) {
    if (LASTING.has(error.code) || PASSING.has(error.code)) this.#error = error;
    this.#draw();
  }

  /** Shows a status, to how many relays there are links, and how many nodes are known. */
  show(seen) {
    this.#seen = seen;
    if (isIn(seen.status)) this.#error = null;
    this.#draw();
  }

  #draw() {
    clearTimeout(this.#timer);
    const { status } = this.#seen;
    const error = isIn(status) || status.state === "closed" ? null : this.#error;
    const failed = error && (LASTING.has(error.code) ? "lasting" : "passing");
    find("#status").dataset.status = status.state;
    say(find("#status"), statusLine({ ...this.#seen, subnet: this.#where.subnet, failed, now: Date.now() }));
    this.#explain(error && dialTrouble(error, this.#where));
    if (status.nextAttempt) this.#timer = setTimeout(() => this.#draw(), COUNT_EVERY);
  }

  #explain(trouble) {
    find("#trouble").hidden = !trouble;
    find("#retry").hidden = !trouble;
    say(find("#trouble-title"), trouble?.title ?? "");
    say(find("#trouble-remedy"), trouble?.remedy ?? "");
  }
}

/** Whether there is a link to the mesh. */
export const isIn = ({ state }) => state === "joined" || state === "degraded";

/** Says that the page did not start. */
export function showFailure({ title, remedy }) {
  find("#status").dataset.status = "closed";
  say(find("#status"), "Not started");
  find("#trouble").hidden = false;
  say(find("#trouble-title"), title);
  say(find("#trouble-remedy"), remedy);
}

// Time: one clock that never goes back, the wall's seconds, and one timer.

/** The longest wait that a timer takes; beyond it, it fires at once (HTML, Timers). */
const LONGEST_WAIT = 2 ** 31 - 1;
/** Milliseconds by which a timer may fire too early. */
const SLACK = 1_000;

const monotonic = globalThis.performance ?? Date;

/** Milliseconds from the making of the clock. */
export function startClock() {
  const start = monotonic.now();
  return () => monotonic.now() - start;
}

export const wallSeconds = () => Math.floor(Date.now() / 1000);

/** One alarm, which rings at a moment of `now` or a little later, never before. */
export class Alarm {
  #now;
  #ring;
  #at = null;
  #timer;
  /** When the timer fires or before, if there is one. */
  #armed = Infinity;

  constructor(now, ring) {
    this.#now = now;
    this.#ring = ring;
  }

  /** Rings at `at` and not at what was set before; never, if that is null. */
  set(at) {
    if (at === this.#at) return;
    this.#at = at;
    // Most moments are put off, again and again: a timer that fires early costs less than one for each. But not far too early:
    // in a hidden page, a timer that is set by another may come a minute late.
    if (at === null || at < this.#armed || at - this.#armed >= SLACK) this.#wait();
  }

  #wait() {
    clearTimeout(this.#timer);
    this.#armed = this.#at ?? Infinity;
    if (this.#at === null) return;
    const wait = Math.ceil(this.#at - this.#now());
    this.#timer = setTimeout(() => this.#fire(), Math.min(Math.max(wait, 0), LONGEST_WAIT));
  }

  /** Timers are rounded, and the longest may be too short: what fires early waits again. */
  #fire() {
    const late = this.#now() - this.#at;
    if (late < 0) return this.#wait();
    this.#at = null;
    this.#armed = Infinity;
    this.#ring(late);
  }
}

// The network as this page meets it, with a switch: stand-ins for WebSocket and the timers, which break on demand.
//
// Without a fault everything passes through untouched and at once. What is done here is what networks and browsers do
// to a page; the node is not told of it in any way that it would not be told of the real thing. Installed before the
// package is loaded, it stands under everything that the page dials.

import { Line } from "./line.js";

const { WebSocket: RealSocket } = globalThis;
const [later, every, forget] = [setTimeout, setInterval, clearTimeout].map((timer) => timer.bind(globalThis));

export class Network extends EventTarget {
  #lines = new Set();
  #isOff = false;
  #isMuted = false;
  #isFrozen = false;
  #delay = 0;
  #dueTimers = new Map();

  /** Takes the place of the page's WebSocket and timers. */
  install() {
    const network = this;
    globalThis.WebSocket = class WebSocket extends Line {
      constructor(url, protocols) {
        super(network, RealSocket, url, protocols);
        network.#lines.add(this);
      }
    };
    globalThis.setTimeout = (call, wait, ...values) => this.#setTimeout(call, wait, values);
    globalThis.clearTimeout = (timer) => {
      this.#dueTimers.delete(timer);
      forget(timer);
    };
    globalThis.setInterval = (call, wait, ...values) => every(() => this.#isFrozen || call(...values), wait);
    return this;
  }

  /** Breaks every connection, once: the next one works. */
  cut() {
    for (const line of this.#lines) line.break();
  }

  /** No network, and the browser says so: connections break, and dials fail, until it is back. */
  off(isOff) {
    this.#isOff = isOff;
    if (isOff) this.cut();
    globalThis.dispatchEvent(new Event(isOff ? "offline" : "online"));
  }

  /** Nothing comes and nothing goes, and nobody says so. TCP repeats what was under way when it is over. */
  mute(isMuted) {
    this.#isMuted = isMuted;
    this.#pump();
  }

  /** The page is stopped, as browsers do to those behind: no message and no timer reaches it. */
  freeze(isFrozen) {
    if (isFrozen) document.dispatchEvent(new Event("freeze"));
    this.#isFrozen = isFrozen;
    if (isFrozen) return;
    document.dispatchEvent(new Event("resume"));
    for (const call of [...this.#dueTimers.values()]) call();
    this.#pump();
  }

  /** Everything takes so many milliseconds longer, each way. */
  slow(delay) {
    this.#delay = delay;
    this.#pump();
  }

  // What lines ask for.

  get isOff() {
    return this.#isOff;
  }

  get delay() {
    return this.#delay;
  }

  /** Whether what comes in has to wait, and whether what goes out has. */
  holds(isIncoming) {
    return this.#isMuted || (isIncoming && this.#isFrozen);
  }

  later(call, wait) {
    later(call, wait);
  }

  ended(line) {
    this.#lines.delete(line);
  }

  #pump() {
    for (const line of this.#lines) line.pump();
  }

  #setTimeout(call, wait, values) {
    const timer = later(() => {
      if (!this.#isFrozen) return call(...values);
      this.#dueTimers.set(timer, () => {
        this.#dueTimers.delete(timer);
        call(...values);
      });
    }, wait);
    return timer;
  }
}

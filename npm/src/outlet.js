// Where what a node hears goes: handlers first, then those who take messages, those who iterate and those who listen.

import { MeshError } from "./errors.js";
import { Handlers } from "./handlers.js";
import { Listeners } from "./listeners.js";
import { Queue } from "./queue.js";

/** How many of the latest errors are kept to be looked at. */
const FAULTS = 64;
/** Milliseconds that handlers have for what waits for them when the node has ended: as long as the node itself lingers. */
const LINGER = 2_000;
/** The flags of plain messages: of what goes to all, and to one. All others are for handlers alone. */
const PLAIN = [0, 2];

export class Outlet {
  listeners = new Listeners();
  /** The events to which anybody has ever listened as to those of an `EventTarget`, which tells of no listener. */
  dispatched = new Set();
  faults = [];
  overflow = 0;
  #mesh;
  #bounds;
  #policy;
  #handlers;
  /** For those who take one by one: filled before anybody does, so what it drops is told only to who has begun. */
  #inbox;
  #missed = 0;
  #queues = new Set();
  #ended = false;

  /** `peer(id)` describes a peer; `close()` closes the node, which is what a queue's policy may ask for. */
  constructor(mesh, { bounds, policy, peer, close }) {
    this.#mesh = mesh;
    this.#bounds = bounds;
    this.#policy = policy;
    this.struck = (queue, count) => {
      this.overflow += count;
      this.tell("overflow", { queue, policy, dropped: count, total: this.overflow });
      if (count === 0) close();
    };
    this.#inbox = new Queue(bounds, "drop-oldest", (count) => (this.#missed += count));
    this.#handlers = new Handlers(bounds, {
      pass: (message, bytes) => this.#ended || this.#deliver(message, bytes),
      peerOf: ({ via }) => peer(via),
      failed: (cause) => this.fault(handlerFailed(cause)),
      lost: (count) => this.fault(lagged(count)),
    });
  }

  /**
   * Tells everybody who listens: `on` the value itself, `addEventListener` an event with it as `detail`. What takes work is
   * given as a function, which is called only if somebody does.
   */
  tell(name, value) {
    const [isHeard, isDispatched] = [this.listeners.has(name), this.dispatched.has(name)];
    if (!isHeard && !isDispatched) return;
    const told = typeof value === "function" ? value() : value;
    this.listeners.tell(this.#mesh, name, [told]);
    if (isDispatched) this.#mesh.dispatchEvent(new CustomEvent(name, { detail: told }));
  }

  /** Tells of an error, and keeps it. */
  fault(error) {
    this.faults = [...this.faults, error].slice(-FAULTS);
    this.tell("error", error);
  }

  handlers(method) {
    return this.#handlers.add(method);
  }

  /** A message came, in a frame of so many bytes. */
  message(message, bytes) {
    this.#handlers.handle(message, bytes);
  }

  /** Gives `taker` the next message that nobody took, now or later; undefined if none comes any more. */
  next(taker) {
    const undo = this.#inbox.next(taker);
    this.#tellMissed();
    return undo;
  }

  /** Takes a message that waits already. */
  take() {
    const message = this.#inbox.take();
    this.#tellMissed();
    return message;
  }

  /** A queue of its own, for messages that `wants` says yes to, as long as nobody calls the returned `leave`. */
  subscribe(wants, bounds = this.#bounds, policy = this.#policy) {
    const queue = new Queue(bounds, policy, (count) => this.struck("incoming", count));
    const subscription = { queue, wants };
    if (this.#ended) queue.end();
    else this.#queues.add(subscription);
    return { queue, leave: () => this.#queues.delete(subscription) };
  }

  /** The node has ended: `last` is the last event. The handlers have a while for what they were not given yet. */
  async end(last) {
    let timer;
    await Promise.race([this.#handlers.idle(), new Promise((resolve) => (timer = setTimeout(resolve, LINGER)))]);
    clearTimeout(timer);
    this.#ended = true;
    const left = this.#handlers.end();
    if (left > 0) this.fault(lagged(left));
    for (const { queue } of this.#queues) queue.end();
    this.#inbox.end();
    this.tell("close", last);
    this.listeners.clear();
  }

  /** To everybody but the handlers, who alone know what flags of their own mean. */
  #deliver(message, bytes) {
    if (!PLAIN.includes(message.flag)) return;
    this.#inbox.push(message, bytes);
    for (const { queue, wants } of this.#queues) if (wants(message)) queue.push(message, bytes);
    this.tell("message", message);
  }

  #tellMissed() {
    const missed = this.#missed;
    this.#missed = 0;
    if (missed > 0) this.fault(lagged(missed));
  }
}

const lagged = (count) => new MeshError("lagged", `${count} messages were dropped: the page did not take them in time`);

const handlerFailed = (cause) =>
  new MeshError("handler-failed", "a handler failed, which counts as not having acted: see the cause", { cause });

// Runs a core: carries bytes, outputs and deadlines between it and the platform, and answers what it is asked.
//
// Whatever happens is told to the core in one call, whose answer is all that is to be done. What the core tells its user
// is handed on only after that, so that whoever listens may ask for anything.

import { Alarm, startClock, wallSeconds } from "./clock.js";
import { closedError, MeshError } from "./errors.js";
import { newCore } from "./load.js";
import { decode, encodeOne } from "./msgpack.js";
import { Link } from "./socket.js";
import { within } from "./waiting.js";

/** A wall clock that differs from what the core counts by more seconds than this has stepped. */
const WALL_STEP = 1;
/** An alarm that is later than this, in milliseconds, rang in a page that was stopped: what came meanwhile is to be heard first. */
const STOPPED = 1_000;
const GRACE = 50;
/** How long links have to end once the node has, in milliseconds: as long as the core gives what waits. */
const LINGER = 2_000;

const latin = new TextDecoder();

export class Driver {
  #core;
  #now = startClock();
  #alarm = new Alarm(this.#now, (late) => this.#ring(late));
  #wall;
  #links = new Map();
  #ending = new Set();
  #tickets = new Map();
  #parked;
  #tell;
  #events = [];
  #isTelling = false;
  #whenEnded;

  /**
   * A node of a subnet; with a new id, if none is given. `tell(word, fields)` is told what happens; `parked` is the
   * queue of messages that wait until a peer has read: see ./parking.js.
   */
  constructor({ subnet, id = null, keep = null, hearsay = null, parked, tell }) {
    this.#wall = { said: wallSeconds(), at: this.#now() };
    this.#core = newCore(this.#now(), encodeOne([subnet, id, entropy(), this.#wall.said, keep, hearsay]));
    this.id = latin.decode(this.#core.id());
    this.#parked = parked;
    this.#tell = tell;
  }

  /**
   * Asks for something; resolves with what the core says to it, once it is done if `settled`. Messages have a `lane`: one
   * that finds no room waits, and those of its lane behind it. What has begun can be `forgotten`: then the core is told when
   * nobody waits any more. `accepted(ticket)` is called as soon as there is one.
   */
  ask(input, { lane = null, settled = false, forgotten = false, accepted = () => {}, bytes = 0, ...waiting } = {}) {
    return within(waiting, (resolve, reject) => {
      const job = { input: encodeOne(input), lane, settled, accepted, bytes, resolve, reject };
      if (this.#core === null) reject(closedError());
      else if (lane !== null && this.#parked.has(lane)) this.#parked.push(job);
      else this.#try(job);
      return () => {
        this.#parked.remove(job);
        for (const [ticket, waiters] of this.#tickets) {
          if (!waiters.delete(job)) continue;
          if (waiters.size === 0) this.#tickets.delete(ticket);
          if (forgotten) this.ask(["forget", ticket]).catch(() => {});
        }
      };
    });
  }

  /** Asks for what is done at once or refused: throws the refusal. */
  askNow(input) {
    let refused = closedError();
    const [resolve, reject] = [() => (refused = null), (error) => (refused = error)];
    this.#try({ input: encodeOne(input), lane: null, settled: false, resolve, reject });
    if (refused) throw refused;
  }

  /** The wall's time of a moment of the core's. */
  dateOf(at) {
    return new Date(Date.now() + at - this.#now());
  }

  /** Something happened around the node. */
  environment(word) {
    this.#happened("environment", word);
  }

  /** Ends the node: resolves when every link is closed, or has had its time. */
  async close() {
    if (this.#core === null) return;
    this.#whenEnded ??= new Promise((resolve) => {
      this.ask(["close"], { settled: true }).then(() => this.#end(resolve), () => this.#end(resolve));
    });
    await this.#whenEnded;
  }

  #end(resolve) {
    const end = () => {
      clearTimeout(timer);
      this.#ending.forEach((link) => link.abandon());
      this.#core?.free();
      this.#core = null;
      this.#alarm.set(null);
      this.#parked.end();
      resolve();
    };
    const timer = setTimeout(end, LINGER);
    this.#whenIdle = end;
    if (this.#ending.size === 0) end();
  }

  #whenIdle = () => {};

  #happened(...input) {
    if (this.#core === null) return;
    this.#step(this.#core.handle(this.#now(), encodeOne(input)));
  }

  #received(link, bytes) {
    if (this.#core === null) return;
    this.#step(this.#core.received(this.#now(), link, bytes));
  }

  #ring(late) {
    if (late > STOPPED) setTimeout(() => this.#happened("timeout"), GRACE);
    else this.#happened("timeout");
  }

  /** One turn: what the core wants, then what waited for room, then what there is to tell. */
  #step(answer) {
    this.#carryOut(answer);
    this.#tellWallClock();
    this.#parked.retry((job) => this.#run(job));
    this.#deliver();
  }

  /** Tries a job for the first time. */
  #try(job) {
    if (this.#core === null) return job.reject(closedError());
    if (!this.#run(job)) this.#parked.push(job);
    this.#tellWallClock();
    this.#deliver();
  }

  /** Runs a job; false if it has to wait for room. */
  #run(job) {
    job.isBusy = false;
    this.#carryOut(this.#core.handle(this.#now(), job.input), job);
    return !job.isBusy;
  }

  #carryOut(answer, job) {
    const [deadline, ...rows] = decode(answer, { views: true });
    for (const [word, ...fields] of rows) this.#output(word, fields, job);
    this.#alarm.set(deadline);
  }

  #output(word, fields, job) {
    switch (word) {
      case "done":
      case "pending":
      case "sent":
      case "refused":
        return this.#answered(job, word, fields);
      case "dial":
        return this.#dial(...fields);
      case "transmit":
        return fields[0].forEach((link) => this.#links.get(link)?.send(fields[1]));
      case "close":
        return this.#hangUp(...fields);
      case "settled":
        return this.#settle(...fields);
      default:
        this.#events.push([word, fields]);
    }
  }

  #answered(job, word, fields) {
    if (word === "refused") {
      const [code, text] = fields;
      if (code === "busy") job.isBusy = true;
      else job.reject(new MeshError(code, text));
    } else if (job.settled && word !== "done") {
      const waiters = this.#tickets.get(fields[0]) ?? new Map();
      this.#tickets.set(fields[0], waiters.set(job, fields));
      job.accepted(fields[0]);
    } else job.resolve(fields);
  }

  #settle(ticket, code, text) {
    const waiters = this.#tickets.get(ticket) ?? [];
    this.#tickets.delete(ticket);
    for (const [job, fields] of waiters) {
      if (code === null) job.resolve(fields);
      else job.reject(new MeshError(code, text));
    }
  }

  #dial(id, url) {
    const link = new Link(url, {
      opened: () => this.#happened("opened", id, url),
      received: (bytes) => this.#received(id, bytes),
      written: (count) => this.#happened("written", id, count),
      closed: (how, code, text) => {
        this.#links.delete(id);
        this.#happened("closed", id, how, code, text);
      },
    });
    this.#links.set(id, link);
  }

  #hangUp(id, code, text) {
    const link = this.#links.get(id);
    if (!link) return;
    this.#links.delete(id);
    this.#ending.add(link);
    link.close(code, text, () => {
      this.#ending.delete(link);
      if (this.#ending.size === 0) this.#whenIdle();
    });
  }

  #tellWallClock() {
    const [now, seconds] = [this.#now(), wallSeconds()];
    const counted = this.#wall.said + Math.floor((now - this.#wall.at) / 1000);
    if (Math.abs(seconds - counted) <= WALL_STEP || this.#core === null) return;
    this.#wall = { said: seconds, at: now };
    this.#carryOut(this.#core.handle(now, encodeOne(["environment", "wall", seconds])));
  }

  /** Tells what happened, in its order: what happens while that is told comes behind it. */
  #deliver() {
    if (this.#isTelling) return;
    this.#isTelling = true;
    try {
      for (let event = this.#events.shift(); event; event = this.#events.shift()) this.#tell(...event);
    } finally {
      this.#isTelling = false;
    }
  }
}

/** What becomes the id, and what becomes the seed. */
function entropy() {
  if (!globalThis.crypto?.getRandomValues) throw new MeshError("no-entropy", "the platform gives no randomness: there is no crypto.getRandomValues here");
  return crypto.getRandomValues(new Uint8Array(80));
}

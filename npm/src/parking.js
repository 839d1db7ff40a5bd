// Messages that wait until a queue towards the mesh has room: in order for each receiver, so that one that is slow holds
// up nobody else, and bounded.

import { MeshError } from "./errors.js";

export class Parking {
  #jobs = [];
  #bytes = 0;
  #bounds;
  #policy;
  #struck;

  /** `struck(count)` as with a queue: see ./queue.js. */
  constructor({ messages, bytes }, policy, struck) {
    this.#bounds = { messages, bytes };
    this.#policy = policy;
    this.#struck = struck;
  }

  /** Whether one of this lane waits. */
  has(lane) {
    return this.#jobs.some((job) => job.lane === lane);
  }

  push(job) {
    if (this.#isFullFor(job)) {
      if (this.#policy !== "drop-oldest") return this.#drop(job);
      while (this.#jobs.length > 0 && this.#isFullFor(job)) this.#drop(this.#take(this.#jobs[0]));
    }
    this.#jobs.push(job);
    this.#bytes += job.bytes;
  }

  /** Forgets a job that nobody waits for any more. */
  remove(job) {
    if (this.#jobs.includes(job)) this.#take(job);
  }

  /** Tries again what waits; `run` says whether a job found room. */
  retry(run) {
    if (this.#jobs.length === 0) return;
    const full = new Set();
    for (const job of [...this.#jobs]) {
      if (full.has(job.lane) || !this.#jobs.includes(job)) continue;
      if (run(job)) this.remove(job);
      else full.add(job.lane);
    }
  }

  end() {
    for (const job of this.#jobs.splice(0)) job.reject(new MeshError("closed", "the node is closed"));
  }

  #isFullFor({ bytes }) {
    return this.#jobs.length >= this.#bounds.messages || (this.#jobs.length > 0 && this.#bytes + bytes > this.#bounds.bytes);
  }

  #take(job) {
    this.#jobs.splice(this.#jobs.indexOf(job), 1);
    this.#bytes -= job.bytes;
    return job;
  }

  #drop(job) {
    job.reject(new MeshError("overflow", "too many messages wait to be sent: await each, or send less"));
    this.#struck(this.#policy === "close" ? 0 : 1);
  }
}

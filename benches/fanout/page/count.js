// Counts messages, and tells the load generator how many came: that is what its window waits for.

/** How long after a word that it is ready it says so again, until the first message comes. */
const AGAIN_MS = 200;

export class Count {
  #every = Number(new URLSearchParams(location.search).get("every"));
  #tell;
  #count = 0;
  #timer;

  /** `tell` sends a payload to the load generator. */
  constructor(tell) {
    this.#tell = tell;
    this.#acknowledge();
    this.#timer = setInterval(() => this.#acknowledge(), AGAIN_MS);
  }

  /** Takes a payload. After one that is not the next, it is silent, which the load generator takes for a loss. */
  handle(payload) {
    const number = (payload[0] | (payload[1] << 8) | (payload[2] << 16) | (payload[3] << 24)) >>> 0;
    if (number !== this.#count) return;
    if (this.#count === 0) clearInterval(this.#timer);
    this.#count += 1;
    if (this.#count % this.#every === 0) this.#acknowledge();
  }

  #acknowledge() {
    const told = new Uint8Array(16);
    told.set(new TextEncoder().encode("rs2p-ack"));
    new DataView(told.buffer).setBigUint64(8, BigInt(this.#count), true);
    this.#tell(told);
  }
}

// Who came and who went, gathered for a moment and said in one sentence each: a mesh that comes back is one piece of
// news and not forty.

import { awayWords, backWords, cameWords, hereWords, wentWords } from "./words.js";

/** For so long, in milliseconds, news are gathered; and at first, while the page learns who was there already. */
const GATHER = 350;
const GREETING = 900;
/** Nodes that this tab lost touch with and that it would know again. */
const MISSED_LIMIT = 256;

export class Tidings {
  #say;
  #nameOf;
  #isConnected;
  #came = new Set();
  #went = new Map();
  #missed = new Set();
  #timer = 0;
  #isGreeting = true;

  /** `say(sentence)` is told the news; `nameOf(id)` names a node, `isConnected()` tells whether this one has any link. */
  constructor({ say, nameOf, isConnected }) {
    this.#say = say;
    this.#nameOf = nameOf;
    this.#isConnected = isConnected;
  }

  came(id) {
    if (!this.#went.delete(id)) this.#came.add(id);
    this.#wait();
  }

  went(id, reason) {
    if (!this.#came.delete(id)) this.#went.set(id, { id, name: this.#nameOf(id), reason });
    this.#wait();
  }

  #wait() {
    if (this.#timer === 0) this.#timer = setTimeout(() => this.#tell(), this.#isGreeting ? GREETING : GATHER);
  }

  #tell() {
    this.#timer = 0;
    this.#tellWhoCame();
    if (this.#isConnected()) this.#tellWhoWent();
    else this.#tellWhoIsMissed();
    this.#came.clear();
    this.#went.clear();
    this.#isGreeting = false;
  }

  #tellWhoCame() {
    const [back, others] = [[], []];
    for (const id of this.#came) (this.#missed.delete(id) ? back : others).push(this.#nameOf(id));
    if (back.length > 0) this.#say(backWords(back));
    if (others.length > 0) this.#say(this.#isGreeting ? hereWords(others) : cameWords(others));
  }

  #tellWhoWent() {
    const reasons = new Set([...this.#went.values()].map(({ reason }) => reason));
    for (const reason of reasons) {
      const left = [...this.#went.values()].filter((one) => one.reason === reason);
      this.#say(wentWords(left.map(({ name }) => name), reason));
    }
  }

  /** It is this tab that is away. */
  #tellWhoIsMissed() {
    const left = [...this.#went.values()];
    if (left.length > 0) this.#say(awayWords(left.map(({ name }) => name)));
    for (const { id } of left) if (this.#missed.size < MISSED_LIMIT) this.#missed.add(id);
  }
}

// "What if the network goes?": a panel whose buttons do to this tab what networks and browsers do, and an account of what
// came of it, in the order in which it happened.

import { button, find, make, say } from "./elements.js";
import { count, duration } from "./words.js";

/** How long the page is watched after a fault that has ended and a mesh that is joined, in milliseconds. */
const SETTLE = 1_500;
const TICK = 250;
/** What "slow" adds to each way, in milliseconds. */
const SLOWNESS = 1_000;
const LINES = 40;

/** What can be done to this tab: how it is called and told of, and how it is begun and ended. */
const TRIALS = {
  cut: {
    label: "Cut the link",
    about: "The connection breaks, once.",
    begun: "The link is cut.",
    once: (network) => network.cut(),
  },
  off: {
    label: "Network off",
    about: "As in a lift: connections break, the browser says so.",
    begun: "There is no network.",
    ended: "The network is back.",
    turn: (network, isOn) => network.off(isOn),
  },
  mute: {
    label: "Black hole",
    about: "Nothing comes, nothing goes, and nobody says so.",
    begun: "What is sent vanishes now, and nobody says so.",
    ended: "What is sent arrives again.",
    turn: (network, isOn) => network.mute(isOn),
  },
  freeze: {
    label: "Freeze",
    about: "The tab is stopped, as browsers do behind your back.",
    begun: "The tab is frozen: nothing reaches it, and its clocks stand.",
    ended: "The tab runs again.",
    turn: (network, isOn) => network.freeze(isOn),
  },
  slow: {
    label: "Slow",
    about: "Every message takes a second longer, each way.",
    begun: "Everything takes a second longer.",
    ended: "The network is as quick as before.",
    turn: (network, isOn) => network.slow(isOn ? SLOWNESS : 0),
  },
};

export class Trials {
  #network;
  #panel;
  #tell;
  #running = null;

  /** `tell(sentence)` is told the result of each trial. */
  constructor(network, { tell }) {
    this.#network = network;
    this.#tell = tell;
    this.#panel = find("#trials");
    const list = this.#panel.querySelector("ul");
    for (const [name, { label, about }] of Object.entries(TRIALS)) {
      const item = make("li");
      const start = button(label, () => this.#begin(name));
      start.dataset.trial = name;
      item.append(start, make("span", "", about));
      list.append(item);
    }
    find("#fault button").addEventListener("click", () => this.#endFault());
  }

  /** The node's status is another. */
  status({ state, why }) {
    if (!this.#running) return;
    this.#note(why ? `${state}: ${why.replace("-", " ")}` : state);
    this.#running.isIn = state === "joined";
    if (this.#running.isIn && this.#running.isOver) this.#settle();
  }

  /** A message came that was said while this tab did not hear. */
  late() {
    if (this.#running) this.#running.late += 1;
  }

  /** Something was missed for good. */
  gap() {
    if (this.#running) this.#running.hasGap = true;
  }

  #begin(name) {
    if (this.#running) return;
    const trial = TRIALS[name];
    const length = trial.once ? 0 : Number(find("#trials input[name=length]:checked").value) * 1000;
    this.#running = { trial, begun: performance.now(), length, late: 0, hasGap: false, isOver: false, isIn: true, summary: 0 };
    this.#account().replaceChildren();
    this.#note(trial.begun);
    this.#enable(false);
    this.#panel.hidePopover();
    document.body.dataset.trial = name;
    hold(name === "freeze");
    if (trial.once) trial.once(this.#network);
    else trial.turn(this.#network, true);
    if (trial.once) this.#over();
    else this.#countDown();
  }

  /** Counts with the real clock: the page's own may be standing. */
  #countDown() {
    const { begun, length, isOver, trial } = this.#running ?? { isOver: true };
    if (isOver) return;
    const left = begun + length - performance.now();
    if (left <= 0) return this.#endFault();
    find("#fault").hidden = false;
    say(find("#fault span"), `${trial.label}: ${Math.ceil(left / 1000)} s more`);
    this.#network.later(() => this.#countDown(), TICK);
  }

  #endFault() {
    const running = this.#running;
    if (!running || running.isOver) return;
    running.trial.turn(this.#network, false);
    this.#note(running.trial.ended);
    this.#over();
  }

  #over() {
    this.#running.isOver = true;
    this.#running.over = performance.now();
    find("#fault").hidden = true;
    delete document.body.dataset.trial;
    hold(false);
    if (this.#running.isIn) this.#settle();
  }

  #settle() {
    clearTimeout(this.#running.summary);
    this.#running.back = performance.now();
    this.#running.summary = setTimeout(() => this.#conclude(), SETTLE);
  }

  #conclude() {
    const { trial, begun, over, back, late, hasGap, isIn } = this.#running;
    if (!isIn) return;
    const after = back - over > 20 ? ` Joined again ${duration(back - over)} after that.` : "";
    const caught = late > 0 ? ` ${count(late, "message")} caught up` : " Nothing was missed";
    const lost = hasGap ? ", and some may be lost." : late > 0 ? ", none lost." : ".";
    const lasted = trial.once ? trial.begun : `${trial.label} for ${duration(over - begun)}.`;
    const sentence = `${lasted}${after}${caught}${lost}`;
    this.#note(sentence);
    this.#tell(sentence);
    this.#running = null;
    this.#enable(true);
  }

  #account() {
    return this.#panel.querySelector("ol");
  }

  #note(text) {
    const at = performance.now() - this.#running.begun;
    const account = this.#account();
    if (account.lastChild?.lastChild.textContent === text || account.children.length === LINES) return;
    const line = make("li");
    line.append(make("time", "", `${(at / 1000).toFixed(1)} s`), text);
    account.append(line);
  }

  #enable(isEnabled) {
    for (const start of this.#panel.querySelectorAll("button[data-trial]")) start.disabled = !isEnabled;
  }
}

/** Has the person wait as well: a page that is stopped takes nothing from them. */
function hold(isHeld) {
  for (const part of ["#side", "#chat"]) find(part).inert = isHeld;
}

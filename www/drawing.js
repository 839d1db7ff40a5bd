// The live drawing of the mesh: what a view of it looks like, and what moves in it.
//
// It is told what happens and knows no socket. It asks for frames only while something moves, and for none at
// all while the page is hidden.

import { Bubbles } from "./bubbles.js";
import { Card } from "./card.js";
import { Dots } from "./dots.js";
import { linkKey } from "./graph.js";
import { hue } from "./identity.js";
import { Layout } from "./layout.js";
import { Pointing } from "./pointing.js";
import { Scene } from "./scene.js";
import { flood, route } from "./waves.js";

/** Messages that may start a wave within one frame; more would look the same. */
const WAVES_PER_FRAME = 6;
const TICK = 1000 / 60;
/** Above this many nodes, or below this area for each (in square pixels), it is crowded: nodes are drawn smaller
 *  and only the own one and its neighbours carry names. */
const CROWD = 30;
const CROWD_AREA = 7500;

const stillness = matchMedia("(prefers-reduced-motion: reduce)");

export class Drawing {
  #stage;
  #scene;
  #layout = new Layout();
  #dots;
  #bubbles;
  #card;
  #view = null;
  #shape = "";
  #waves = [];
  #size = { width: 600, height: 400 };
  #awake = false;
  #clock = 0;
  #body = (id) => this.#layout.body(id);

  /** Draws into `stage`; `actions` are what the person may do with a node: see Card. */
  constructor(stage, names, actions) {
    this.#stage = stage;
    const picture = stage.querySelector("svg");
    this.#scene = new Scene(picture, names);
    this.#dots = new Dots(this.#scene.dots);
    this.#bubbles = new Bubbles(stage.querySelector(".bubbles"));
    new Pointing(picture, this);
    this.#card = new Card(stage.querySelector(".card"), names, {
      ...actions,
      leave: (id) => this.element(id)?.focus(),
    });
    new ResizeObserver(() => this.#resize()).observe(stage);
    document.addEventListener("visibilitychange", () => this.#visibilityChanged());
  }

  /** Takes a new view of the mesh: what is new appears, what is gone goes. */
  show(view) {
    this.#view = view;
    this.#scene.show(view);
    if (!this.#scene.has(this.#card.node)) this.#card.hide();
    else if (this.#card.pinned) this.tell(this.#card.node, true);
    const crowded = isCrowded(view.nodes.length, this.#size);
    this.#stage.classList.toggle("crowded", crowded);
    const shape = `${crowded} ${shapeOf(view)}`;
    if (shape !== this.#shape) this.#layout.place(view, crowded);
    this.#shape = shape;
    this.#settleIfStill();
    this.#wake();
  }

  /** Whether the mesh is reached; if not, the own face sleeps and the rest fades. */
  connected(yes) {
    this.#stage.classList.toggle("asleep", !yes);
  }

  /** The nodes between this one and another, by whose neighbour `via` a message came; as far as is known. */
  between(id, via) {
    return route(this.#view.neighbours, id, this.#view.self, via).slice(1).map(({ from }) => from);
  }

  /** An own message goes out: to all, or to the node `to` alone. */
  sent(text, to = null) {
    this.#message({ source: this.#view.self, to, via: null, text });
  }

  /** A message came: from `sender`, by the neighbour `via`. */
  received({ sender, via, whispered, text }) {
    this.#message({ source: sender, to: whispered ? this.#view.self : null, via, text });
  }

  // What Pointing asks for.

  get order() {
    return this.#scene.order;
  }

  element(id) {
    return this.#scene.element(id);
  }

  drag(id, x, y) {
    this.#layout.hold(id, x, y);
    this.#wake();
  }

  drop() {
    this.#layout.release();
    this.#wake();
  }

  /** Shows the card of a node; `pinned` if it was chosen and not just touched upon. */
  tell(id, pinned) {
    const node = this.#scene.node(id);
    const place = this.#body(id);
    if (!node || !place || (this.#card.pinned && !pinned)) return;
    this.#card.show(node, place, this.#size, pinned);
  }

  /** Hides the card, unless its node was chosen. */
  hush() {
    if (!this.#card.pinned) this.#card.hide();
  }

  /** Chooses a node, as a click on it does, and gives its card the focus. */
  choose(id) {
    this.tell(id, true);
    this.focusCard();
  }

  dismiss() {
    this.#card.hide();
  }

  focusCard() {
    this.#card.focus();
  }

  #message({ source, to, via, text }) {
    if (document.hidden) return;
    if (text && this.#scene.has(source)) this.#bubbles.say(source, text, { hue: hue(source), whispered: to !== null });
    const same = this.#waves.some((wave) => wave.source === source && wave.to === to && wave.via === via);
    if (!same && this.#waves.length < WAVES_PER_FRAME) this.#waves.push({ source, to, via });
    this.#wake();
  }

  #startWaves(now) {
    for (const wave of this.#waves.splice(0)) {
      const hops = this.#hops(wave);
      if (stillness.matches) this.#flash(hops, wave.source);
      else this.#run(hops, wave, now);
    }
  }

  #hops({ source, to, via }) {
    const { neighbours, self } = this.#view;
    if (to !== null) return route(neighbours, source, to, via);
    return flood(neighbours, source, via === null ? null : { self, via });
  }

  #run(hops, { source, to }, now) {
    this.#scene.bump(source);
    const arrived = (id, from) => this.#arrived(id, from);
    this.#dots.start(hops, { hue: hue(source), whispered: to !== null, now, arrived });
  }

  /** In place of the dots, for those who asked for less motion. */
  #flash(hops, source) {
    for (const { from, to } of hops) this.#scene.flash(from, to, hue(source));
  }

  /** A message reaches a node: it nods, and looks where the message came from. */
  #arrived(id, from) {
    this.#scene.bump(id);
    const here = this.#body(id);
    const there = this.#body(from);
    if (here && there) this.#scene.look(id, there.x - here.x, there.y - here.y);
  }

  #resize() {
    const { width, height } = this.#stage.getBoundingClientRect();
    this.#size = { width, height };
    this.#layout.resize(width, height);
    this.#bubbles.resize(this.#size);
    if (this.#view) this.show(this.#view);
  }

  #settleIfStill() {
    if (stillness.matches) this.#layout.settle();
  }

  #visibilityChanged() {
    if (document.hidden) this.#dots.clear();
    else this.#wake();
  }

  #wake() {
    if (this.#awake || !this.#view) return;
    this.#awake = true;
    this.#clock = 0;
    requestAnimationFrame((now) => this.#frame(now));
  }

  #frame(now) {
    const moving = this.#advance(now);
    this.#startWaves(now);
    this.#scene.place(this.#body);
    this.#dots.step(now, this.#body);
    this.#bubbles.step(this.#body, this.#size.width);
    if (this.#card.node) this.#card.follow(this.#body(this.#card.node), this.#size);
    this.#awake = moving || this.#dots.running;
    if (this.#awake) requestAnimationFrame((next) => this.#frame(next));
  }

  /** Runs the layout for the time that has passed, at one pace on every screen; true while it moves. */
  #advance(now) {
    if (this.#clock === 0 || now - this.#clock > 100) this.#clock = now - TICK;
    let moving = true;
    while (moving && now - this.#clock >= TICK) {
      moving = this.#layout.step();
      this.#clock += TICK;
    }
    return moving;
  }
}

const isCrowded = (count, { width, height }) => count > CROWD || (width * height) / count < CROWD_AREA;

/** What the layout depends on: a view of the same shape needs no new one. */
function shapeOf({ nodes, links }) {
  const ends = links.map(({ a, b, certain }) => `${linkKey(a, b)}${certain ? "" : "?"}`);
  return `${nodes.map((node) => node.id).sort().join()}|${ends.sort().join()}`;
}

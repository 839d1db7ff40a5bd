// The dots that run along the links, one for each hop of a message.
//
// A fixed stock of dots, and at most one started on a link and direction in each SPACING: a flood of messages
// shows as a steady stream and costs no more than that.

import { svg } from "./face.js";

const STOCK = 140;
/** How long one hop takes, in milliseconds. */
export const HOP = 480;
const SPACING = 110;
const TAIL = 0.2;

export class Dots {
  #layer;
  #idle = [];
  #running = [];
  #lastStart = new Map();
  #made = 0;

  constructor(layer) {
    this.#layer = layer;
  }

  get running() {
    return this.#running.length > 0;
  }

  /** Starts the hops of one message. `arrived(id)` is called as each node is reached, `body(id)` tells its place. */
  start(hops, { hue, whispered, now, arrived }) {
    for (const { from, to, step } of hops) {
      const at = now + step * HOP;
      if (!this.#mayStart(`${from} ${to}`, at)) continue;
      const dot = this.#take();
      if (!dot) return;
      dot.element.style.setProperty("--hue", String(hue));
      dot.element.classList.toggle("whispered", whispered);
      this.#running.push(Object.assign(dot, { from, to, at, arrived }));
    }
  }

  /** Moves all dots to where they are at `now`. */
  step(now, body) {
    this.#running = this.#running.filter((dot) => {
      const from = body(dot.from);
      const to = body(dot.to);
      const progress = (now - dot.at) / HOP;
      if (from && to && progress < 1) {
        this.#draw(dot, from, to, progress);
        return true;
      }
      this.#retire(dot);
      if (to) dot.arrived(dot.to, dot.from);
      return false;
    });
  }

  /** Takes all dots off the drawing. */
  clear() {
    for (const dot of this.#running) this.#retire(dot);
    this.#running = [];
    this.#lastStart.clear();
  }

  #mayStart(way, at) {
    if (at - (this.#lastStart.get(way) ?? -SPACING) < SPACING) return false;
    if (this.#lastStart.size > 4 * STOCK) this.#lastStart.clear();
    this.#lastStart.set(way, at);
    return true;
  }

  #take() {
    if (this.#idle.length > 0) return this.#idle.pop();
    if (this.#made === STOCK) return null;
    this.#made += 1;
    const streak = svg("line", { class: "streak" });
    const head = svg("circle", { class: "head", r: 5 });
    const element = svg("g", { class: "dot", visibility: "hidden" }, streak, head);
    this.#layer.append(element);
    return { element, streak, head };
  }

  #retire(dot) {
    dot.element.setAttribute("visibility", "hidden");
    this.#idle.push(dot);
  }

  #draw({ element, streak, head }, from, to, progress) {
    element.setAttribute("visibility", progress < 0 ? "hidden" : "visible");
    if (progress < 0) return;
    const front = between(from, to, ease(progress));
    const back = between(from, to, ease(Math.max(0, progress - TAIL)));
    setAll(head, { cx: front.x, cy: front.y });
    setAll(streak, { x1: back.x, y1: back.y, x2: front.x, y2: front.y });
  }
}

function setAll(element, attributes) {
  for (const key in attributes) element.setAttribute(key, attributes[key].toFixed(1));
}

const between = (a, b, t) => ({ x: a.x + (b.x - a.x) * t, y: a.y + (b.y - a.y) * t });

const ease = (t) => t * t * (3 - 2 * t);

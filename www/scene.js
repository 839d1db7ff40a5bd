// The nodes and links of the drawing as SVG elements: made, kept and removed to match a view of the mesh.
//
// Decides nothing and keeps no time; Drawing says what happens.

import { kindOf } from "./card.js";
import { face, svg } from "./face.js";
import { linkKey } from "./graph.js";
import { hue } from "./identity.js";

/** The longest name that is drawn, in characters: about as wide as the layout keeps nodes apart. Its card has all of it. */
const LABEL_LIMIT = 16;

export class Scene {
  #names;
  #layers;
  #nodes = new Map();
  #links = new Map();
  #self = "";

  /** Draws into the `<svg>` element `picture`; `dots` is the layer between links and nodes. */
  constructor(picture, names) {
    this.#names = names;
    const layer = (name) => picture.appendChild(svg("g", { class: name }));
    this.#layers = { links: layer("links") };
    this.dots = layer("dots");
    this.#layers.nodes = layer("nodes");
  }

  /** The ids of the nodes drawn, in the order in which the keyboard goes through them. */
  get order() {
    return [...this.#nodes.keys()];
  }

  has(id) {
    return this.#nodes.has(id);
  }

  element(id) {
    return this.#nodes.get(id)?.element;
  }

  /** What is known of a node drawn. */
  node(id) {
    const drawn = this.#nodes.get(id);
    return drawn && { ...drawn.node, self: id === this.#self };
  }

  /** Makes the scene match `view`. */
  show(view) {
    this.#self = view.self;
    const gone = new Set(this.#nodes.keys());
    for (const node of view.nodes) {
      gone.delete(node.id);
      this.#keepNode(node);
      this.#describe(node);
    }
    for (const id of gone) this.#removeNode(id);
    this.#showLinks(view.links);
  }

  /** Puts everything where `body(id)` says. */
  place(body) {
    for (const [id, { element }] of this.#nodes) {
      const { x, y } = body(id);
      element.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
    }
    for (const { a, b, line } of this.#links.values()) {
      const from = body(a);
      const to = body(b);
      line.setAttribute("x1", from.x.toFixed(1));
      line.setAttribute("y1", from.y.toFixed(1));
      line.setAttribute("x2", to.x.toFixed(1));
      line.setAttribute("y2", to.y.toFixed(1));
    }
  }

  /** Lets a node swell for a moment. */
  bump(id) {
    const drawn = this.#nodes.get(id);
    if (!drawn || drawn.busy) return;
    const swell = [{ transform: "scale(1)" }, { transform: "scale(1.16)" }, { transform: "scale(1)" }];
    animateOnce(drawn, drawn.head, swell, { duration: 340, easing: "ease-out" });
  }

  /** Turns a node's eyes towards a direction. */
  look(id, dx, dy) {
    const distance = Math.hypot(dx, dy) || 1;
    const [x, y] = [(2.6 * dx) / distance, (2 * dy) / distance];
    const eyes = this.#nodes.get(id)?.eyes;
    if (eyes) eyes.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`;
  }

  /** Lets a link light up in a colour and fade. */
  flash(a, b, hue) {
    const link = this.#links.get(linkKey(a, b));
    if (!link || link.busy) return;
    const glow = [{ stroke: `oklch(0.65 0.16 ${hue})`, strokeWidth: "4px" }, {}];
    animateOnce(link, link.line, glow, { duration: 900 });
  }

  #keepNode(node) {
    const drawn = this.#nodes.get(node.id);
    if (drawn && drawn.square === Boolean(node.address)) {
      drawn.node = node;
      return;
    }
    this.#removeNode(node.id);
    this.#addNode(node);
  }

  #addNode(node) {
    const square = Boolean(node.address);
    const head = face(node.id, square);
    const label = svg("text", { class: "label", y: 36 });
    const sleep = svg("text", { class: "zzz", x: 15, y: -13, "aria-hidden": "true" }, "zᶻ");
    const parts = [svg("circle", { class: "touch", r: 26 }), svg("g", { class: "pop" }, head), sleep, label];
    const element = svg("g", { class: "node", role: "button", tabindex: -1, "data-id": node.id }, ...parts);
    element.style.setProperty("--hue", String(hue(node.id)));
    // The own node and its neighbours stand before all others.
    if (node.linked || node.id === this.#self) this.#layers.nodes.append(element);
    else this.#layers.nodes.prepend(element);
    this.#nodes.set(node.id, { node, square, element, head, eyes: head.querySelector(".eyes"), label, busy: false });
  }

  #removeNode(id) {
    this.#nodes.get(id)?.element.remove();
    this.#nodes.delete(id);
  }

  #describe(node) {
    const { element, label } = this.#nodes.get(node.id);
    const self = node.id === this.#self;
    const name = this.#names.of(node.id);
    const text = self ? `${shortened(name)} (you)` : shortened(name);
    if (label.textContent !== text) label.textContent = text;
    const about = [`${name}.`, kindOf({ ...node, self }), node.state && `${node.state}.`, node.address];
    element.setAttribute("aria-label", about.filter(Boolean).join(" "));
    element.classList.toggle("self", self);
    element.classList.toggle("linked", node.linked);
    element.classList.toggle("guess", Boolean(node.heardOnly));
    element.classList.toggle("sleeping", Boolean(node.asleep));
    if (self && !this.#layers.nodes.querySelector("[tabindex='0']")) element.setAttribute("tabindex", "0");
  }

  #showLinks(links) {
    const gone = new Set(this.#links.keys());
    for (const link of links) {
      const key = linkKey(link.a, link.b);
      gone.delete(key);
      const drawn = this.#links.get(key) ?? { line: this.#layers.links.appendChild(svg("line")), busy: false };
      const near = link.a === this.#self || link.b === this.#self;
      drawn.line.setAttribute("class", `link ${link.certain ? "certain" : "guess"} ${near ? "near" : ""}`);
      this.#links.set(key, Object.assign(drawn, link));
    }
    for (const key of gone) {
      this.#links.get(key).line.remove();
      this.#links.delete(key);
    }
  }
}

function shortened(name) {
  const letters = [...name];
  return letters.length > LABEL_LIMIT ? `${letters.slice(0, LABEL_LIMIT - 1).join("").trimEnd()}…` : name;
}

/** Animates an element of something drawn, marking it as busy meanwhile: asking the page would cost a layout. */
function animateOnce(drawn, element, keyframes, timing) {
  drawn.busy = true;
  element.animate(keyframes, timing).finished.catch(() => {}).then(() => (drawn.busy = false));
}

// A node's face: a round one for a tab or a script, a square one for a node that can be dialled (a relay).
//
// Drawn around (0, 0) with a radius of 18, coloured by `--hue`, the same in the drawing and in the chat.

import { hue, trait } from "./identity.js";

const SVG = "http://www.w3.org/2000/svg";

const MOUTHS = [
  "M-4.5 5.5 Q0 10 4.5 5.5",
  "M-3.5 6.5 Q0 9.5 3.5 6.5",
  "M-5 5 Q0 12 5 5 Z",
  "M-4 7 H4",
  "M-4 7.5 Q0 9 4 5.5",
  "M-5 6 Q-2.5 9 0 6 Q2.5 9 5 6",
];

/** An SVG element with its attributes. */
export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

/** The face of the node `id` as a group. */
export function face(id, square) {
  const group = svg("g", { class: "face" }, square ? squareHead() : svg("circle", { class: "head", r: 18 }));
  group.append(eyes(id), svg("path", { class: "mouth", d: MOUTHS[trait(id, "mouth", MOUTHS.length)] }));
  return group;
}

/** The face as a picture of its own, for the chat; it says nothing to a screen reader, the name beside it does. */
export function portrait(id, square) {
  const picture = svg("svg", { class: "portrait", viewBox: "-19 -19 38 38", "aria-hidden": "true" }, face(id, square));
  picture.style.setProperty("--hue", String(hue(id)));
  return picture;
}

function squareHead() {
  return svg("rect", { class: "head", x: -17, y: -17, width: 34, height: 34, rx: 9 });
}

function eyes(id) {
  const apart = 4.6 + trait(id, "apart", 4) * 0.8;
  const size = 2.1 + trait(id, "size", 3) * 0.4;
  const tall = 1 + trait(id, "tall", 3) * 0.2;
  const eye = (x) => svg("ellipse", { cx: x, cy: -2.5, rx: size, ry: size * tall });
  return svg("g", { class: "eyes" }, eye(-apart), eye(apart));
}

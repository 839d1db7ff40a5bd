// The card that tells about one node: its name, state, id and address. It shows while a pointer or the focus is on the
// node and stays, with its buttons, once the node was chosen.

import { hue } from "./identity.js";

export class Card {
  #element;
  #fields;
  #names;
  #pinned = false;
  #leave;
  #buttons;

  /** The id of the node shown, or "". */
  node = "";

  /**
   * `whisper(id)` and `ask(id)` are called when the person wants to write to the node or to ask it, `ping(id)`, which
   * promises a sentence, when they want to know whether it is there; `leave(id)` when the card is about to go while it
   * has the focus, to give that a place.
   */
  constructor(element, names, { whisper, ask, ping, leave }) {
    this.#element = element;
    this.#names = names;
    this.#leave = leave;
    const field = (name) => element.querySelector(`[data-field=${name}]`);
    const fields = ["name", "kind", "state", "address", "id", "answer"];
    this.#fields = Object.fromEntries(fields.map((name) => [name, field(name)]));
    this.#buttons = element.querySelector(".actions");
    const actions = { whisper: (id) => this.#goAnd(whisper, id), ask: (id) => this.#goAnd(ask, id), ping: (id) => this.#ping(ping, id) };
    this.#buttons.addEventListener("click", ({ target }) => actions[target.dataset.action]?.(this.node));
  }

  get pinned() {
    return this.#pinned;
  }

  /** Shows a node `{ id, address, linked, heardOnly, self, state }` near `place`, in a drawing of that `size`. */
  show(node, place, size, pinned) {
    if (this.node !== node.id) this.#fields.answer.textContent = "";
    this.node = node.id;
    this.#pinned = pinned;
    this.#fields.name.textContent = this.#names.of(node.id);
    this.#fields.kind.textContent = kindOf(node);
    this.#fields.state.textContent = node.state ?? "";
    this.#fields.address.textContent = node.address ?? "";
    this.#fields.id.textContent = node.id;
    this.#buttons.hidden = !pinned || node.self;
    this.#element.style.setProperty("--hue", String(hue(node.id)));
    this.#element.classList.toggle("pinned", pinned);
    this.#element.hidden = false;
    this.#position(place, size);
  }

  /** Stays with its node while that moves. */
  follow(place, size) {
    if (place) this.#position(place, size);
  }

  hide() {
    if (this.#element.hidden) return;
    if (this.#element.contains(document.activeElement)) this.#leave(this.node);
    this.#element.hidden = true;
    this.#pinned = false;
    this.node = "";
  }

  /** Gives the focus to the first button, if there is one. */
  focus() {
    this.#buttons.querySelector("button").focus();
  }

  #goAnd(action, id) {
    this.hide();
    action(id);
  }

  async #ping(ping, id) {
    this.#fields.answer.textContent = "Asking…";
    const words = await ping(id);
    if (this.node === id) this.#fields.answer.textContent = words;
  }

  /** Below or above the node, whichever has room, and always inside the drawing. */
  #position(place, size) {
    const { offsetWidth: width, offsetHeight: height } = this.#element;
    const below = place.y + 40;
    const top = below + height < size.height ? below : Math.max(6, place.y - 34 - height);
    const left = Math.min(Math.max(place.x - width / 2, 6), Math.max(6, size.width - width - 6));
    this.#element.style.transform = `translate(${left.toFixed(0)}px, ${top.toFixed(0)}px)`;
  }
}

/** What a node is to us, in words. */
export function kindOf({ self, address, linked, heardOnly }) {
  if (self) return "You: this tab is a node like all others.";
  if (linked) return address ? "A relay: your neighbour." : "Your neighbour.";
  if (heardOnly) return "Heard of: its messages reach you, its place is a guess.";
  return address ? "A node that others can dial." : "A tab or a script further away.";
}

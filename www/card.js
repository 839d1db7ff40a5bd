// The card that tells about one node: its name, id and address. It shows while a pointer or the focus is on the
// node and stays, with its button, once the node was chosen.

import { hue } from "./identity.js";

export class Card {
  #element;
  #fields;
  #names;
  #pinned = false;
  #leave;
  #button;

  /** The id of the node shown, or "". */
  node = "";

  /**
   * `whisper(id)` is called when the person wants to write to the node; `leave(id)` when the card is about to
   * go while it has the focus, to give that a place.
   */
  constructor(element, names, { whisper, leave }) {
    this.#element = element;
    this.#names = names;
    this.#leave = leave;
    const field = (name) => element.querySelector(`[data-field=${name}]`);
    this.#fields = { name: field("name"), kind: field("kind"), address: field("address"), id: field("id") };
    this.#button = element.querySelector("button");
    this.#button.addEventListener("click", () => {
      const { node } = this;
      this.hide();
      whisper(node);
    });
  }

  get pinned() {
    return this.#pinned;
  }

  /** Shows a node `{ id, address, linked, heardOnly, self }` near `place`, in a drawing of that `size`. */
  show(node, place, size, pinned) {
    this.node = node.id;
    this.#pinned = pinned;
    this.#fields.name.textContent = this.#names.of(node.id);
    this.#fields.kind.textContent = kindOf(node);
    this.#fields.address.textContent = node.address ?? "";
    this.#fields.id.textContent = node.id;
    this.#button.hidden = !pinned || node.self;
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

  /** Gives the focus to the button, if there is one. */
  focus() {
    this.#button.focus();
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

// Where a person writes: a message to all, or to one node, and the name they go by.

import { hue, NAME_LIMIT, tidyName } from "./identity.js";

export class Composer {
  #form;
  #text;
  #name;
  #target = null;
  #room = "everyone";
  #chip;

  /**
   * `send(text, target)` is called with a text and the target it is for (null: all), `rename(name)` with a name
   * the person chose, "" if they took it back.
   */
  constructor(form, { friendly, chosen, send, rename }) {
    this.#form = form;
    this.#text = form.elements.namedItem("text");
    this.#name = form.elements.namedItem("name");
    this.#chip = form.querySelector(".target");
    Object.assign(this.#name, { placeholder: friendly, value: chosen, maxLength: NAME_LIMIT });
    form.addEventListener("submit", (event) => this.#submit(event, send));
    this.#text.addEventListener("keydown", (event) => this.#key(event));
    this.#text.addEventListener("input", () => this.#grow());
    this.#name.addEventListener("change", () => this.#renamed(rename));
    this.#name.addEventListener("keydown", (event) => this.#nameKey(event));
    this.#chip.querySelector("button").addEventListener("click", () => this.address(null));
    form.inert = false;
  }

  /** Turns to one node, `{ id, name, deliver(...packets) }` or `{ id, name, asks: true }`, or with null to all. */
  address(target) {
    this.#target = target;
    this.#chip.hidden = target === null;
    this.#form.classList.toggle("private", target !== null);
    if (target) {
      this.#chip.querySelector("span").textContent = target.asks ? "A question to" : "Privately to";
      this.#chip.querySelector("b").textContent = target.name;
      this.#chip.style.setProperty("--hue", String(hue(target.id)));
    }
    this.#invite();
    this.#text.focus();
  }

  /** Says in what room the person is. */
  enter(title) {
    this.#room = title;
    this.#invite();
  }

  #invite() {
    const { name, asks } = this.#target ?? {};
    if (!this.#target) this.#text.placeholder = `Say hello to ${this.#room}`;
    else this.#text.placeholder = asks ? `Ask ${name} (not encrypted)` : `To ${name} alone (not encrypted)`;
  }

  #submit(event, send) {
    event.preventDefault();
    const text = this.#text.value.trim();
    if (text) send(text, this.#target);
    this.#text.value = "";
    this.#grow();
    if (text && this.#target?.asks) this.address(null);
    else this.#text.focus();
  }

  /** Enter sends, Shift+Enter starts a new line; an Enter that ends an input method's word does neither. */
  #key(event) {
    if (event.key === "Escape" && this.#target) this.address(null);
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#form.requestSubmit();
  }

  #nameKey(event) {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    this.#text.focus();
  }

  #renamed(rename) {
    this.#name.value = tidyName(this.#name.value);
    rename(this.#name.value);
  }

  /** As high as its text, within what the style sheet allows. */
  #grow() {
    this.#text.style.height = "auto";
    this.#text.style.height = `${this.#text.scrollHeight + 2}px`;
  }
}

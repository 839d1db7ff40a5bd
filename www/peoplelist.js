// The list of who is here: a face and a name each, and what they are at. Choosing one is choosing its node.

import { make, say } from "./elements.js";
import { portrait } from "./face.js";
import { hue } from "./identity.js";
import { whereabouts } from "./words.js";

/** The most people listed; the drawing has its own limit. */
const LISTED_LIMIT = 60;
const ORDER = { awake: 0, hidden: 1, asleep: 2 };

export class PeopleList {
  #list;
  #more;
  #choose;
  #rows = new Map();

  /** In the element `section`; `choose(id)` is called with the node that the person chooses. */
  constructor(section, { choose }) {
    this.#list = section.querySelector("ul");
    this.#more = section.querySelector(".more");
    this.#choose = choose;
  }

  /** Shows `people`, the own one first, then who is in the same room; `nameOf(id)` names them, `isSquare(id)` tells relays. */
  show(people, { room, self, nameOf, isSquare }) {
    const rank = (one) => (one.id === self ? -1 : (one.isPage ? (one.room === room ? 0 : 3) : 6) + (ORDER[one.state] ?? 0));
    const named = people.map((one) => ({ ...one, shown: nameOf(one.id), rank: rank(one), isSelf: one.id === self }));
    named.sort((a, b) => a.rank - b.rank || a.shown.localeCompare(b.shown) || (a.id < b.id ? -1 : 1));
    const listed = named.slice(0, LISTED_LIMIT);
    const ids = new Set(listed.map(({ id }) => id));
    for (const id of this.#rows.keys()) if (!ids.has(id)) this.#remove(id);
    listed.forEach((one, place) => this.#place({ ...one, isSquare: isSquare(one.id) }, place, room));
    this.#more.hidden = named.length === listed.length;
    this.#more.textContent = `and ${(named.length - listed.length).toLocaleString()} more`;
  }

  /** Shows beside a node what came of asking it; "" for nothing. */
  note(id, text) {
    const row = this.#rows.get(id);
    if (row) say(row.note, text);
  }

  #place(one, place, room) {
    const row = this.#rowOf(one);
    row.item.dataset.state = one.state;
    row.item.classList.toggle("self", one.isSelf);
    say(row.name, one.isSelf ? `${one.shown} (you)` : one.shown);
    say(row.where, whereabouts(one, room));
    row.button.setAttribute("aria-label", [row.name.textContent, row.where.textContent].filter(Boolean).join(", "));
    if (this.#list.children[place] !== row.item) this.#list.insertBefore(row.item, this.#list.children[place] ?? null);
  }

  #rowOf({ id, isSquare }) {
    const row = this.#rows.get(id);
    if (row?.isSquare === isSquare) return row;
    this.#remove(id);
    return this.#add(id, isSquare);
  }

  #add(id, isSquare) {
    const item = make("li", "person");
    const button = make("button");
    button.type = "button";
    item.dataset.id = id;
    item.style.setProperty("--hue", String(hue(id)));
    const [name, where, note] = [make("b"), make("small"), make("span", "rtt")];
    const words = make("span", "who");
    words.append(name, where);
    button.append(portrait(id, isSquare), words, note);
    button.addEventListener("click", () => this.#choose(id));
    item.append(button);
    const row = { item, button, name, where, note, isSquare };
    this.#rows.set(id, row);
    return row;
  }

  #remove(id) {
    this.#rows.get(id)?.item.remove();
    this.#rows.delete(id);
  }
}

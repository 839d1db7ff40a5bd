// Who is here, as the page shows it: the members that the node tells of, in the list, and who came and went in words.

import { find, say } from "./elements.js";
import { People } from "./people.js";
import { PeopleList } from "./peoplelist.js";
import { isIn } from "./status.js";
import { Tidings } from "./tidings.js";
import { duration } from "./words.js";

export class Company {
  people = new People();
  #names;
  #asking;
  #list;
  #tidings;
  #changed;

  /**
   * `choose(id)` is called with the node that the person chooses, `tell(sentence)` with who came and went, and `changed()`
   * whenever somebody did.
   */
  constructor(mesh, { names, asking, choose, tell, changed }) {
    this.#names = names;
    this.#asking = asking;
    this.#changed = changed;
    this.#list = new PeopleList(find("#people"), { choose });
    this.#tidings = new Tidings({ nameOf: (id) => names.of(id), say: tell, isConnected: () => isIn(mesh.status) });
    find("#ping-all").addEventListener("click", () => this.#pingAll());
    mesh.addEventListener("memberjoin", ({ detail }) => this.#joined(detail));
    mesh.addEventListener("memberchange", ({ detail }) => this.#keep(detail));
    mesh.addEventListener("memberleave", ({ detail }) => this.#left(detail));
  }

  /** Shows everybody, and this page's own node `self`, as they are seen from `room`; `dialable` has the ids of relays. */
  show(self, room, dialable) {
    const own = { id: self, state: "awake", isPage: true, room };
    this.#list.show([own, ...this.people.all], { self, room, nameOf: (id) => this.#names.of(id), isSquare: (id) => dialable.has(id) });
    say(find("#people-title"), `Here: ${this.people.size + 1}`);
    find("#ping-all").hidden = this.people.size === 0;
  }

  #joined(member) {
    this.#keep(member);
    this.#tidings.came(member.id);
  }

  #keep(member) {
    const { id, isPage, name } = this.people.keep(member);
    if (isPage) this.#names.choose(id, name);
    this.#changed();
  }

  #left({ id, reason }) {
    this.#tidings.went(id, reason);
    this.people.remove(id);
    this.#changed();
  }

  /** Asks every page for a sign of life; programs need not know the question. */
  async #pingAll() {
    const pages = this.people.all.filter(({ isPage }) => isPage);
    const pings = pages.map(async ({ id }) => {
      this.#list.note(id, "…");
      const { ms } = await this.#asking.ping(id);
      this.#list.note(id, ms === null ? "no answer" : duration(ms));
    });
    await Promise.all(pings);
  }
}

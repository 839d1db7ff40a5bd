// What this page knows of the mesh: the topology that the socket reports, its members, and the nodes that were only
// heard of.
//
// A node that sent us a message without being in the topology stands somewhere behind the neighbour that brought
// it: it is drawn there, on a link that is marked as a guess (`certain: false`). So is a member, behind any neighbour. All
// of it is bounded.

import { stateWords } from "./words.js";

/** The most nodes drawn; more is a hairball, and the layout's cost grows with the square. */
export const DRAWN_LIMIT = 100;

const HEARD_LIMIT = 256;
/** How long a node that is only known by its messages stays, in milliseconds. */
const HEARD_LIFE = 5 * 60_000;

export class MeshGraph {
  #self;
  #nodes = new Map();
  #links = new Map();
  #heard = new Map();
  #members = new Map();

  constructor(self) {
    this.#self = self;
    this.learn({ nodes: [], links: [] });
  }

  /** Takes the socket's topology in place of the one before. */
  learn(topology) {
    this.#nodes = new Map(topology.nodes.map((node) => [node.id, node]));
    if (!this.#nodes.has(this.#self)) this.#nodes.set(this.#self, { id: this.#self, address: null, linked: false });
    this.#links = new Map();
    for (const [a, b] of topology.links) if (a !== b) this.#links.set(linkKey(a, b), [a, b]);
  }

  /** Takes who is in the mesh, as people: see people.js. */
  attend(people) {
    this.#members = new Map(people.map((one) => [one.id, one]));
  }

  /** A member left: that it was heard of places it nowhere any more. */
  left(id) {
    this.#heard.delete(id);
  }

  /** A message of `sender` came by the neighbour `via`; true if the drawing has to change. */
  hear(sender, via, now) {
    if (sender === this.#self) return false;
    const before = this.#heard.get(sender);
    this.#heard.delete(sender);
    this.#heard.set(sender, { via, at: now });
    if (this.#heard.size > HEARD_LIMIT) this.#heard.delete(this.#heard.keys().next().value);
    return before?.via !== via && !this.#nodes.get(sender)?.linked;
  }

  /** Forgets those not heard for long; true if there were any. */
  forget(now) {
    const size = this.#heard.size;
    for (const [id, { at }] of this.#heard) if (now - at > HEARD_LIFE) this.#heard.delete(id);
    return this.#heard.size !== size;
  }

  /** The nodes and links to draw, and how many nodes are known in all. */
  view() {
    const nodes = this.#drawnNodes();
    const shown = new Map(nodes.map((node) => [node.id, node]));
    const links = this.#drawnLinks(shown);
    return { self: this.#self, nodes, links, known: this.#knownCount(), neighbours: adjacency(nodes, links) };
  }

  /** Those that no topology tells of: heard of, the latest first, and members that were not even heard. */
  #unplaced() {
    const heard = [...this.#heard.keys()].reverse();
    const members = [...this.#members.keys()].filter((id) => !this.#heard.has(id));
    return [...heard, ...members].filter((id) => !this.#nodes.has(id));
  }

  #knownCount() {
    return this.#nodes.size + this.#unplaced().length;
  }

  /** Self first, then neighbours, then the rest of the topology, then those without a place in it. */
  #drawnNodes() {
    const rank = (node) => (node.id === this.#self ? 0 : node.linked ? 1 : 2);
    const known = [...this.#nodes.values()].sort((a, b) => rank(a) - rank(b));
    const unplaced = this.#unplaced().map((id) => ({ id, address: null, linked: false, heardOnly: true }));
    return [...known, ...unplaced].slice(0, DRAWN_LIMIT).map((node) => this.#withState(node));
  }

  #withState(node) {
    const member = this.#members.get(node.id);
    return member ? { ...node, state: stateWords(member), asleep: member.state === "asleep" } : node;
  }

  #drawnLinks(shown) {
    const links = [];
    const attached = new Set();
    for (const [a, b] of this.#links.values()) {
      if (!shown.has(a) || !shown.has(b)) continue;
      links.push({ a, b, certain: true });
      attached.add(a).add(b);
    }
    const somewhere = [...shown.values()].find((node) => node.linked)?.id;
    for (const id of this.#unplaced()) {
      const via = this.#heard.get(id)?.via ?? somewhere;
      if (!attached.has(id) && shown.has(id) && shown.has(via) && via !== id) links.push({ a: via, b: id, certain: false });
    }
    return links;
  }
}

/** One key for a link, whichever end is named first. */
export const linkKey = (a, b) => (a < b ? `${a} ${b}` : `${b} ${a}`);

function adjacency(nodes, links) {
  const neighbours = new Map(nodes.map((node) => [node.id, []]));
  for (const { a, b } of links) {
    neighbours.get(a).push(b);
    neighbours.get(b).push(a);
  }
  return neighbours;
}

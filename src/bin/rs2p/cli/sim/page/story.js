// What the run was: the summary, unpacked into what can be asked at a moment of virtual time. No drawing.

const STATES = ["not started", "up", "killed", "frozen"];
const [ABSENT, UP, KILLED, FROZEN] = STATES.keys();
const KINDS = ["node", "relay", "tab"];
const [, RELAY, TAB] = KINDS.keys();

class Story {
  constructor(summary) {
    this.summary = summary;
    const { picture } = summary;
    this.count = picture.kinds.length;
    this.end = summary.virtual_ms;
    this.places = Float32Array.from(picture.places.flat(), (number) => number / 10000);
    this.links = picture.links.map(([a, b, from, to]) => ({ a, b, from, to: to ?? Infinity }));
    this.changes = picture.states;
    this.waves = picture.waves.map((wave) => ({ ...wave, arrivals: wave.arrivals.map((ms) => ms ?? -1), parents: wave.parents.map((node) => node ?? -1) }));
  }

  /** The links that are up at `time`. */
  linksAt(time) {
    return this.links.filter((link) => link.from <= time && time < link.to);
  }

  /** What each node does at `time`. */
  statesAt(time) {
    const states = new Uint8Array(this.count).fill(ABSENT);
    for (const [node, at, state] of this.changes) if (at <= time) states[node] = state;
    return states;
  }

  /** The part of the mesh that each node is in, the largest first; -1 for a node that does not run. */
  partsAt(links, states) {
    const parent = Int32Array.from({ length: this.count }, (_, node) => node);
    const root = (node) => {
      while (parent[node] !== node) node = parent[node] = parent[parent[node]];
      return node;
    };
    for (const { a, b } of links) parent[root(a)] = root(b);
    const sizes = new Map();
    for (let node = 0; node < this.count; node++) {
      if (runs(states[node])) sizes.set(root(node), (sizes.get(root(node)) ?? 0) + 1);
    }
    const ranked = [...sizes.keys()].sort((one, other) => sizes.get(other) - sizes.get(one) || one - other);
    const rank = new Map(ranked.map((node, index) => [node, index]));
    const parts = Int32Array.from({ length: this.count }, (_, node) => (runs(states[node]) ? rank.get(root(node)) : -1));
    return { parts, count: ranked.length, largest: sizes.get(ranked[0]) ?? 0, up: [...sizes.values()].reduce((sum, size) => sum + size, 0) };
  }
}

function runs(state) {
  return state === UP || state === FROZEN;
}

// The mesh as one node knows it: its peers, and what they told of theirs.

export class Known {
  #peers = new Map();
  #told = new Map();

  get peers() {
    return [...this.#peers.values()];
  }

  get size() {
    return this.#peers.size;
  }

  peer(id) {
    return this.#peers.get(id);
  }

  add(id, address, dialled) {
    const peer = { id, address, dialled };
    this.#peers.set(id, peer);
    return peer;
  }

  remove(id) {
    this.#peers.delete(id);
    this.#told.delete(id);
  }

  /** A peer told its own: pairs of id and address. */
  told(id, entries) {
    this.#told.set(id, entries);
  }

  clear() {
    this.#peers.clear();
    this.#told.clear();
  }

  /** Everybody, and who is linked to whom, each pair once. */
  topology(self) {
    const nodes = new Map([[self, { id: self, address: null, linked: false }]]);
    const links = new Map();
    const link = (one, other) => {
      const pair = one < other ? [one, other] : [other, one];
      links.set(pair.join(" "), pair);
    };
    for (const { id, address } of this.peers) {
      nodes.set(id, { id, address, linked: true });
      link(self, id);
    }
    for (const [of, entries] of this.#told) {
      for (const [id, address] of entries) {
        link(of, id);
        const known = nodes.get(id);
        if (!known) nodes.set(id, { id, address, linked: false });
        else known.address ??= address;
      }
    }
    return { self, nodes: sorted([...nodes.values()], ({ id }) => id), links: sorted([...links.values()], (pair) => pair.join(" ")) };
  }
}

function sorted(items, key) {
  return items.sort((one, other) => (key(one) < key(other) ? -1 : 1));
}

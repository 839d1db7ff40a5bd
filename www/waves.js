// The way of a message through the mesh, as hops to animate.
//
// A broadcast floods: each node passes it on to all its neighbours, so it spreads from its sender as a wave. That
// much is known of any mesh of this protocol; of the hops beyond our own links the exact order is not, and the
// shortest ways stand for it. A whisper goes one way only.

/**
 * The hops of a broadcast: `{ from, to, step }`, each node reached once, `step` counting from 0.
 * `arrival`, if given, is `{ self, via }`: the hop by which it is known to have come to us.
 */
export function flood(neighbours, source, arrival = null) {
  const hops = [];
  const start = neighbours.get(source)?.length ? source : arrival?.via;
  if (!neighbours.has(start)) return hops;
  const reached = new Set([start]);
  let edge = [start];
  for (let step = 0; edge.length > 0; step++) edge = spread(neighbours, edge, reached, hops, step, arrival);
  return hops;
}

/** One step of the wave: every node at its edge passes the message on to those that do not have it. */
function spread(neighbours, edge, reached, hops, step, arrival) {
  const next = [];
  for (const from of edge) {
    for (const to of neighbours.get(from)) {
      if (reached.has(to) || (arrival && to === arrival.self && from !== arrival.via)) continue;
      reached.add(to);
      hops.push({ from, to, step });
      next.push(to);
    }
  }
  return next;
}

/** The hops of a whisper from `from` to `to`, by `lastVia` if the neighbour that brought it is known. */
export function route(neighbours, from, to, lastVia = null) {
  const arrival = lastVia === null ? null : { self: to, via: lastVia };
  const before = new Map(flood(neighbours, from, arrival).map((hop) => [hop.to, hop]));
  const hops = [];
  for (let hop = before.get(to); hop; hop = before.get(hop.from)) hops.unshift(hop);
  return hops;
}

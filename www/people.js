// Who is here: the members of the mesh as the page reads them. Values only: no page, no socket.
//
// What a member shows of itself is a foreign value like any message: reading it is total and bounded.

import { tidyName } from "./identity.js";
import { EVERYONE, OPEN_LIMIT, tidyRoom } from "./rooms.js";

/** What the names of rooms may take, in bytes, of the 1 KiB that a member shows; name and room on screen take 256 more. */
const ROOMS_SIZE = 600;
const utf8 = new TextEncoder();

/** What this page shows of itself: of its rooms as many of the latest as there is room for. */
export function ownPresence(name, rooms) {
  let left = ROOMS_SIZE;
  const latest = rooms.open.slice(1).reverse();
  const shown = latest.filter((room) => (left -= utf8.encode(room).length + 3) >= 0);
  return { name, room: rooms.current, rooms: shown };
}

/**
 * A member as a person: `{ id, state, isPage, name, room, rooms }`. `state` is "awake", "hidden" or "asleep"; `room`
 * is the one that it looks at, `rooms` are all that it has open; who is no page of this kind is in none of them.
 */
export function person({ id, state, presence }) {
  const shown = Array.isArray(presence) ? presence[0] : presence;
  const isPage = typeof shown?.room === "string";
  const rooms = isPage && Array.isArray(shown.rooms) ? shown.rooms.slice(0, OPEN_LIMIT).map(tidyRoom).filter(Boolean) : [];
  const room = isPage ? tidyRoom(shown.room) : null;
  return { id, state, isPage, name: tidyName(shown?.name), room, rooms: new Set(rooms) };
}

export class People {
  #people = new Map();

  get size() {
    return this.#people.size;
  }

  get all() {
    return [...this.#people.values()];
  }

  of(id) {
    return this.#people.get(id);
  }

  /** Takes what a member shows now; gives it as a person. */
  keep(member) {
    const kept = person(member);
    this.#people.set(kept.id, kept);
    return kept;
  }

  remove(id) {
    this.#people.delete(id);
  }

  /** How many others have a room open. */
  countIn(room) {
    let count = 0;
    for (const { isPage, rooms } of this.#people.values()) if (isPage && (room === EVERYONE || rooms.has(room))) count += 1;
    return count;
  }

  /** The rooms that others have open, those with most people first: `[room, count]`. */
  rooms() {
    const counts = new Map();
    for (const { rooms } of this.#people.values()) for (const room of rooms) counts.set(room, (counts.get(room) ?? 0) + 1);
    return [...counts].sort(([a, many], [b, more]) => more - many || a.localeCompare(b));
  }
}

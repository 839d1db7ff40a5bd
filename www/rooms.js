// The rooms that are open in this tab, which of them is on screen, and what is unread in the others. Values only: no
// page, no socket.
//
// A room is a topic of the mesh. The room without a name is everyone's: what is said there has no topic, so that nodes
// that know no topics are in it too.

/** The room of everyone. */
export const EVERYONE = "";
/** The longest name of a room, in characters: a topic has at most 128 bytes. */
export const ROOM_LIMIT = 32;
/** The most rooms open in one tab. */
export const OPEN_LIMIT = 16;

export class Rooms {
  #unread = new Map([[EVERYONE, 0]]);
  #current = EVERYONE;

  /** The rooms that are open, in the order in which they were opened; everyone's is first. */
  get open() {
    return [...this.#unread.keys()];
  }

  get current() {
    return this.#current;
  }

  get unread() {
    let sum = 0;
    for (const count of this.#unread.values()) sum += count;
    return sum;
  }

  has(room) {
    return this.#unread.has(room);
  }

  unreadIn(room) {
    return this.#unread.get(room) ?? 0;
  }

  /** Goes to a room; `{ opened, closed }` says which rooms that opened, and closed because there were too many. */
  enter(room) {
    const opened = this.has(room) ? null : room;
    this.#unread.set(room, 0);
    this.#current = room;
    const closed = this.#unread.size > OPEN_LIMIT ? this.open[1] : null;
    if (closed !== null) this.#unread.delete(closed);
    return { opened, closed };
  }

  /** Closes a room; who was in it is with everyone again. */
  leave(room) {
    if (room === EVERYONE) return;
    this.#unread.delete(room);
    if (this.#current === room) this.#current = EVERYONE;
  }

  /** A message came; `isSeen` says whether the page is looked at. */
  heard(room, isSeen) {
    if (this.has(room) && !(isSeen && room === this.#current)) this.#unread.set(room, this.unreadIn(room) + 1);
  }

  /** The page is looked at. */
  seen() {
    this.#unread.set(this.#current, 0);
  }
}

/** A room's name as it is used: one line without spaces at its ends, or "". */
export function tidyRoom(name) {
  if (typeof name !== "string") return EVERYONE;
  const plain = name.slice(0, 4 * ROOM_LIMIT).normalize("NFC").replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "").replace(/\s+/g, " ");
  return [...plain.trim().replace(/^#+\s*/, "")].slice(0, ROOM_LIMIT).join("").trim();
}

/** The room that the end of an address names. */
export function roomOfHash(hash) {
  try {
    return tidyRoom(decodeURIComponent(hash.slice(1)));
  } catch {
    return EVERYONE;
  }
}

/** The end of an address that names a room. */
export const hashOf = (room) => `#${encodeURIComponent(room)}`;

/** "#tea", or what stands for the room of everyone. */
export const roomTitle = (room) => (room === EVERYONE ? "everyone" : `#${room}`);

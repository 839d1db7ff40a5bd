// The list of rooms: those open here, with what is unread, and those that others are in. A room is a link to #its-name,
// so that going there is the browser's business.

import { make } from "./elements.js";
import { EVERYONE, hashOf, ROOM_LIMIT, roomTitle, tidyRoom } from "./rooms.js";
import { count } from "./words.js";

/** Rooms of others that are offered at most. */
const OFFERED_LIMIT = 12;

export class RoomList {
  #list;
  #rows = new Map();
  #leave;

  /** In the element `nav`; `leave(room)` is called when the person closes a room. */
  constructor(nav, { leave }) {
    this.#list = nav.querySelector("ul");
    this.#leave = leave;
    const form = nav.querySelector("form");
    const field = form.elements.namedItem("room");
    field.maxLength = ROOM_LIMIT;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const room = tidyRoom(field.value);
      field.value = "";
      if (room !== EVERYONE) location.hash = hashOf(room);
    });
  }

  /** Shows the rooms open and what others have open, by `people`. */
  show(rooms, people) {
    const offered = people.rooms().filter(([room]) => !rooms.has(room)).slice(0, OFFERED_LIMIT);
    const shown = [...rooms.open, ...offered.map(([room]) => room)];
    for (const room of this.#rows.keys()) if (!shown.includes(room)) this.#remove(room);
    shown.forEach((room, place) => {
      const row = this.#rows.get(room) ?? this.#add(room);
      describe(row, room, rooms, people.countIn(room));
      if (this.#list.children[place] !== row.item) this.#list.insertBefore(row.item, this.#list.children[place] ?? null);
    });
  }

  #add(room) {
    const item = make("li");
    const link = make("a", "room");
    link.href = room === EVERYONE ? "#" : hashOf(room);
    const [name, badge] = [make("span", "room-name", roomTitle(room)), make("span", "badge-count")];
    link.append(name, badge);
    item.append(link);
    const row = { item, link, badge, leave: null };
    if (room !== EVERYONE) item.append((row.leave = this.#leaveButton(room)));
    this.#rows.set(room, row);
    return row;
  }

  #leaveButton(room) {
    const button = make("button", "leave", "×");
    button.type = "button";
    button.title = `Leave ${roomTitle(room)}`;
    button.setAttribute("aria-label", button.title);
    button.addEventListener("click", () => this.#leave(room));
    return button;
  }

  #remove(room) {
    this.#rows.get(room).item.remove();
    this.#rows.delete(room);
  }
}

function describe({ item, link, badge, leave }, room, rooms, others) {
  const unread = rooms.unreadIn(room);
  const isOpen = rooms.has(room);
  item.classList.toggle("open", isOpen);
  mark(link, room === rooms.current);
  if (leave) leave.hidden = !isOpen;
  badge.classList.toggle("unread", unread > 0);
  const text = unread > 0 ? unread.toLocaleString() : isOpen || others === 0 ? "" : String(others);
  if (badge.textContent !== text) badge.textContent = text;
  link.title = isOpen ? `${count(others, "other")} here` : `Join: ${count(others, "other")} there`;
  link.setAttribute("aria-label", [roomTitle(room), unread > 0 ? `${unread} unread` : link.title].join(", "));
}

/** Marks the room on screen, and brings it into view when it becomes that. */
function mark(link, isCurrent) {
  if (link.hasAttribute("aria-current") === isCurrent) return;
  if (!isCurrent) return link.removeAttribute("aria-current");
  link.setAttribute("aria-current", "page");
  requestAnimationFrame(() => link.scrollIntoView({ block: "nearest", inline: "nearest" }));
}

// The rooms of the chat: a list of messages for each room that is open, of which one is on screen.

import { Chat } from "./chat.js";
import { find, make } from "./elements.js";
import { EVERYONE, roomTitle } from "./rooms.js";

const WELCOME = [
  ["This tab is a node of the mesh.", " There is no chat server: each node hands what it hears to its neighbours, and so it reaches everyone."],
  ["", "Say hello and watch it travel. Nobody there? Open a new tab: that is a second node."],
];

export class Chats {
  #place = find("#log");
  #chats = new Map();
  #actions;
  #current = null;

  /** `actions` are those of each Chat. */
  constructor(actions) {
    this.#actions = actions;
    this.show(EVERYONE);
  }

  /** The list of the room on screen. */
  get current() {
    return this.#current;
  }

  /** The list of a room that is open. */
  of(room) {
    return this.#chats.get(room)?.chat;
  }

  /** Puts a room on screen, with an empty list if it was not open. */
  show(room) {
    const shown = this.#chats.get(room) ?? this.#open(room);
    for (const { element } of this.#chats.values()) element.hidden = element !== shown.element;
    this.#current = shown.chat;
  }

  close(room) {
    this.#chats.get(room)?.element.remove();
    this.#chats.delete(room);
  }

  #open(room) {
    const element = find("#room").content.cloneNode(true).firstElementChild;
    element.dataset.room = room;
    element.querySelector(".log").setAttribute("aria-label", `Messages in ${roomTitle(room)}`);
    welcome(element.querySelector(".welcome"), room);
    this.#place.append(element);
    const opened = { element, chat: new Chat(element, this.#actions) };
    this.#chats.set(room, opened);
    return opened;
  }
}

function welcome(box, room) {
  const lines = room === EVERYONE ? WELCOME : [[`${roomTitle(room)}.`, " What is said here comes to those who have this room open, and is sent to no other tab. Share the address of this page to invite people."]];
  for (const [strong, rest] of lines) {
    const line = make("p");
    if (strong) line.append(make("b", "", strong));
    line.append(rest);
    box.append(line);
  }
}

// What is said: the rooms that are open, what comes in and where it stands, and what the person sends and asks.

import { Chats } from "./chats.js";
import { Composer } from "./composer.js";
import { find } from "./elements.js";
import { friendlyName } from "./identity.js";
import { compose, read } from "./packets.js";
import { RoomList } from "./roomlist.js";
import { EVERYONE, hashOf, roomOfHash, Rooms, roomTitle } from "./rooms.js";
import { sendTrouble } from "./words.js";

export class Conversation {
  rooms = new Rooms();
  #mesh;
  #names;
  #name;
  #asking;
  #drawing;
  #authorOf;
  #showSelf;
  #chats;
  #composer;
  #roomList;
  #subscriptions = new Map();

  /**
   * `name` is the person's, if they chose one; `author(id)` is what the list needs to know of who wrote, and `present()` is
   * called whenever the node has something else to show of itself.
   */
  constructor(mesh, { names, name, asking, drawing, author, present }) {
    this.#mesh = mesh;
    this.#names = names;
    this.#name = name;
    this.#asking = asking;
    this.#drawing = drawing;
    this.#authorOf = author;
    this.#showSelf = present;
    this.#chats = new Chats({
      reply: ({ sender, message }) => this.writeTo(sender, (...packets) => message.reply(...packets)),
      retry: (entry) => this.#deliver(entry),
    });
    this.#composer = new Composer(find("#composer"), {
      friendly: friendlyName(mesh.id),
      chosen: name,
      send: (text, target) => this.#send(text, target),
      rename: (chosen) => this.#rename(chosen),
    });
    this.#roomList = new RoomList(find("#rooms"), { leave: (room) => this.#leave(room) });
  }

  get name() {
    return this.#name;
  }

  /** Goes to the room that the address names, now and whenever that changes. */
  begin() {
    const follow = () => this.#enter(roomOfHash(location.hash));
    addEventListener("hashchange", follow);
    document.addEventListener("visibilitychange", () => document.hidden || (this.rooms.seen(), this.showRooms()));
    follow();
  }

  /** A line between the messages of the room on screen. */
  note(sentence) {
    this.#chats.current.note(sentence);
  }

  /** Turns the composer to one node. */
  writeTo(id, deliver = (...packets) => this.#mesh.whisper(id, ...packets)) {
    this.#composer.address({ id, name: this.#names.of(id), deliver });
  }

  /** Turns the composer to one node, for a question. */
  askOf(id) {
    this.#composer.address({ id, name: this.#names.of(id), asks: true });
  }

  /** Whether a message belongs here: a relay that knows no topics sends those of every room. */
  wants({ kind, topic }) {
    return kind === "whisper" || topic === null || this.rooms.has(topic);
  }

  /** Shows a message that came, `late` in the words given, as `read` has it. */
  show(message, { texts, cut, line }, late) {
    const { kind, sender, time, topic } = message;
    const whispered = kind === "whisper";
    const room = whispered ? this.rooms.current : (topic ?? EVERYONE);
    const asks = Boolean(line);
    this.#chats.of(room).add({ ...this.#authorOf(sender), time, texts, cut, whispered, late, line, asks, own: false, message });
    this.rooms.heard(room, !document.hidden);
    this.showRooms();
  }

  /** Shows the rooms and what is unread, and who else is in them if `people` are another. */
  showRooms(people = this.#people) {
    this.#people = people;
    const { unread, current } = this.rooms;
    const place = current === EVERYONE ? "rs2p" : `${roomTitle(current)} · rs2p`;
    document.title = unread > 0 ? `(${unread}) ${place}` : place;
    this.#roomList.show(this.rooms, people);
  }

  #people = { rooms: () => [], countIn: () => 0 };

  #enter(room) {
    const { opened, closed } = this.rooms.enter(room);
    if (opened) this.#subscriptions.set(opened, this.#mesh.subscribe(opened));
    if (closed) this.#shut(closed);
    this.#chats.show(room);
    this.#composer.enter(roomTitle(room));
    this.showRooms();
    this.#showSelf();
  }

  #leave(room) {
    this.rooms.leave(room);
    this.#shut(room);
    if (roomOfHash(location.hash) === room) location.hash = hashOf(EVERYONE);
    else this.#showSelf();
  }

  #shut(room) {
    this.#subscriptions.get(room)?.();
    this.#subscriptions.delete(room);
    this.#chats.close(room);
    this.showRooms();
  }

  /** Sends what the person wrote: to all in the room, or to the `target` alone, or asks that. */
  #send(text, target) {
    const { texts, cut } = read([text]);
    const own = { ...this.#authorOf(this.#mesh.id), own: true, time: new Date(), texts, cut, whispered: target !== null, to: target?.name };
    if (target?.asks) return this.#ask(own, text, target.id);
    const entry = { ...own, packets: compose(text, this.#name), target, room: this.rooms.current };
    this.#deliver(this.#chats.current.add(entry));
  }

  #ask(own, text, id) {
    const line = this.#asking.ask(id, text);
    this.#chats.current.add({ ...own, asks: true, fate: "sent", line });
    this.#drawing.sent(own.texts[0], id);
  }

  /** Sends an own message of the list, for the first time or once more. */
  async #deliver(entry) {
    const { target, packets, texts, room } = entry;
    const chat = this.#chats.current;
    chat.settle(entry, "sending");
    try {
      if (target) await target.deliver(...packets);
      else await this.#broadcast(room, packets);
      chat.settle(entry, "sent");
      this.#drawing.sent(texts[0], target?.id);
    } catch (error) {
      chat.settle(entry, "failed", sendTrouble(error));
    }
  }

  async #broadcast(room, packets) {
    const { peers } = await this.#mesh.sendWith(room === EVERYONE ? {} : { topic: room }, ...packets);
    if (peers === 0) throw Object.assign(new Error(), { code: "not-joined" });
  }

  #rename(name) {
    this.#name = name;
    this.#names.choose(this.#mesh.id, name);
    const address = new URL(location.href);
    if (name) address.searchParams.set("name", name);
    else address.searchParams.delete("name");
    history.replaceState(null, "", address);
    this.#showSelf();
  }
}

// The list of messages: bounded, and cheap however many arrive.
//
// Entries are queued and drawn in small batches, at a pace that leaves the page free whatever comes in; of a flood
// only the rows that would remain are ever made. Foreign text enters the page as text nodes only.

import { make } from "./elements.js";
import { portrait, svg } from "./face.js";
import { hue, tail } from "./identity.js";

/** The most rows kept in the page. */
export const ROW_LIMIT = 500;
/** Rows by one node within this time, in milliseconds, stand under one heading. */
const TOGETHER = 5 * 60_000;
/** A batch has at most so many rows, and the next one comes no sooner than this, in milliseconds. */
const BATCH_LIMIT = 40;
const BATCH_PAUSE = 60;
/** More new rows than this in one batch are not read out one by one. */
const READ_OUT_LIMIT = 12;
/** How near to the end, in pixels, counts as reading the newest. */
const NEAR_END = 60;
const REPLY = "M6.5 3.5 2.5 7.5l4 4M3 7.5h6.5a4 4 0 0 1 4 4v1";

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

/**
 * An entry of the list. A note has only `note`, and stands without a sender. A message has
 * `sender`, `name`, `square` (its face), `time`, `texts`, `cut`, `whispered`, `own`, and for own whispers `to`; `late`,
 * if it came late, says so in words; `asks` if it is a question; `line` is an element to stand under it.
 * The list adds `row`, the element, while the entry is shown.
 * @typedef {Record<string, any>} Entry
 */

export class Chat {
  #log;
  #list;
  #newer;
  #queue = [];
  #rows = [];
  #scheduled = false;
  #unseen = 0;
  #atEnd = true;

  /**
   * In an element `log` with a list and a button to its end. `reply(entry)` and `retry(entry)` are called when the person
   * presses these buttons.
   */
  constructor(log, { reply, retry }) {
    this.#log = log.querySelector(".log");
    this.#list = log.querySelector("ol");
    this.#newer = log.querySelector(".newer");
    const actions = { reply, retry };
    this.#list.addEventListener("click", (event) => this.#clicked(event, actions));
    this.#log.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.#newer.addEventListener("click", () => this.#toEnd());
    new ResizeObserver(() => this.#atEnd && this.#toEnd()).observe(this.#log);
  }

  /** Adds an entry with one of the next frames. */
  add(entry) {
    this.#queue.push(entry);
    if (this.#queue.length > 2 * ROW_LIMIT) this.#queue.splice(0, ROW_LIMIT);
    if (!this.#scheduled) this.#schedule();
    return entry;
  }

  /** Adds a note, or counts it up if it says the same as the newest entry. */
  note(text) {
    const newest = this.#queue.at(-1) ?? this.#rows.at(-1);
    if (newest?.note !== text) return this.add({ note: text, times: 1 });
    newest.times += 1;
    if (newest.row) newest.row.textContent = noteText(newest);
    return newest;
  }

  /** Tells what became of an own message: "sent", or "failed" for the `reason` given. */
  settle(entry, fate, reason = "") {
    Object.assign(entry, { fate, reason });
    if (entry.row) drawFate(entry);
  }

  /** With the next frame; a hidden page has none, and should still be up to date when it is looked at. */
  #schedule() {
    this.#scheduled = true;
    const soon = document.hidden ? setTimeout : requestAnimationFrame;
    soon(() => {
      this.#drawBatch();
      setTimeout(() => this.#rest(), BATCH_PAUSE);
    });
  }

  #rest() {
    this.#scheduled = false;
    if (this.#queue.length > 0) this.#schedule();
  }

  #drawBatch() {
    this.#queue.splice(0, Math.max(0, this.#queue.length - ROW_LIMIT));
    const fresh = this.#queue.splice(0, BATCH_LIMIT);
    this.#log.setAttribute("aria-live", fresh.length > READ_OUT_LIMIT ? "off" : "polite");
    const fragment = document.createDocumentFragment();
    for (const entry of fresh) {
      entry.row = drawRow(entry, this.#rows.at(-1));
      this.#rows.push(entry);
      fragment.append(entry.row);
    }
    this.#trim();
    this.#list.append(fragment);
    if (this.#atEnd || fresh.some((entry) => entry.own)) this.#toEnd();
    else this.#countUnseen(fresh.length);
  }

  #trim() {
    const extra = this.#rows.splice(0, Math.max(0, this.#rows.length - ROW_LIMIT));
    for (const entry of extra) {
      entry.row.remove();
      entry.row = null;
    }
    if (extra.length > 0) drawHeading(this.#rows[0]);
  }

  #scrolled() {
    this.#atEnd = this.#log.scrollHeight - this.#log.scrollTop - this.#log.clientHeight < NEAR_END;
    if (this.#atEnd) this.#countUnseen(-this.#unseen);
  }

  #toEnd() {
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#atEnd = true;
    this.#countUnseen(-this.#unseen);
  }

  #countUnseen(change) {
    this.#unseen += change;
    this.#newer.hidden = this.#unseen === 0;
    this.#newer.textContent = this.#unseen === 1 ? "1 new message" : `${this.#unseen} new messages`;
  }

  #clicked(event, actions) {
    const button = event.target.closest("button[data-action]");
    if (!button) return;
    const row = button.closest("li");
    const entry = this.#rows.find((candidate) => candidate.row === row);
    if (entry) actions[button.dataset.action](entry);
  }
}

function drawRow(entry, before) {
  if (entry.note !== undefined) return make("li", "note", noteText(entry));
  const row = make("li", "message");
  row.dataset.kind = entry.whispered ? "whisper" : "broadcast";
  row.dataset.sender = entry.sender;
  row.classList.toggle("own", entry.own);
  row.classList.toggle("private", entry.whispered);
  row.style.setProperty("--hue", String(hue(entry.sender)));
  row.append(drawBody(entry));
  if (entry.late) {
    row.classList.add("late");
    row.append(make("span", "late-mark", entry.late));
  }
  if (entry.line) row.append(entry.line);
  if (!entry.own) row.append(drawReply(entry));
  entry.row = row;
  if (!continues(entry, before)) drawHeading(entry);
  if (entry.own) drawFate(entry);
  return row;
}

/** Whether a message may stand under the heading of the one before it. */
function continues(entry, before) {
  if (before?.sender !== entry.sender || before.name !== entry.name || before.to !== entry.to) return false;
  return before.whispered === entry.whispered && !before.asks && !entry.asks && entry.time - before.time < TOGETHER;
}

/** Face, name and time over a message, unless they are there already. */
function drawHeading(entry) {
  if (entry.note !== undefined || entry.row.classList.contains("first")) return;
  entry.row.classList.add("first");
  const heading = make("div", "heading");
  heading.append(make("b", "name", entry.own ? `${entry.name} (you)` : entry.name));
  if (!entry.own) heading.append(make("span", "tail", tail(entry.sender)));
  if (entry.whispered) heading.append(make("span", "badge", `${entry.asks ? "asks" : "private, to"} ${entry.to ?? "you"}`));
  heading.append(drawTime(entry.time));
  entry.row.prepend(portrait(entry.sender, entry.square), heading);
}

function drawTime(time) {
  const valid = !Number.isNaN(time.getTime());
  const element = make("time", "", valid ? clock.format(time) : "");
  if (valid) element.dateTime = time.toISOString();
  return element;
}

function drawBody({ texts, cut }) {
  const body = make("div", "body");
  for (const text of texts.length > 0 ? texts : [""]) body.append(drawPacket(text));
  if (cut) body.append(make("span", "cut", "… too long to show the rest"));
  return body;
}

function drawReply({ name }) {
  const button = make("button", "reply");
  button.type = "button";
  button.dataset.action = "reply";
  button.title = `Reply privately to ${name}`;
  button.setAttribute("aria-label", button.title);
  button.append(svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, svg("path", { d: REPLY })));
  return button;
}

function drawPacket(text) {
  const packet = text === "" ? make("span", "packet empty", "(empty)") : make("span", "packet", text);
  packet.dir = "auto";
  return packet;
}

/** The line under an own message: nothing while all is well. */
function drawFate(entry) {
  entry.row.dataset.fate = entry.fate ?? "sending";
  entry.row.querySelector(".fate")?.remove();
  if (entry.fate !== "failed") return;
  const line = make("div", "fate", `Not sent: ${entry.reason} `);
  const retry = make("button", "", "Send again");
  retry.type = "button";
  retry.dataset.action = "retry";
  line.append(retry);
  entry.row.append(line);
}

const noteText = ({ note, times }) => (times > 1 ? `${note} (${times} times)` : note);

// The state of things, in words a person can act on. Pure: values in, sentences out.

import { EVERYONE, roomTitle } from "./rooms.js";

/** The one line that always stands at the top. */
export function statusLine({ status, subnet, relays, known, failed, now }) {
  switch (status.state) {
    case "joined":
      return `Joined mesh “${subnet}” through ${count(relays, "relay")}; ${count(known, "node")} known`;
    case "degraded":
      return DOUBTS[status.why] ?? "Connected, but not as it should be";
    case "closed":
      return "This tab has left the mesh; reload to join again";
    case "offline":
      return failed === "lasting" ? "Not connected" : `No connection: ${attempt(status.nextAttempt, now)}`;
    default:
      if (failed === "lasting") return "Not connected";
      return failed ? "No connection: trying again…" : `Joining mesh “${subnet}”…`;
  }
}

const DOUBTS = {
  "silence": "The relay is silent: asking whether it is there…",
  "network-off": "The browser says that there is no network",
  "catching-up": "Back in the mesh: fetching what was missed…",
};

function attempt(at, now) {
  const seconds = at ? Math.ceil((at - now) / 1000) : 0;
  return seconds > 0 ? `next attempt in ${seconds} s` : "trying again…";
}

/** How long it took, as a person would say it: "3 ms", "1.2 s". */
export function duration(ms) {
  if (ms < 1000) return `${Math.max(1, Math.round(ms))} ms`;
  return `${(ms / 1000).toFixed(ms < 9950 ? 1 : 0)} s`;
}

/** What went wrong when dialling the relay and what to do about it: `{ title, remedy }`. */
export function dialTrouble(error, { relay, subnet, secure }) {
  switch (error?.code) {
    case "wrong-subnet":
      return {
        title: `${relay} belongs to another mesh than “${subnet}”`,
        remedy: "Put the right name into the address of this page (subnet=NAME), or restart the relay with "
          + `--subnet ${quote(subnet)}.`,
      };
    case "bad-address":
      return {
        title: `“${relay}” is not the address of a relay`,
        remedy: "It should look like ws://127.0.0.1:8765. Correct relay=… in the address of this page.",
      };
    case "closed":
      return { title: "This tab has left the mesh", remedy: "Reload the page to join again." };
    case "refused":
      return {
        title: `${relay} closed the connection`,
        remedy: "Is it a relay of this kind, and does it have room? This page keeps trying.",
      };
    default:
      return { title: `${relay} does not answer`, remedy: unreachableRemedy(relay, secure) };
  }
}

function unreachableRemedy(relay, secure) {
  if (secure && relay.startsWith("ws:")) {
    return "A page opened with https: may only dial wss: addresses. Give one as relay=… in the address, "
      + "or open the page with http:.";
  }
  return "Is it running, and is that its address? This page keeps trying.";
}

/** Why the package could not start. */
export function startTrouble(error) {
  if (typeof WebAssembly !== "object") {
    return { title: "This browser cannot run WebAssembly", remedy: "Open the page in a current browser." };
  }
  return {
    title: "The mesh node did not load",
    remedy: "It should be at pkg/index.js beside this page: build it with “cargo xtask page”, then reload. "
      + `(${error.message})`,
  };
}

/** Why a message was not sent, as the end of a sentence. */
export function sendTrouble(error) {
  switch (error?.code) {
    case "not-joined":
      return "there is no connection.";
    case "no-route":
      return "no way to that node was found.";
    case "closed":
      return "this tab has left the mesh.";
    default:
      return `${error.message}.`;
  }
}

/** What a question came to nothing by, as a sentence. */
export function askTrouble(error, name, ms) {
  switch (error?.code) {
    case "timeout":
    case "no-answer":
      return `No answer from ${name} within ${duration(ms)}.`;
    case "no-route":
    case "lost":
      return `No way to ${name} was found.`;
    case "not-joined":
      return "There is no connection.";
    default:
      return `Not asked: ${error?.message ?? error}.`;
  }
}

/** Which way an answer came, by the names of the nodes between: "directly", "by way of Ada", "by way of 2 nodes". */
export function wayWords(between) {
  if (between.length === 0) return "directly";
  return `by way of ${between.length === 1 ? between[0] : count(between.length, "node")}`;
}

/** Who was in the mesh before. */
export const hereWords = (names) => `Here already: ${nameList(names)}`;

/** Who came, and who is back that this tab had lost touch with. */
export const cameWords = (names) => `${nameList(names)} joined`;
export const backWords = (names) => `In touch again with ${nameList(names)}`;

/** Who left, and why; or whom this tab has lost touch with, because it has no connection itself. */
export const wentWords = (names, reason) => `${nameList(names)} left: ${GONE[reason] ?? "gone"}`;
export const awayWords = (names) => `Out of touch with ${nameList(names)}`;

const GONE = {
  goodbye: "goodbye",
  lost: "the connection broke",
  timeout: "no sign of life",
  asleep: "asleep for too long",
};

/** "Ada", "Ada and Bela", "Ada, Bela and 3 more". */
export function nameList(names) {
  if (names.length > 4) return `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`;
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

const placeWords = (room) => (room === EVERYONE ? "with everyone" : `in ${roomTitle(room)}`);

/** What a member is at, for its card. */
export function stateWords({ state, isPage, room }) {
  const place = isPage ? placeWords(room) : "";
  if (state === "awake") return place && `Is ${place}`;
  return state === "asleep" ? "Asleep" : ["Looking elsewhere", place].filter(Boolean).join(", ");
}

/** What somebody is at, seen from `room`; "" if there is nothing to say. */
export function whereabouts({ state, isPage, isSelf, isSquare, room: there }, room) {
  if (isSelf) return "";
  if (state === "asleep") return "asleep";
  if (!isPage) return isSquare ? "relay" : "script";
  const place = there === room ? "" : placeWords(there);
  if (state === "hidden") return place ? `${place}, looking elsewhere` : "looking elsewhere";
  return place;
}

/** Why a message came late, or was said before this tab came; "" if it is neither. */
export function lateWords(late, isBefore) {
  if (isBefore) return "said before you came";
  return late > 0 ? `caught up, ${late} s late` : "";
}

/** What was lost for good. */
export const gapWords = (ms) => `You were away for longer than the mesh remembers: what was said in ${duration(ms)} of it may be lost`;

/** The command that says something in a room from a terminal; null if it could not be pasted safely. */
export function terminalCommand(relay, subnet, room) {
  if (/[\p{Cc}\p{Cf}]/u.test(relay + subnet + room)) return null;
  const mesh = subnet === "mesh" ? "" : ` --subnet ${quote(subnet)}`;
  const topic = room === EVERYONE ? "" : ` --topic ${quote(room)}`;
  return `rs2p send --peer ${quote(relay)}${mesh}${topic} "hello"`;
}

/** A word for a shell: as it is if it is harmless, else in single quotes. */
function quote(word) {
  return /^[\w@%+=:,./][\w@%+=:,./-]*$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** "1 relay", "3 relays". */
export const count = (number, thing) => `${number.toLocaleString()} ${thing}${number === 1 ? "" : "s"}`;

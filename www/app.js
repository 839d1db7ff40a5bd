// The page: one MeshSocket, shown as a chat and as a drawing of the mesh.
//
// This file only connects: the socket's events to what shows them, and what the person does to the socket. The
// address may say ?relay=ws://… (else the host that served the page), ?subnet=NAME and ?name=NAME.
// The socket is at `mesh` in the console.

import { Chat } from "./chat.js";
import { Composer } from "./composer.js";
import { Dialler } from "./dialler.js";
import { Drawing } from "./drawing.js";
import { MeshGraph } from "./graph.js";
import { friendlyName, hue, Names, tidyName } from "./identity.js";
import { showInvitation } from "./invitation.js";
import { compose, read } from "./packets.js";
import { count, dialTrouble, sendTrouble, startTrouble, statusLine } from "./words.js";

/** How often the neighbours are asked for theirs while the page is in sight, in milliseconds. */
const ASK_EVERY = 5000;
/** The drawing follows the mesh no more often than this, in milliseconds. */
const REFRESH_PAUSE = 100;

const find = (selector) => document.querySelector(selector);

class Page {
  #mesh;
  #relay;
  #name;
  #names = new Names();
  #graph;
  #drawing;
  #chat;
  #composer;
  #dialler;
  #dialable = new Set();
  #refreshing = false;
  #unread = 0;

  constructor(mesh, { relay, name }) {
    this.#mesh = mesh;
    this.#relay = relay;
    this.#name = name;
    this.#names.choose(mesh.id, name);
    this.#graph = new MeshGraph(mesh.id);
    this.#drawing = new Drawing(find("#stage"), this.#names, { whisper: (id) => this.#writeToNode(id) });
    this.#chat = new Chat(find("#log"), find("#newer"), {
      reply: (entry) => this.#writeToAuthor(entry),
      retry: (entry) => this.#deliver(entry),
    });
    this.#composer = new Composer(find("#composer"), {
      friendly: friendlyName(mesh.id),
      chosen: name,
      send: (text, target) => this.#send(text, target),
      rename: (chosen) => this.#rename(chosen),
    });
    this.#dialler = new Dialler(mesh, relay, () => this.#refresh());
  }

  run() {
    this.#listen();
    this.#refresh();
    this.#dialler.dial();
    setInterval(() => this.#askAround(), ASK_EVERY);
    document.addEventListener("visibilitychange", () => this.#visibilityChanged());
    find("#retry").addEventListener("click", () => this.#dialler.dial());
    addEventListener("pagehide", (event) => event.persisted || this.#mesh.close());
  }

  #listen() {
    const mesh = this.#mesh;
    mesh.on("message", (message) => this.#receive(message));
    mesh.on("peers", () => this.#refreshSoon());
    mesh.on("connect", () => this.#joined());
    mesh.on("close", (closed) => this.#linkEnded(closed));
    mesh.on("error", (error) => {
      if (mesh.status.state === "joined") this.#chat.note(`Trouble: ${error.message}`);
      else this.#dialler.heard(error);
      this.#refreshSoon();
    });
  }

  #joined() {
    this.#dialler.joined();
    this.#mesh.requestPeers();
    this.#refreshSoon();
  }

  /** A peer is one no more, or (`peer` is null) this node is closed. */
  #linkEnded({ peer, reason }) {
    if (peer !== null) this.#chat.note(`Lost the link to ${this.#names.of(peer)}: ${reason}`);
    this.#refreshSoon();
  }

  #receive(message) {
    const { kind, sender, via, time, packets } = message;
    if (sender === this.#mesh.id) return;
    const { texts, name, cut } = read(packets);
    const whispered = kind === "whisper";
    const renamed = name !== null && this.#names.choose(sender, name);
    if (this.#graph.hear(sender, via, performance.now()) || renamed) this.#refreshSoon();
    this.#drawing.received({ sender, via, whispered, text: texts.join(" ") });
    this.#chat.add({ ...this.#author(sender), time, texts, cut, whispered, own: false, message });
    if (document.hidden) this.#showUnread(this.#unread + 1);
  }

  #author(id) {
    return { sender: id, name: this.#names.of(id), square: this.#dialable.has(id) };
  }

  /** Sends what the person wrote, to all or to the `target` alone. */
  #send(text, target) {
    const { texts, cut } = read([text]);
    const packets = compose(text, this.#name);
    const own = { ...this.#author(this.#mesh.id), own: true, time: new Date(), texts, cut, packets };
    this.#deliver(this.#chat.add({ ...own, whispered: target !== null, to: target?.name, target }));
  }

  /** Sends an own message of the list, for the first time or once more. */
  async #deliver(entry) {
    const { target, packets, texts } = entry;
    this.#chat.settle(entry, "sending");
    try {
      if (target) await target.deliver(...packets);
      else if ((await this.#mesh.send(...packets)).peers === 0) throw Object.assign(new Error(), { code: "not-joined" });
      this.#chat.settle(entry, "sent");
      this.#drawing.sent(texts[0], target?.id);
    } catch (error) {
      this.#chat.settle(entry, "failed", sendTrouble(error));
    }
  }

  #writeToNode(id) {
    const deliver = (...packets) => this.#mesh.whisper(id, ...packets);
    this.#composer.address({ id, name: this.#names.of(id), deliver });
  }

  #writeToAuthor({ sender, message }) {
    const deliver = (...packets) => message.reply(...packets);
    this.#composer.address({ id: sender, name: this.#names.of(sender), deliver });
  }

  #rename(name) {
    this.#name = name;
    this.#names.choose(this.#mesh.id, name);
    const address = new URL(location.href);
    if (name) address.searchParams.set("name", name);
    else address.searchParams.delete("name");
    history.replaceState(null, "", address);
    this.#refreshSoon();
  }

  #refreshSoon() {
    if (this.#refreshing) return;
    this.#refreshing = true;
    setTimeout(() => {
      this.#refreshing = false;
      this.#refresh();
    }, REFRESH_PAUSE);
  }

  /** Shows the mesh and the state of the connection as they are now. */
  #refresh() {
    this.#graph.learn(this.#mesh.topology);
    const view = this.#graph.view();
    this.#dialable = new Set(view.nodes.filter((node) => node.address).map((node) => node.id));
    this.#drawing.show(view);
    this.#drawing.connected(this.#mesh.status.state === "joined");
    describeDrawing(view);
    this.#refreshStatus(view.known);
  }

  #refreshStatus(known) {
    const { peers, subnet } = this.#mesh;
    const status = this.#mesh.status.state;
    const { error, gaveUp } = this.#dialler;
    const failed = error && (gaveUp ? "lasting" : "passing");
    showStatus(status, statusLine({ status, subnet, relays: peers.length, known, failed }));
    const where = { relay: this.#relay, subnet, secure: location.protocol === "https:" };
    showTrouble(error && status !== "joined" ? dialTrouble(error, where) : null, error?.code !== "closed");
  }

  /** Asks the neighbours for their peers, if somebody looks. */
  #askAround() {
    if (document.hidden) return;
    this.#mesh.requestPeers();
    if (this.#graph.forget(performance.now())) this.#refreshSoon();
  }

  #visibilityChanged() {
    this.#askAround();
    if (!document.hidden) this.#showUnread(0);
  }

  #showUnread(unread) {
    this.#unread = unread;
    document.title = unread > 0 ? `(${unread}) rs2p` : "rs2p";
  }
}

async function start(options) {
  const { MeshSocket, ready } = await import("./pkg/index.js");
  await ready();
  const mesh = new MeshSocket({ subnet: options.subnet });
  globalThis.mesh = mesh;
  document.documentElement.style.setProperty("--own-hue", String(hue(mesh.id)));
  new Page(mesh, options).run();
}

function readOptions() {
  const given = new URLSearchParams(location.search);
  const own = `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}`;
  return {
    relay: given.get("relay")?.trim() || own,
    subnet: given.get("subnet") || "mesh",
    name: tidyName(given.get("name") ?? ""),
  };
}

function describeDrawing({ nodes, links, known }) {
  const drawn = `${count(nodes.length, "node")}, ${count(links.length, "link")}`;
  find("#picture").setAttribute("aria-label", `Drawing of the mesh: ${drawn}`);
  find("#undrawn").hidden = known === nodes.length;
  find("#undrawn").textContent = `${(known - nodes.length).toLocaleString()} more not drawn`;
}

function showStatus(status, line) {
  find("#status").dataset.status = status;
  say("#status", line);
}

function showTrouble(trouble, retry = false) {
  find("#trouble").hidden = !trouble;
  find("#retry").hidden = !retry;
  say("#trouble-title", trouble?.title ?? "");
  say("#trouble-remedy", trouble?.remedy ?? "");
}

/** Changes a text only if it differs, or it would be read out again. */
function say(selector, text) {
  const element = find(selector);
  if (element.textContent !== text) element.textContent = text;
}

const options = readOptions();
showInvitation(options);
start(options).catch((error) => {
  showStatus("closed", "Not started");
  showTrouble(startTrouble(error));
});

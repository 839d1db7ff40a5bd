// The page: one node of the mesh, shown as rooms, people, a chat and a drawing.
//
// This file only connects: what the node tells to what shows it, and what the person does to the node.

import { Asking } from "./asking.js";
import { Company } from "./company.js";
import { Conversation } from "./conversation.js";
import { Drawing } from "./drawing.js";
import { find, say } from "./elements.js";
import { MeshGraph } from "./graph.js";
import { Names } from "./identity.js";
import { Lateness } from "./lateness.js";
import { read } from "./packets.js";
import { ownPresence } from "./people.js";
import { isIn, StatusLine } from "./status.js";
import { Trials } from "./trials.js";
import { count, duration, gapWords } from "./words.js";

/** How often the neighbours are asked for theirs while the page is in sight, in milliseconds. */
const ASK_EVERY = 5000;
/** The page follows the mesh no more often than this, in milliseconds. */
const REFRESH_PAUSE = 100;

export class Page {
  #mesh;
  #names = new Names();
  #lateness = new Lateness();
  #graph;
  #drawing;
  #asking;
  #conversation;
  #company;
  #status;
  #trials;
  #dialable = new Set();
  #refreshing = false;

  constructor(mesh, network, { relay, subnet, name }) {
    this.#mesh = mesh;
    this.#names.choose(mesh.id, name);
    this.#graph = new MeshGraph(mesh.id);
    this.#drawing = new Drawing(find("#stage"), this.#names, {
      whisper: (id) => this.#conversation.writeTo(id),
      ask: (id) => this.#conversation.askOf(id),
      ping: async (id) => (await this.#asking.ping(id)).words,
    });
    this.#asking = new Asking(mesh, {
      nameOf: (id) => this.#names.of(id),
      ownName: () => this.#conversation.name,
      wayTo: (id, via) => this.#drawing.between(id, via),
    });
    const tell = (sentence) => this.#conversation.note(sentence);
    this.#conversation = new Conversation(mesh, {
      names: this.#names,
      name,
      asking: this.#asking,
      drawing: this.#drawing,
      author: (id) => ({ sender: id, name: this.#names.of(id), square: this.#dialable.has(id) }),
      present: () => this.#present(),
    });
    this.#company = new Company(mesh, {
      names: this.#names,
      asking: this.#asking,
      choose: (id) => this.#drawing.choose(id),
      tell,
      changed: () => this.#refreshSoon(),
    });
    this.#status = new StatusLine({ relay, subnet }, () => mesh.connect(relay).catch(() => {}));
    this.#trials = new Trials(network, { tell });
  }

  run() {
    const mesh = this.#mesh;
    const on = (type, handle) => mesh.addEventListener(type, ({ detail }) => handle(detail));
    on("statuschange", (status) => this.#statusChanged(status));
    on("peers", () => this.#refreshSoon());
    on("memberleave", ({ id }) => this.#left(id));
    on("gap", ({ unknownMs }) => this.#missed(unknownMs));
    on("error", (error) => this.#heardOf(error));
    this.#conversation.begin();
    this.#statusChanged(mesh.status);
    this.#hear();
    setInterval(() => this.#askAround(), ASK_EVERY);
    document.addEventListener("visibilitychange", () => this.#askAround());
  }

  /** From the queue: what came before there was a page is in it too. */
  async #hear() {
    for await (const message of this.#mesh) this.#receive(message);
  }

  #statusChanged(status) {
    this.#lateness.status(status);
    this.#trials.status(status);
    if (isIn(status)) this.#mesh.requestPeers();
    if (status.state === "joined") tellHowLong();
    this.#refresh();
  }

  #heardOf(error) {
    if (!isIn(this.#mesh.status)) this.#status.heard(error);
    else if (error.code !== "gap") this.#conversation.note(`Trouble: ${error.message}`);
    this.#refreshSoon();
  }

  #missed(ms) {
    this.#trials.gap();
    this.#conversation.note(gapWords(ms));
  }

  #left(id) {
    this.#graph.left(id);
    this.#mesh.requestPeers();
  }

  #receive(message) {
    const { kind, sender, via, packets } = message;
    if (sender === this.#mesh.id || !this.#conversation.wants(message)) return;
    const whispered = kind === "whisper";
    const said = message.isQuestion && whispered ? this.#asking.take(message) : read(packets);
    if (said === null) return;
    const renamed = said.name !== null && this.#names.choose(sender, said.name);
    if (this.#graph.hear(sender, via, performance.now()) || renamed) this.#refreshSoon();
    this.#drawing.received({ sender, via, whispered, text: said.texts.join(" ") });
    const late = this.#lateness.of(message);
    if (late) this.#trials.late();
    this.#conversation.show(message, said, late);
  }

  /** Shows others who this is and where. */
  #present() {
    this.#mesh.presence = ownPresence(this.#conversation.name, this.#conversation.rooms);
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
    const { id, topology, status, peers } = this.#mesh;
    const { people } = this.#company;
    this.#graph.learn(topology);
    this.#graph.attend(people.all);
    const view = this.#graph.view();
    this.#dialable = new Set(view.nodes.filter((node) => node.address).map((node) => node.id));
    this.#drawing.show(view);
    this.#drawing.connected(isIn(status));
    describeDrawing(view);
    this.#status.show({ status, relays: peers.length, known: view.known });
    this.#company.show(id, this.#conversation.rooms.current, this.#dialable);
    this.#conversation.showRooms(people);
  }

  /** Asks the neighbours for their peers, if somebody looks. */
  #askAround() {
    if (document.hidden) return;
    this.#mesh.requestPeers();
    if (this.#graph.forget(performance.now())) this.#refreshSoon();
  }
}

/** In the small print, once: how long it took from the click that opened the page. */
function tellHowLong() {
  if (performance.getEntriesByName("joined").length > 0) return;
  const { startTime } = performance.mark("joined");
  say(find("#small-print"), `Joined in ${duration(startTime)}`);
}

function describeDrawing({ nodes, links, known }) {
  const drawn = `${count(nodes.length, "node")}, ${count(links.length, "link")}`;
  find("#picture").setAttribute("aria-label", `Drawing of the mesh: ${drawn}`);
  find("#undrawn").hidden = known === nodes.length;
  find("#undrawn").textContent = `${(known - nodes.length).toLocaleString()} more not drawn`;
}

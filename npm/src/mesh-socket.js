// The class that users hold. It checks what they pass, asks the node, and turns what the node tells into their events.

import { Driver } from "./driver.js";
import { badArgument, closedError, MeshError } from "./errors.js";
import { readBatch } from "./batch.js";
import { claim } from "./identity.js";
import { Interest } from "./interest.js";
import { Known } from "./known.js";
import { watch } from "./lifecycle.js";
import { call, disposable } from "./listeners.js";
import { protocolIdOf, ready } from "./load.js";
import { Members } from "./members.js";
import { hex } from "./message.js";
import { Messages } from "./iterator.js";
import { encode, encodeOne } from "./msgpack.js";
import * as read from "./options.js";
import { Outlet } from "./outlet.js";
import { Parking } from "./parking.js";
import { Questions } from "./questions.js";
import { replayed } from "./replay.js";
import { Status } from "./status.js";
import { checked, soonest, timeout, within } from "./waiting.js";

/** How long `join` waits if it is not told: one whole attempt, 10 s to dial and 5 s to greet. */
const ATTEMPT = 15_000;
/** As many answers as the core counts at most. */
const MOST_ANSWERS = 4_096;
/** How long questions wait for answers if they are not told: to one, as long as finding it may take; to all, a moment. */
const PATIENCE = { one: 10_000, all: 2_000 };
/** The codes with which links end that nobody lost: see CloseReason in the core. */
const ENDED_HERE = { 1000: "disconnected", 1001: "closed" };

export class MeshSocket extends EventTarget {
  #driver;
  #outlet;
  #subnet;
  #known = new Known();
  #members = new Members();
  #questions = new Questions();
  #interest;
  #presence = null;
  #status = new Status();
  #endedHere = null;
  #relays;
  #strangers = new Set();
  /** Who waits for more peers. */
  #awaited = new Set();
  #unwatch = () => {};
  #closing;
  #reason = "the node was closed";
  #release = () => {};

  constructor(options) {
    super();
    const { subnet, relays, keep, hearsay, id, lifecycle, queue, interest, presence } = read.meshOptions(options);
    this.#subnet = subnet;
    this.#outlet = new Outlet(this, {
      bounds: queue.incoming,
      policy: queue.policy,
      peer: (id) => this.#known.peer(id) ?? { id, address: null, dialled: true },
      close: () => this.close({ reason: "a queue overflowed" }),
    });
    const parked = new Parking(queue.outgoing, queue.policy, (count) => this.#outlet.struck("outgoing", count));
    this.#driver = new Driver({ subnet, id, keep, hearsay, parked, tell: (word, fields) => this.#happened(word, fields) });
    this.#relays = relays.length;
    this.#orEnd(() => {
      this.#interest = new Interest(interest, (input) => this.#driver.askNow(input));
      if (presence != null) this.presence = presence;
      for (const url of relays) this.#driver.askNow(["connect", url, null, true]);
    });
    if (lifecycle) this.#unwatch = watch((word) => this.#driver.environment(word));
  }

  /** A node that runs, whether or not anybody can be reached. */
  static async open(subnet, options) {
    const given = read.object(options);
    // An id of one's own choice needs no keeping. The wasm comes meanwhile.
    const claiming = claim(subnet, given.id == null ? given : {});
    claiming.catch(() => {});
    try {
      await ready();
    } catch (error) {
      claiming.then(({ release }) => release(), () => {});
      throw error;
    }
    const owned = await claiming;
    let mesh;
    try {
      mesh = new this({ ...given, id: given.id ?? owned.id ?? undefined, subnet });
      mesh.#release = owned.release;
      if (owned.id === null) await owned.keep(mesh.id);
      return mesh;
    } catch (error) {
      mesh?.close();
      owned.release();
      throw error;
    }
  }

  /** A node that is in the mesh. */
  static async join(subnet, options) {
    const { timeoutMs = ATTEMPT, signal, relays, peers } = read.object(options);
    checked({ timeoutMs, signal });
    read.string(subnet, "subnet");
    signal?.throwIfAborted();
    if (!(relays?.length || peers?.length)) {
      throw badArgument("relays names nobody: to join takes an address to dial, which MeshSocket.open does not");
    }
    const until = performance.now() + timeoutMs;
    const opening = this.open(subnet, { ...options, signal: soonest(signal, timeoutMs) });
    const mesh = await opening.catch((error) => {
      throw error.name === "TimeoutError" && !signal?.aborted ? timeout(timeoutMs) : error;
    });
    try {
      await mesh.joined({ timeoutMs: Math.max(0, until - performance.now()), signal });
      return mesh;
    } catch (error) {
      mesh.close();
      throw error;
    }
  }

  /** What is wrong with the options ends the node that was begun with them. */
  #orEnd(start) {
    try {
      start();
    } catch (error) {
      this.#driver.close();
      throw error;
    }
  }

  get id() {
    return this.#driver.id;
  }

  get subnet() {
    return this.#subnet;
  }

  get status() {
    return this.#status.now;
  }

  /** Resolves when the node is in the mesh for the first time. */
  get ready() {
    return this.joined();
  }

  get peers() {
    return this.#known.peers;
  }

  get routingTable() {
    return new Map(this.peers.map((peer) => [peer.id, peer]));
  }

  get outgoing() {
    return this.peers.filter(({ dialled }) => dialled).map(({ id }) => id);
  }

  get incoming() {
    return this.peers.filter(({ dialled }) => !dialled).map(({ id }) => id);
  }

  get outAddr() {
    return null;
  }

  get faults() {
    return [...this.#outlet.faults];
  }

  get overflow() {
    return this.#outlet.overflow;
  }

  get topology() {
    return this.#known.topology(this.id);
  }

  joined(options) {
    const { timeoutMs, signal } = read.object(options);
    return this.#status.joined({ timeoutMs, signal });
  }

  members() {
    return this.#members.list;
  }

  /** What this node shows to all members; setting it tells them. */
  get presence() {
    return this.#presence;
  }

  set presence(value) {
    const shown = value ?? null;
    this.#driver.askNow(["present", encode(shown === null ? [] : [shown], "presence")]);
    this.#presence = shown;
  }

  async connect(url, options) {
    const { id = null, timeoutMs, signal } = read.object(options);
    const input = ["connect", read.url(url), id === null ? null : read.node(id), false];
    await this.#driver.ask(input, { settled: true, timeoutMs, signal });
  }

  send(...packets) {
    return this.sendWith({}, ...packets);
  }

  publish(topic, ...packets) {
    return this.sendWith({ topic: read.string(topic, "topic") }, ...packets);
  }

  async sendWith(options, ...packets) {
    const { to, flag, topic, atLeast, ...waiting } = read.object(options);
    const [far, own, about, bytes] = [read.reach(to), read.flag(flag), read.topic(topic), encode(packets)];
    const { timeoutMs, signal } = waiting;
    if (atLeast !== undefined) await this.#hasPeers(read.atLeastOne(atLeast, "atLeast"), { timeoutMs, signal });
    const lane = Array.isArray(far) ? far[0] : "";
    const input = ["broadcast", far, own, about, bytes];
    const [, id, peers] = await this.#driver.ask(input, { lane, bytes: bytes.length, timeoutMs, signal });
    return { id: hex(id), peers };
  }

  /** Resolves when there are so many peers. */
  async #hasPeers(count, waiting) {
    const begun = performance.now();
    while (this.#known.size < count) {
      const timeoutMs = waiting.timeoutMs === undefined ? undefined : Math.max(0, waiting.timeoutMs - (performance.now() - begun));
      await within({ ...waiting, timeoutMs }, (resolve, reject) => {
        if (this.status.state === "closed") return reject(closedError());
        this.#awaited.add(resolve);
        return () => this.#awaited.delete(resolve);
      });
    }
  }

  whisper(to, ...packets) {
    return this.#whisper(to, null, packets);
  }

  async whisperWith(options, ...packets) {
    const { to, timeoutMs, signal } = read.object(options);
    return this.#whisper(to, null, packets, { timeoutMs, signal });
  }

  async #whisper(to, question, packets, waiting) {
    const bytes = encode(packets);
    const input = ["whisper", read.node(to), question, bytes];
    await this.#driver.ask(input, { lane: to, settled: true, bytes: bytes.length, ...waiting });
  }

  async request(to, body, options) {
    const { topic, timeoutMs, signal } = read.object(options);
    const patience = read.patience(timeoutMs, PATIENCE.one);
    const input = ["ask", read.node(to), read.topic(topic), patience, 1, encode([body], "body")];
    return this.#questions.one((more) => this.#driver.ask(input, { lane: to, bytes: input[5].length, signal, ...more }));
  }

  requestMany(body, options) {
    const { topic, timeoutMs, max = Infinity, signal } = read.object(options);
    const patience = read.patience(timeoutMs, PATIENCE.all);
    const enough = max === Infinity ? MOST_ANSWERS : read.atLeastOne(max, "max");
    const input = ["ask", null, read.topic(topic), patience, enough, encode([body], "body")];
    return this.#questions.many((more) => this.#driver.ask(input, { lane: "", bytes: input[5].length, ...more }), signal);
  }

  subscribe(topic) {
    const name = read.string(topic, "topic");
    this.#interest.add(name);
    return disposable(once(() => this.#interest.remove(name)));
  }

  unsubscribe(topic) {
    this.#interest.drop(read.string(topic, "topic"));
  }

  async recv(options) {
    const { timeoutMs, signal } = read.object(options);
    if (timeoutMs === 0) return this.#outlet.take() ?? null;
    // Who only takes what is there needs nothing that ends a wait.
    const waits = options === undefined ? this.#outlet.take() : undefined;
    if (waits !== undefined) return waits;
    try {
      return (await within({ timeoutMs, signal }, (resolve) => this.#outlet.next(resolve))) ?? null;
    } catch (error) {
      if (error.code === "timeout") return null;
      throw error;
    }
  }

  recvMany(quantity) {
    const messages = [];
    for (let left = read.quantity(quantity); left > 0; left -= 1) {
      const message = this.#outlet.take();
      if (message === undefined) break;
      messages.push(message);
    }
    return messages;
  }

  messages(options) {
    const { topic, signal, queue } = read.object(options);
    const bounds = queue === undefined ? undefined : read.bounds(queue, "queue");
    const about = read.topic(topic);
    const { queue: own, leave } = this.#outlet.subscribe((message) => about === null || message.topic === about, bounds);
    const unsubscribe = about === null ? () => {} : this.subscribe(about);
    return new Messages(own, { signal, left: () => (leave(), unsubscribe()) });
  }

  [Symbol.asyncIterator]() {
    return new Messages(this.#outlet);
  }

  async disconnect(id) {
    await this.#driver.ask(["disconnect", read.node(id)]);
  }

  requestPeers() {
    // A closed node has no peers to ask, which is no error to throw later and elsewhere.
    this.#driver.ask(["request-peers"]).catch(() => {});
  }

  registerHandler(handler) {
    return this.#outlet.handlers(handler);
  }

  addEventListener(name, listener, options) {
    this.#outlet.dispatched.add(name);
    const told = name === "memberjoin" && listener ? replayed(this, this.#members, listener, options) : false;
    if (!told) super.addEventListener(name, listener, options);
  }

  on(event, listener) {
    this.#outlet.listeners.add(event, listener, false);
    if (event === "memberjoin") replayed(this, this.#members, ({ detail }) => call(this, event, listener, [detail]));
    return this;
  }

  once(event, listener) {
    const replay = ({ detail }) => call(this, event, listener, [detail]);
    const told = event === "memberjoin" && replayed(this, this.#members, replay, { once: true });
    if (!told) this.#outlet.listeners.add(event, listener, true);
    return this;
  }

  off(event, listener) {
    this.#outlet.listeners.remove(event, listener);
    return this;
  }

  removeListener(event, listener) {
    return this.off(event, listener);
  }

  removeAllListeners(event) {
    this.#outlet.listeners.clear(event);
    return this;
  }

  listeners(event) {
    return this.#outlet.listeners.functions(event);
  }

  emit(event, ...values) {
    return this.#outlet.listeners.tell(this, event, values);
  }

  close(options) {
    const { reason } = read.object(options);
    if (reason !== undefined && !this.#closing) this.#reason = read.string(reason, "reason");
    return (this.#closing ??= this.#end());
  }

  [Symbol.asyncDispose]() {
    return this.close();
  }

  async #end() {
    await this.#driver.close();
    this.#unwatch();
    this.#known.clear();
    this.#members.clear();
    this.#release();
    this.#status.close(this.#reason);
    this.#peersChanged();
    this.#outlet.tell("statuschange", this.status);
    await this.#outlet.end({ peer: null, code: "closed", reason: this.#reason });
  }

  #happened(word, fields) {
    switch (word) {
      case "messages":
        return readBatch(fields[0], this.#reply, (message, size) => this.#outlet.message(message, size));
      case "answer":
        return readBatch(fields[1], this.#reply, (message) => this.#questions.answered(fields[0], message));
      case "status":
        return this.#statusChanged(...fields);
      case "joined":
        return this.#outlet.tell("connect", this);
      case "peer-up":
        return this.#peerUp(...fields);
      case "peer-changed":
        this.#known.add(...fields);
        return this.#tellTopology();
      case "peer-down":
        return this.#peerDown(...fields);
      case "peers":
        this.#known.told(...fields);
        return this.#tellTopology();
      case "member-up":
        return this.#outlet.tell("memberjoin", this.#members.put(...fields));
      case "member-changed":
        return this.#outlet.tell("memberchange", this.#members.put(...fields));
      case "member-down":
        return this.#memberDown(...fields);
      case "link-closed":
        return (this.#endedHere = fields);
      case "gap":
        return this.#gap(...fields);
      case "dial-failed":
        return this.#dialFailed(...fields);
    }
  }

  #reply = (sender, question, packets, waiting) => this.#whisper(sender, question, packets, waiting);

  /** What the core says while it closes is told once all is done. */
  #statusChanged(state, more) {
    if (state === "closed") return;
    this.#status.become(state, more, (at) => this.#driver.dateOf(at));
    this.#outlet.tell("statuschange", this.status);
  }

  #peerUp(id, address, dialled) {
    this.#outlet.tell("peerjoin", this.#known.add(id, address, dialled));
    this.#peersChanged();
    this.#tellTopology();
  }

  #peerDown(id, reason) {
    const code = this.#endedHere?.[0] === id ? ENDED_HERE[this.#endedHere[1]] ?? "lost" : "lost";
    this.#endedHere = null;
    this.#known.remove(id);
    const closed = { peer: id, code, reason };
    this.#outlet.tell("close", closed);
    this.#outlet.tell("peerleave", { id, code, reason });
    this.#tellTopology();
  }

  #gap(unknownMs) {
    this.#outlet.tell("gap", { unknownMs });
    const seconds = Math.ceil(unknownMs / 1000);
    this.#outlet.fault(new MeshError("gap", `this node was away for longer than its peers remember: what was said in ${seconds} s of it is lost`));
  }

  #memberDown(id, reason) {
    this.#members.remove(id);
    this.#outlet.tell("memberleave", { id, reason });
  }

  /** A dial that is not repeated is a promise's to report, or an address that only a peer named. */
  #dialFailed(url, code, text, redial) {
    if (redial === null) return;
    const trouble = new MeshError(code, text);
    this.#status.failed(trouble);
    this.#outlet.fault(trouble);
    // Where every relay is in another mesh, waiting is of no use.
    if (code === "wrong-subnet" && this.#strangers.add(url).size >= this.#relays) this.#status.despair(trouble);
  }

  #peersChanged() {
    for (const look of this.#awaited) look();
    this.#awaited.clear();
  }

  #tellTopology() {
    this.#outlet.tell("peers", () => this.topology);
  }
}

/** The id of a network on a transport: js2p's `Protocol.id`. */
export function protocolId(subnet, transport) {
  const named = [read.string(subnet, "subnet"), read.string(transport, "transport")];
  return new TextDecoder().decode(protocolIdOf(encodeOne(named)));
}

function once(act) {
  let done = false;
  return () => {
    if (!done) act();
    done = true;
  };
}

// The class that users hold. It checks what they pass, asks the node, and turns what the node tells into their events.

import { Driver } from "./driver.js";
import { closedError, MeshError } from "./errors.js";
import { Known } from "./known.js";
import { watch } from "./lifecycle.js";
import { protocolIdOf, ready } from "./load.js";
import { Message, hex } from "./message.js";
import { Messages } from "./iterator.js";
import { encode, encodeOne } from "./msgpack.js";
import * as read from "./options.js";
import { Outlet } from "./outlet.js";
import { Parking } from "./parking.js";
import { Status } from "./status.js";
import { within } from "./waiting.js";

/** How long `join` waits if it is not told: one whole attempt, 10 s to dial and 5 s to greet. */
const ATTEMPT = 15_000;
/** The codes with which links end that nobody lost: see CloseReason in the core. */
const ENDED_HERE = { 1000: "disconnected", 1001: "closed" };

export class MeshSocket extends EventTarget {
  #driver;
  #outlet;
  #subnet;
  #known = new Known();
  #status;
  #joiners = new Set();
  #endedHere = null;
  #lastTrouble;
  #relays;
  #strangers = new Set();
  #unwatch = () => {};
  #closing;
  #reason = "the node was closed";

  constructor(options) {
    super();
    const { subnet, relays, id, lifecycle, queue } = read.meshOptions(options);
    this.#subnet = subnet;
    this.#status = new Status((status) => this.#outlet.tell("statuschange", status));
    this.#outlet = new Outlet(this, {
      bounds: queue.incoming,
      policy: queue.policy,
      peer: (id) => this.#known.peer(id) ?? { id, address: null, dialled: true },
      close: () => this.close({ reason: "a queue overflowed" }),
    });
    const parked = new Parking(queue.outgoing, queue.policy, (count) => this.#outlet.struck("outgoing", count));
    this.#driver = new Driver({ subnet, id, parked, tell: (word, fields) => this.#happened(word, fields) });
    this.#relays = relays.length;
    this.#dial(relays);
    if (lifecycle) this.#unwatch = watch((word) => this.#driver.environment(word));
  }

  /** A node that runs, whether or not anybody can be reached. */
  static async open(subnet, options) {
    await ready();
    return new this({ ...read.object(options), subnet });
  }

  /** A node that is in the mesh. */
  static async join(subnet, options) {
    const { timeoutMs = ATTEMPT, signal } = read.object(options);
    signal?.throwIfAborted();
    const mesh = await this.open(subnet, options);
    try {
      await mesh.joined({ timeoutMs, signal });
      return mesh;
    } catch (error) {
      mesh.close();
      throw error;
    }
  }

  /** Addresses given at the start are dialled for ever, and what is none is told at once. */
  #dial(relays) {
    try {
      for (const url of relays) this.#driver.askNow(["connect", url, null, true]);
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

  /** Resolves while the node is in the mesh, or as soon as it is. */
  async joined(options) {
    const { timeoutMs, signal } = read.object(options);
    try {
      await within({ timeoutMs, signal }, (resolve, reject) => {
        const joiner = { resolve, reject };
        if (this.status.state === "joined") resolve();
        else if (this.status.state === "closed") reject(closedError());
        else this.#joiners.add(joiner);
        return () => this.#joiners.delete(joiner);
      });
    } catch (error) {
      throw error.code === "timeout" ? notJoinedInTime(error, this.#lastTrouble) : error;
    }
  }

  async connect(url, options) {
    const { id = null, timeoutMs, signal } = read.object(options);
    const input = ["connect", read.url(url), id === null ? null : read.node(id), false];
    await this.#driver.ask(input, { settled: true, timeoutMs, signal });
  }

  send(...packets) {
    return this.sendWith({}, ...packets);
  }

  async sendWith(options, ...packets) {
    const { to, flag, timeoutMs, signal } = read.object(options);
    const [far, own] = [read.reach(to), read.flag(flag)];
    const bytes = encode(packets);
    const input = ["broadcast", far, own, packets.length, bytes];
    const lane = Array.isArray(far) ? far[0] : "";
    const [, id, peers] = await this.#driver.ask(input, { lane, bytes: bytes.length, timeoutMs, signal });
    return { id: hex(id), peers };
  }

  whisper(to, ...packets) {
    return this.#whisper({}, to, packets);
  }

  async #whisper({ timeoutMs, signal }, to, packets) {
    const bytes = encode(packets);
    const input = ["whisper", read.node(to), packets.length, bytes];
    await this.#driver.ask(input, { lane: to, settled: true, bytes: bytes.length, timeoutMs, signal });
  }

  async recv(options) {
    const { timeoutMs, signal } = read.object(options);
    if (timeoutMs === 0) return this.#outlet.take() ?? null;
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
    const { signal, queue } = read.object(options);
    const bounds = queue === undefined ? undefined : read.bounds(queue, "queue");
    const { queue: own, leave } = this.#outlet.subscribe(() => true, bounds);
    return new Messages((taker) => own.next(taker), { signal, left: leave });
  }

  [Symbol.asyncIterator]() {
    return new Messages((taker) => this.#outlet.next(taker));
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

  addEventListener(name, ...rest) {
    this.#outlet.dispatched.add(name);
    super.addEventListener(name, ...rest);
  }

  on(event, listener) {
    this.#outlet.listeners.add(event, listener, false);
    return this;
  }

  once(event, listener) {
    this.#outlet.listeners.add(event, listener, true);
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
    this.#status.closed(this.#reason);
    this.#settleJoiners(({ reject }) => reject(closedError()));
    await this.#outlet.end({ peer: null, code: "closed", reason: this.#reason });
  }

  #happened(word, fields) {
    switch (word) {
      case "message":
        return this.#outlet.message(new Message(fields, (message, packets) => this.whisper(message.sender, ...packets)), fields[5]);
      case "joined":
        this.#status.joined();
        this.#settleJoiners(({ resolve }) => resolve());
        return this.#outlet.tell("connect", this);
      case "left":
        return this.#closing || this.#status.left();
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
      case "link-closed":
        return (this.#endedHere = fields);
      case "gap":
        return this.#gap(...fields);
      case "dial-failed":
        return this.#dialFailed(...fields);
    }
  }

  #peerUp(id, address, dialled) {
    this.#outlet.tell("peerjoin", this.#known.add(id, address, dialled));
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

  /** A dial that is not repeated is a promise's to report, or an address that only a peer named. */
  #dialFailed(url, code, text, redial) {
    if (redial === null) return;
    this.#lastTrouble = new MeshError(code, text);
    this.#status.dialFailed(redial);
    this.#outlet.fault(this.#lastTrouble);
    if (code === "wrong-subnet") this.#refusedBy(url);
  }

  /** Where every relay is in another mesh, waiting is of no use. */
  #refusedBy(url) {
    this.#strangers.add(url);
    const trouble = this.#lastTrouble;
    if (this.#strangers.size >= this.#relays) this.#settleJoiners(({ reject }) => reject(trouble));
  }

  #tellTopology() {
    this.#outlet.tell("peers", () => this.topology);
  }

  #settleJoiners(settle) {
    for (const joiner of this.#joiners) settle(joiner);
    this.#joiners.clear();
  }
}

/** The id of a network on a transport: js2p's `Protocol.id`. */
export function protocolId(subnet, transport) {
  const named = [read.string(subnet, "subnet"), read.string(transport, "transport")];
  return new TextDecoder().decode(protocolIdOf(encodeOne(named)));
}

function notJoinedInTime(error, trouble) {
  if (!trouble) return error;
  return new MeshError("timeout", `${error.message}; the last attempt failed: ${trouble.message}`, { cause: trouble });
}

// js2p's names for a node of rs2p, so that a page written for js2p runs with another import and another constructor:
//
//     import js2p from "rs2p/js2p";
//     const socket = new js2p.mesh.MeshSocket(null, null, new js2p.base.Protocol("chat", "ws"));
//
// It translates and decides nothing about the mesh: that is the node's, whose class is the package's. What js2p drops in
// silence is told here by the event "error", kept in `status`, and written to the console while nobody listens.

import { MeshError, MeshSocket as Node, protocolId, ready } from "#rs2p";
import { Listeners, mustBeFunction } from "./listeners.js";

await ready();

/** How many of the latest errors `status` shows. */
const FAULTS = 64;

/** The protocol's own first packets. What an application takes for itself is a text, bytes, or a number of none of these. */
const flags = Object.freeze({
  reserved: Object.freeze(Array.from({ length: 0x30 }, (_, flag) => flag)),
  broadcast: 0x00, renegotiate: 0x01, whisper: 0x02, ping: 0x03, pong: 0x04,
  compression: 0x01, handshake: 0x05, notify: 0x06, peers: 0x07, request: 0x08, resend: 0x09, response: 0x0a, store: 0x0b,
  retrieve: 0x0c, retrieved: 0x0d, forward: 0x0e, new_paths: 0x0f, revoke_paths: 0x10, delta: 0x11,
});

/** Which network, over which transport. */
class Protocol {
  constructor(subnet, encryption) {
    this.subnet = subnet;
    this.encryption = encryption;
  }

  get id() {
    return protocolId(this.subnet, this.encryption);
  }
}

/** What js2p's sockets are. */
class Emitter {
  #listeners = new Listeners();

  on(event, listener) {
    this.#listeners.add(event, listener, false);
    return this;
  }

  once(event, listener) {
    this.#listeners.add(event, listener, true);
    return this;
  }

  off(event, listener) {
    this.#listeners.remove(event, listener);
    return this;
  }

  removeAllListeners(event) {
    this.#listeners.clear(event);
    return this;
  }

  listeners(event) {
    return this.#listeners.functions(event);
  }

  emit(event, ...values) {
    return this.#listeners.tell(this, event, values);
  }
}

Emitter.prototype.addListener = Emitter.prototype.on;
Emitter.prototype.removeListener = Emitter.prototype.off;

/** A message as js2p shows it: the flag is the first of its packets. */
class Message {
  #reply;

  constructor(message, server, reply) {
    this.#reply = reply;
    this.server = server;
    this.sender = message.sender;
    this.time = message.time.getTime() / 1000;
    this.id = bytes(Uint8Array.from(message.id.match(/../g), (digits) => Number.parseInt(digits, 16)));
    this.packets = [message.flag, ...message.packets].map(withBuffers);
  }

  get protocol() {
    return this.server.protocol;
  }

  reply(packets) {
    this.#reply(packets);
  }
}

/** A peer as js2p shows it; one that is dialled and has not answered yet has no id. */
class MeshConnection {
  #send;

  constructor(server, { id = null, address = null, dialled = true }, send) {
    this.#send = send;
    this.server = server;
    this.id = id;
    this.addr = address === null ? null : hostAndPort(address);
    this.outgoing = dialled;
  }

  get protocol() {
    return this.server.protocol;
  }

  send(msg_type, packs) {
    if (msg_type !== flags.whisper) throw new MeshError("bad-argument", "one connection carries whispers alone: MeshSocket.send broadcasts");
    mustBeArray(packs);
    const [flag, ...packets] = packs;
    this.#send({ to: this, flag }, packets);
  }

  close() {
    this.server.disconnect(this);
  }
}

class MeshSocket extends Emitter {
  #node;
  #table = new Map();
  #awaiting = [];
  #faults = [];
  #closed = false;

  constructor(addr, port, protocol, out_addr, debug_level = 0) {
    super();
    mustNotListen([addr, port, out_addr]);
    this.protocol = protocol ?? mesh.default_protocol;
    mustBeWebSocket(this.protocol);
    this.debug_level = debug_level;
    this.addr = this.out_addr = Object.freeze([null, null]);
    // js2p's browsers have no server either.
    this.incoming = null;
    this.#node = new Node({ subnet: this.protocol.subnet });
    this.#node.on("connect", () => this.emit("connect", this));
    this.#node.on("message", () => this.emit("message", this));
    this.#node.on("error", (error) => this.#note(error));
  }

  get id() {
    return this.#node.id;
  }

  /** One and the same map, which is brought up to date by each look at it. */
  get routing_table() {
    const peers = this.#node.routingTable;
    for (const id of this.#table.keys()) if (!peers.has(id)) this.#table.delete(id);
    for (const peer of peers.values()) if (!this.#table.has(peer.id)) this.#table.set(peer.id, this.#connection(peer));
    return this.#table;
  }

  get outgoing() {
    return [...this.routing_table.values()].filter(({ outgoing }) => outgoing);
  }

  get awaiting_ids() {
    return [...this.#awaiting];
  }

  get status() {
    return this.#faults.length === 0 ? "Nominal" : [...this.#faults];
  }

  connect(addr, port, id) {
    const dialled = this.#connection({});
    this.#awaiting.push(dialled);
    const url = `${this.protocol.encryption}://${bracketed(String(addr))}:${port}`;
    const linked = this.#node.connect(url, id == null ? {} : { id: String(id) });
    this.#watch(linked.finally(() => this.#awaiting.splice(this.#awaiting.indexOf(dialled), 1)));
  }

  disconnect(connection) {
    this.#watch(this.#node.disconnect(connection.id));
  }

  send(packets, flag = flags.broadcast, type = flags.broadcast) {
    if (flag !== flags.broadcast && flag !== flags.whisper) {
      throw new MeshError("bad-argument", "the flag is neither base.flags.broadcast nor base.flags.whisper; a flag of your own is the type");
    }
    this.#send({ to: flag === flags.whisper ? "peers" : "mesh", flag: type }, packets);
  }

  recv(quantity) {
    const messages = this.#node.recvMany(quantity || 1).map((message) => this.#message(message));
    return quantity ? messages : messages[0];
  }

  register_handler(method) {
    mustBeFunction(method, "handler");
    return this.#node.registerHandler(async (message, peer) => {
      const connection = this.routing_table.get(peer.id) ?? this.#connection(peer);
      return Boolean(await method(this.#message(message), connection));
    });
  }

  request_peers() {
    this.#node.requestPeers();
  }

  close() {
    if (this.#closed) throw new MeshError("closed", "the socket was closed before");
    this.#closed = true;
    this.#watch(this.#node.close());
  }

  #send(options, packets) {
    mustBeArray(packets);
    this.#watch(this.#node.sendWith(options, ...packets));
  }

  #message(message) {
    return new Message(message, this, (packets) => {
      mustBeArray(packets);
      this.#watch(message.reply(...packets));
    });
  }

  #connection(peer) {
    return new MeshConnection(this, peer, (options, packets) => this.#send(options, packets));
  }

  /** js2p's calls return at once: what comes of them is told here. */
  #watch(promise) {
    promise.catch((error) => this.#note(error) || console.error(error));
  }

  /** Keeps an error and tells of it; returns whether anybody listened. */
  #note(error) {
    this.#faults = [...this.#faults, error].slice(-FAULTS);
    return this.emit("error", error);
  }
}

export const base = { flags, Protocol, Message, protocol_version: "0.7" };
export const mesh = { MeshSocket, MeshConnection, default_protocol: new Protocol("mesh", "ws") };
export default { base, mesh };

function mustBeArray(packets) {
  if (!Array.isArray(packets)) throw new MeshError("bad-argument", "the packets are no array");
}

function mustNotListen(places) {
  if (places.every((place) => place == null)) return;
  throw new MeshError("cannot-listen", "this node takes no links: give null for addr and port, and connect to a relay (rs2p relay --listen ws://…)");
}

function mustBeWebSocket({ encryption }) {
  if (encryption === "ws" || encryption === "wss") return;
  throw new MeshError("bad-argument", `this node speaks "ws" and "wss" alone, not "${encryption}": new Protocol(subnet, "ws")`);
}

/** A host as URLs write it, where colons are in brackets. */
const bracketed = (host) => (host.includes(":") && !host.startsWith("[") ? `[${host}]` : host);

function hostAndPort(address) {
  const at = address.lastIndexOf(":");
  return [address.slice(0, at).replace(/^\[|\]$/g, ""), Number(address.slice(at + 1))];
}

/** The same bytes as a Buffer where there is one, as js2p gives them, else as they are. */
function bytes(view) {
  return globalThis.Buffer?.from(view.buffer, view.byteOffset, view.byteLength) ?? view;
}

function withBuffers(value) {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return bytes(value);
  if (Array.isArray(value)) return value.map(withBuffers);
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [withBuffers(key), withBuffers(item)]));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withBuffers(item)]));
}

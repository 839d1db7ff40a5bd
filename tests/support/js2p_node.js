// A js2p node that does what it is told, for the tests to link with.
//
// It reads one JSON object a line, {"do": "...", ...}, and answers each with {"answer": ...} or {"failure": "..."}. For every
// message that it receives it says {"message": ...}, whenever that is. Bytes go as {"bytes": "<hex>"}.
//
// Arguments: the subnet and what js2p calls the encryption: "Plaintext", "SSL" or "ws". It listens on a free port of 127.0.0.1.
"use strict";

// js2p prints what it thinks: that goes to standard error, or the tests would read it.
console.log = console.info = console.warn = console.error;

const readline = require("node:readline");
const { setTimeout: sleep } = require("node:timers/promises");
const base = require("js2p/js_src/base.js");
const { MeshSocket } = require("js2p/js_src/mesh.js");

const HOST = "127.0.0.1";
// Milliseconds to wait for what js2p has no event for, and between two looks.
const PATIENCE = 10_000;
const LOOK = 5;

function say(what) {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}

function toJson(value) {
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString("hex") };
  if (Array.isArray(value)) return value.map(toJson);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(item)]));
}

function fromJson(value) {
  if (Array.isArray(value)) return value.map(fromJson);
  if (value === null || typeof value !== "object") return value;
  if (Object.keys(value).join() === "bytes") return Buffer.from(value.bytes, "hex");
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fromJson(item)]));
}

async function until(what, isSo) {
  const giveUp = Date.now() + PATIENCE;
  while (!isSo()) {
    if (Date.now() > giveUp) throw new Error(`${what()} after ${PATIENCE} ms`);
    await sleep(LOOK);
  }
}

class Node {
  constructor(encryption) {
    this.encryption = encryption;
  }

  // Begins a node, which may tell its peers another port. One that was begun before closes.
  async start({ subnet, told }) {
    this.mesh?.close();
    const mesh = new MeshSocket(HOST, 0, new base.Protocol(subnet, this.encryption));
    const server = mesh.incoming.socket ?? mesh.incoming;
    await until(() => "not listening", () => server.listening);
    // js2p takes the port that it was given for its own.
    const { port } = server.address();
    mesh.addr = [HOST, port];
    mesh.out_addr = [HOST, told ?? port];
    this.heard = [];
    this.echo = "";
    mesh.on("message", () => this.hear(mesh));
    this.mesh = mesh;
    return { id: mesh.id, port };
  }

  hear(mesh) {
    const message = mesh.recv();
    if (message === undefined || mesh !== this.mesh) return;
    const number = this.heard.push(message) - 1;
    const [flag, ...packets] = message.packets;
    if (this.echo && typeof packets[0] === "string") mesh.send([this.echo + packets[0]]);
    const sender = message.sender.toString();
    say({ message: { number, sender, is_whisper: flag === base.flags.whisper, packets: toJson(packets) } });
  }

  connect({ host, port }) {
    this.mesh.connect(host, port);
  }

  // The ids of the peers.
  peers() {
    return [...this.mesh.routing_table.keys()].map(String).sort();
  }

  // Waits until there are so many peers: js2p tells of the first alone.
  async wait_for_peers({ count }) {
    await until(() => `peers: ${this.peers()}`, () => this.peers().length === count);
    return this.peers();
  }

  send({ packets }) {
    this.mesh.send(fromJson(packets));
  }

  // Sends many messages of one text each, with so many milliseconds between two.
  async send_many({ texts, pause }) {
    for (const text of texts) {
      this.mesh.send([text]);
      await sleep(pause);
    }
  }

  // From now on broadcasts each text that is heard, with something before it.
  echo_all({ prefix }) {
    this.echo = prefix;
  }

  drop_links() {
    for (const peer of [...this.mesh.routing_table.values()]) this.mesh.disconnect(peer);
  }

  whisper({ to, packets }) {
    const { whisper } = base.flags;
    this.mesh.routing_table.get(to).send(whisper, [whisper, ...fromJson(packets)]);
  }

  // Replies to the message that was heard under this number.
  reply({ number, packets }) {
    this.heard[number].reply(fromJson(packets));
  }

  // Tells every peer something about the link itself.
  renegotiate({ packets }) {
    for (const peer of this.mesh.routing_table.values()) peer.send(base.flags.renegotiate, packets);
  }

  // The exceptions that js2p caught.
  complaints() {
    const { status } = this.mesh;
    return status === "Nominal" ? [] : status.map((error) => error?.stack ?? String(error));
  }

  close() {
    this.mesh.close();
  }
}

async function main([subnet, encryption]) {
  const node = new Node(encryption);
  say({ answer: await node.start({ subnet }) });
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { do: what, ...how } = JSON.parse(line);
    try {
      say({ answer: (await node[what](how)) ?? null });
    } catch (error) {
      // The test decides what that means.
      say({ failure: error.stack });
    }
  }
  // js2p's sockets would keep the process.
  process.exit();
}

main(process.argv.slice(2));

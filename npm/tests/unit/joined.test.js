// The package as it is built, with a socket that says what a test wants: many frames in one WebSocket message, and parts of one.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { MeshSocket, protocolId, ready } from "../../../target/npm/index.js";
import { frameOf } from "./support.js";

const PEER = "PeerPeerPeerPeerPeerPeerPeerPeerPeerPeerPeer";
const RELAY = "ws://127.0.0.1:1";
const seconds = () => Math.floor(Date.now() / 1000);
const range = (count) => Array.from({ length: count }, (_, number) => number);
const broadcasts = (bodies, author = "author") => Buffer.concat(bodies.map((body) => frameOf(0, author, seconds(), 0, body)));

class Socket {
  static latest;
  bufferedAmount = 0;
  sent = [];

  constructor() {
    Socket.latest = this;
  }

  send(frame) {
    this.sent.push(frame.slice());
  }

  close() {
    queueMicrotask(() => this.onclose?.({ code: 1000, reason: "" }));
  }

  /** A WebSocket message comes, of these bytes. */
  brings(bytes) {
    this.onmessage({ data: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) });
  }
}

globalThis.WebSocket = Socket;
let mesh;
afterEach(() => mesh.close());

/** A node that is linked to a peer of protocol 0.7; gives its socket. */
async function linked(options) {
  await ready();
  mesh = new MeshSocket({ subnet: "chat", relays: [RELAY], lifecycle: false, ...options });
  const socket = Socket.latest;
  socket.onopen();
  socket.brings(frameOf(2, PEER, seconds(), 5, PEER, protocolId("chat", "ws"), ["127.0.0.1", 1], []));
  socket.brings(frameOf(2, PEER, seconds(), 7, []));
  await mesh.joined({ timeoutMs: 1_000 });
  return socket;
}

test("all frames of one message are told at once, in order, whichever way somebody hears", async () => {
  const socket = await linked();
  const [heard, events, looped, taken] = [[], [], [], []];
  mesh.on("message", ({ body }) => heard.push(body));
  mesh.addEventListener("message", ({ detail }) => events.push(detail.body));
  const loop = (async () => { for await (const { body } of mesh.messages()) if (looped.push(body) === 1_000) break; })();
  socket.brings(broadcasts(range(1_000)));
  assert.deepEqual([heard, events], [range(1_000), range(1_000)]);
  await loop;
  for (let message = mesh.recv(); taken.length < 1_000; message = mesh.recv()) taken.push((await message).body);
  assert.deepEqual([looped, taken], [range(1_000), range(1_000)]);
});

test("a message may end anywhere in a frame", async () => {
  const socket = await linked();
  const heard = [];
  mesh.on("message", ({ body }) => heard.push(body));
  const bytes = broadcasts(range(40));
  for (let at = 0; at < bytes.length; at += 61) socket.brings(bytes.subarray(at, at + 61));
  assert.deepEqual(heard, range(40));
});

test("who asks for something while a message is told is answered behind it, and in order", async () => {
  const socket = await linked();
  const heard = [];
  const sent = [];
  mesh.on("message", ({ body }) => {
    heard.push(body);
    if (body === 1) socket.brings(broadcasts(["meanwhile"]));
    if (body % 2 === 0) sent.push(mesh.send(-body));
  });
  const before = socket.sent.length;
  socket.brings(broadcasts(range(6)));
  assert.deepEqual(heard, [...range(6), "meanwhile"]);
  assert.deepEqual((await Promise.all(sent)).map(({ peers }) => peers), [1, 1, 1]);
  assert.equal(socket.sent.length - before, 3);
});

test("what came with a message is told, though a listener closes the node, leaves its loop or throws", async (context) => {
  context.mock.method(console, "error", () => {});
  const socket = await linked();
  const [heard, looped] = [[], []];
  mesh.on("message", () => { throw new Error("a listener's own fault"); });
  mesh.on("message", ({ body }) => { heard.push(body); if (body === 1) mesh.close(); });
  const loop = (async () => { for await (const { body } of mesh.messages()) if (looped.push(body) === 2) break; })();
  socket.brings(broadcasts(range(4)));
  await loop;
  assert.deepEqual([heard, looped], [range(4), [0, 1]]);
});

test("a message of more than a queue holds drops what its policy says, which is told", async () => {
  const socket = await linked({ queue: { incoming: { messages: 10 } } });
  const dropped = [];
  mesh.on("overflow", (overflow) => dropped.push(overflow.total));
  const messages = mesh.messages();
  socket.brings(broadcasts(range(25)));
  const left = [];
  for await (const { body } of messages) if (left.push(body) === 10) break;
  assert.deepEqual([left, dropped, mesh.overflow], [range(25).slice(15), range(15).map((number) => number + 1), 15]);
});

test("a loop over a topic is given that alone", async () => {
  const socket = await linked();
  const about = mesh.messages({ topic: "news", signal: AbortSignal.timeout(20) });
  socket.brings(broadcasts(range(5)));
  await assert.rejects(about.next(), { name: "TimeoutError" });
});

test("a frame that is none costs itself, and the others of its message are told", async () => {
  const socket = await linked();
  const heard = [];
  mesh.on("message", ({ body }) => heard.push(body));
  const broken = broadcasts(["broken"]);
  broken[broken.length - 1] ^= 1;
  socket.brings(Buffer.concat([broadcasts([1, 2]), broken, broadcasts([3])]));
  assert.deepEqual(heard.slice(0, 2), [1, 2]);
});

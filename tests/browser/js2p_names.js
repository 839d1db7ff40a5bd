// js2p's names, used as js2p's users do. Each exported test throws where one is not what its declarations promise; it gets
// the port of a node that is the page's neighbour.

import js2p, { base, mesh } from "./pkg/js2p.js";

const { flags, Protocol } = base;
const HOST = "127.0.0.1";

const node = (subnet = "chat") => new mesh.MeshSocket(null, null, new Protocol(subnet, "ws"));

const next = (socket, event) => new Promise((resolve) => socket.once(event, resolve));

/** A node that is linked. */
async function joined(port) {
  const socket = node();
  const connected = next(socket, "connect");
  socket.connect(HOST, port);
  await connected;
  return socket;
}

/** The next messages, as many. */
function hear(socket, count) {
  return new Promise((resolve) => {
    const heard = [];
    const take = () => {
      for (let message = socket.recv(); message !== undefined && heard.length < count; message = socket.recv()) heard.push(message);
      if (heard.length < count) return;
      socket.off("message", take);
      resolve(heard);
    };
    socket.on("message", take);
    take();
  });
}

function assert(holds, what) {
  if (!holds) throw new Error(what);
}

function assertSame(found, wanted, what) {
  const [one, other] = [found, wanted].map((value) => JSON.stringify(value));
  assert(one === other, `${what}: ${one}, not ${other}`);
}

function assertThrows(code, call, words) {
  try {
    call();
  } catch (error) {
    assert(error instanceof Error && error.name === "MeshError" && error.code === code, `not ${code}: ${error}`);
    return assert(error.message.includes(words), `no "${words}" in ${error.message}`);
  }
  throw new Error(`no ${code}: ${call}`);
}

/** What is written to the console as an error while `action` runs. */
async function complaints(action) {
  const [complain, written] = [console.error, []];
  console.error = (...words) => written.push(words.join(" "));
  try {
    await action();
  } finally {
    console.error = complain;
  }
  return written;
}

export function hasItsNames(id) {
  assert(js2p.base === base && js2p.mesh === mesh, "the parts");
  assertSame([flags.broadcast, flags.whisper, flags.request, flags.reserved.length], [0, 2, 8, 0x30], "flags");
  assertSame([base.protocol_version, new Protocol("chat", "ws").id], ["0.7", id], "the protocol");
  const socket = new mesh.MeshSocket(null, null, new Protocol("chat", "wss"));
  assert(/^[1-9A-HJ-NP-Za-km-z]{40,}$/.test(socket.id), socket.id);
  assertSame([socket.protocol.subnet, socket.protocol.encryption], ["chat", "wss"], "the protocol");
  assertSame([socket.addr, socket.out_addr, socket.incoming], [[null, null], [null, null], null], "where it listens");
  assertSame([socket.outgoing, socket.awaiting_ids, socket.status], [[], [], "Nominal"], "a new socket");
  assert(socket.routing_table instanceof Map && socket.routing_table.size === 0, "a new table");
  assertSame([socket.recv() === undefined, socket.recv(5)], [true, []], "no message");
  socket.close();
  const usual = new mesh.MeshSocket();
  assertSame([usual.protocol, usual.debug_level], [mesh.default_protocol, 0], "what is not given");
  usual.close();
}

export async function refuses() {
  assertThrows("cannot-listen", () => new mesh.MeshSocket("0.0.0.0", 4444), "connect to a relay");
  assertThrows("cannot-listen", () => new mesh.MeshSocket(null, 4444), "null");
  assertThrows("cannot-listen", () => new mesh.MeshSocket(null, null, new Protocol("chat", "ws"), ["1.2.3.4", 1]), "null");
  for (const encryption of ["Plaintext", "SSL", undefined]) {
    assertThrows("bad-argument", () => new mesh.MeshSocket(null, null, new Protocol("chat", encryption)), `"${encryption}"`);
  }
  const socket = node();
  for (const method of ["on", "once", "addListener"]) assertThrows("bad-argument", () => socket[method]("message", "me"), "listener");
  assertThrows("bad-argument", () => socket.register_handler({}), "handler");
  assertThrows("bad-argument", () => socket.send("a text"), "no array");
  assertThrows("bad-argument", () => socket.send(["a text"], flags.renegotiate), "flag");
  socket.close();
  assertThrows("closed", () => socket.close(), "before");
}

/** Nobody listens on the other port. */
export async function tellsWhatFails(port, nobody) {
  const socket = node();
  const errors = [];
  const listener = (error) => errors.push(error.code);
  const written = await complaints(async () => {
    socket.send(["to nobody"]);
    while (socket.status === "Nominal") await new Promise((resolve) => setTimeout(resolve));
  });
  assertSame(written.length, 1, "while nobody listens, the console is told");
  socket.on("error", listener);
  const fails = async (action) => {
    const failed = next(socket, "error");
    action();
    return (await failed).code;
  };
  const stranger = node("another subnet");
  const refused = next(stranger, "error");
  stranger.connect(HOST, port);
  assertSame((await refused).code, "wrong-subnet", "another subnet");
  assertSame(await fails(() => socket.connect(HOST, nobody)), "unreachable", "no relay");
  assertSame(await fails(() => socket.connect("no host", 1)), "bad-address", "no host");
  assertSame(await fails(() => socket.connect(HOST, port, stranger.id)), "refused", "another node than expected");
  assertSame(await fails(() => socket.send([() => {}])), "bad-argument", "what cannot be sent");
  assertSame(await fails(() => socket.send(["x"], flags.broadcast, flags.handshake)), "reserved-flag", "the protocol's type");
  assertSame(socket.status.map(({ code }) => code), ["not-joined", ...errors], "the status");
  assertSame(socket.awaiting_ids, [], "nothing is dialled any more");
  stranger.close();
  socket.close();
}

export async function showsLinks(port, id) {
  const socket = node();
  const table = socket.routing_table;
  const connected = next(socket, "connect");
  socket.connect(HOST, port, id);
  const [dialled] = socket.awaiting_ids;
  assertSame([socket.awaiting_ids.length, dialled.id, dialled.outgoing], [1, null, true], "what is dialled");
  assert((await connected) === socket, "the socket itself");
  assert(socket.routing_table === table && table.size === 1, "the same table");
  const connection = table.get(id);
  assertSame([connection.id, connection.addr, connection.outgoing], [id, [HOST, port], true], "the link");
  assert(connection.server === socket && connection.protocol === socket.protocol, "whose link");
  assert(socket.outgoing.length === 1 && socket.outgoing[0] === connection, "outgoing");
  assert(connection instanceof mesh.MeshConnection, "its class");
  while (socket.awaiting_ids.length > 0) await new Promise((resolve) => setTimeout(resolve));
  socket.request_peers();
  socket.disconnect(connection);
  while (socket.routing_table.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const again = next(socket, "connect");
  socket.connect(HOST, port);
  await again;
  socket.routing_table.get(id).close();
  while (socket.routing_table.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assertSame([table.size, socket.status], [0, "Nominal"], "no link");
  socket.close();
}

/** The neighbour says "one", bytes in containers, "three" and "four", and whispers back what it hears. */
export async function hears(port, id) {
  const socket = await joined(port);
  socket.send(["ready"]);
  const [echo, one, values, three] = await hear(socket, 4);
  assert(echo instanceof base.Message && echo.server === socket && echo.protocol === socket.protocol, "a message");
  assertSame([echo.packets, echo.sender], [[flags.whisper, "ready"], id], "a whisper");
  assertSame([one.packets, three.packets], [[flags.broadcast, "one"], [flags.broadcast, "three"]], "broadcasts");
  assert(Number.isInteger(one.time) && Math.abs(one.time - Date.now() / 1000) < 60, `sent at ${one.time}`);
  assert(one.id.constructor === Uint8Array && one.id.length === 32, "an id of bytes");
  const [bytes, inner] = values.packets.slice(1);
  assert(bytes.constructor === Uint8Array && inner.list[0].constructor === Uint8Array, "bytes");
  await next(socket, "message");
  assertSame([socket.recv(10).map(({ packets }) => packets), socket.recv(10)], [[[0, "four"]], []], "a list");

  // With a Buffer there, bytes are that, as in js2p.
  globalThis.Buffer = class Buffer extends Uint8Array {
    static from(...from) { return new Buffer(...from); }
  };
  socket.send([Uint8Array.of(1, 2), { list: [Uint8Array.of(3)] }, new Map([[1, Uint8Array.of(4)]]), null, 2n ** 60n]);
  const [back] = await hear(socket, 1);
  const [flag, plain, nested, map, nothing, large] = back.packets;
  for (const found of [back.id, plain, nested.list[0], map.get(1)]) assert(found instanceof Buffer, "a Buffer");
  assertSame([flag, [...plain], [...nested.list[0]], [...map.get(1)], nothing], [2, [1, 2], [3], [4], null], "what it holds");
  assert(large === 2n ** 60n, "a large number");
  delete globalThis.Buffer;
  back.reply(["a reply"]);
  assertSame((await hear(socket, 1))[0].packets, [2, "a reply"], "the reply, which came back");
  assertSame(socket.status, "Nominal", "the status");
  socket.close();
}

/** The neighbour sends with the type "mine", with 0x33, and then says "plain"; it hears what is sent here. */
export async function sends(port, id) {
  const socket = await joined(port);
  const [seen, left, taken] = [[], [], []];
  socket.register_handler((msg, conn) => {
    assert(conn === socket.routing_table.get(id), "the link");
    seen.push(msg.packets);
    if (msg.packets[0] === 0x33) conn.send(flags.whisper, ["answer", "over the link"]);
    return 0;
  });
  const unregister = socket.register_handler(async (msg) => msg.packets[1] === "first" && "what is true");
  socket.register_handler((msg) => void left.push(msg.packets[1]));
  socket.on("message", function (conn) {
    assert(this === conn && conn === socket, "the socket");
    taken.push(...conn.recv(10).map(({ packets }) => packets));
  });
  socket.send(["ready"]);
  const plain = new Promise((resolve) => socket.on("message", () => taken.some(([, text]) => text === "plain") && resolve()));
  await plain;
  assertSame(seen, [["mine", "first"], [0x33, "second"], [0, "plain"]], "what handlers see");
  assertSame(left, ["second", "plain"], "what the last one sees");
  assertSame(taken, [[0, "plain"]], "what is left");
  unregister();
  socket.send(["with a type"], flags.broadcast, "news");
  socket.send(["for neighbours"], flags.whisper);
  socket.send(["both"], flags.whisper, "news");
  assertThrows("bad-argument", () => socket.routing_table.get(id).send(flags.broadcast, [0, "x"]), "whispers");
  assertSame(socket.status, "Nominal", "the status");
  return socket.id;
}

export async function emits() {
  const socket = node();
  const calls = [];
  const one = function (...values) { calls.push(["one", this === socket, ...values]); };
  const once = (...values) => calls.push(["once", ...values]);
  assert(socket.on("data", one).addListener("data", once) === socket && socket.removeListener("data", once) === socket, "chained");
  socket.once("data", once).on("data", () => { throw new Error("own fault"); }).on("data", async () => { throw new Error("own fault"); });
  socket.on("data", () => calls.push(["last"]));
  const written = await complaints(async () => {
    assertSame([socket.emit("data", 1, "two"), socket.emit("other")], [true, false], "whether anybody listens");
    await new Promise((resolve) => setTimeout(resolve));
  });
  assertSame(calls, [["one", true, 1, "two"], ["once", 1, "two"], ["last"]], "calls");
  assert(written.length === 2 && written.every((words) => words.includes("own fault")), `console: ${written}`);
  const shown = socket.listeners("data");
  assert(shown.length === 4 && shown[0] === one, "listeners");
  shown.pop();
  assertSame(socket.listeners("data").length, 4, "a copy");
  socket.on("data", one).off("data", one).off("data", () => {});
  assert(socket.listeners("data").length === 4 && socket.listeners("data")[0] === one, "the latest is removed");
  socket.on("more", one).removeAllListeners("data");
  assertSame([socket.listeners("data").length, socket.listeners("more").length], [0, 1], "all of one event");
  assertSame(socket.removeAllListeners().emit("more"), false, "all of all");
  socket.close();
}

// What the class has of py2p's and js2p's members besides: handlers, the emitter, messages by the number, flags, looks at
// the peers. Each exported test throws where one is not what its types promise; it gets the URL of the harness.

import { assert, assertFails, assertSame, end, MeshSocket, next, node, obey, start, SUBNET } from "./support.js";

/** A native relay and a node in this tab that is linked to it. */
async function pair(harness) {
  const relay = await start(harness);
  const mesh = await node();
  await mesh.connect(relay.url);
  return { relay, mesh };
}

const say = (harness, { node }, text, count = 1) => obey(harness, { do: "say", node, text, count });
const flag = (harness, { node }, flag, to, text) => obey(harness, { do: "flag", node, flag, to, text });
const hear = (harness, { node }, count) => obey(harness, { do: "hear", node, count });
const hearFlagged = (harness, { node }, count) => obey(harness, { do: "hear-flagged", node, count });

async function close(harness, { mesh, relay }, ...others) {
  await mesh.close();
  for (const native of [relay, ...others]) await end(harness, native);
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

const first = ({ packets }) => packets[0];

export async function handlersTakeMessages(harness) {
  const { relay, mesh } = await pair(harness);
  const [asked, told] = [[], []];
  mesh.on("message", (message) => told.push(first(message)));
  mesh.registerHandler((message, peer) => {
    asked.push([message.kind, message.flag, message.sender, first(message), peer.id, peer.dialled]);
    return first(message) === "mine 0";
  });
  await say(harness, relay, "mine");
  await say(harness, relay, "ours");
  assertSame(first(await mesh.recv()), "ours 0", "what is left for those who take");
  assertSame(told, ["ours 0"], "what is left for those who listen");
  const about = (text) => ["broadcast", 0, relay.id, text, relay.id, true];
  assertSame(asked, [about("mine 0"), about("ours 0")], "what the handler is asked");
  assertSame(mesh.recvMany(10), [], "what is left besides");
  await close(harness, { mesh, relay });
}

export async function handlersHaveAnOrder(harness) {
  const { relay, mesh } = await pair(harness);
  const asked = [];
  const answers = { zero: false, one: "yes", two: undefined, three: Promise.resolve(false), four: Promise.resolve(1) };
  for (const [name, answer] of Object.entries(answers)) mesh.registerHandler(() => (asked.push(name), answer));
  mesh.registerHandler(async (message) => {
    asked.push("five");
    return first(message) === "end at five 0";
  });
  const acted = new Promise((resolve) => mesh.registerHandler(() => (asked.push("six"), resolve(), true)));
  mesh.registerHandler(() => (asked.push("seven"), true));
  await say(harness, relay, "end at five");
  await say(harness, relay, "go on");
  await acted;
  const five = [...Object.keys(answers), "five"];
  assertSame(asked, [...five, ...five, "six"], "nothing but true ends the chain");
  assertSame(mesh.recvMany(2), [], "what is left");
  await close(harness, { mesh, relay });
}

export async function handlersMayFail(harness) {
  const { relay, mesh } = await pair(harness);
  const [thrown, rejected] = [new Error("thrown"), new Error("rejected")];
  const told = [];
  mesh.on("error", (error) => told.push(error));
  mesh.registerHandler(() => { throw thrown; });
  mesh.registerHandler(async () => { throw rejected; });
  const written = await complaints(async () => {
    await say(harness, relay, "x");
    assertSame(first(await mesh.recv()), "x 0", "a failure is no act");
  });
  assertSame(told.map(({ name, code }) => [name, code]), Array(2).fill(["MeshError", "handler-failed"]), "errors");
  assert(told[0].cause === thrown && told[1].cause === rejected, "the causes");
  assert(written.length === 2 && written[0].includes("thrown") && written[1].includes("rejected"), `console: ${written}`);
  assert(mesh.faults.length === 2 && mesh.faults[0] === told[0] && mesh.faults[1] === told[1], "faults");
  await close(harness, { mesh, relay });
}

export async function handlersCanGo(harness) {
  const { relay, mesh } = await pair(harness);
  const asked = [];
  const ask = (name, answer = true) => mesh.registerHandler(() => (asked.push(name), answer));
  const greedy = ask("greedy");
  // One that goes before its turn in the chain has come is not asked.
  let goer;
  const usher = mesh.registerHandler(() => (asked.push("usher"), goer()));
  goer = ask("goer");
  const late = ask("late", false);
  greedy();
  greedy();
  await say(harness, relay, "x");
  assertSame(first(await mesh.recv()), "x 0", "nobody acts any more");
  assertSame(asked, ["usher", "late"], "who is asked");
  if (Symbol.dispose) late[Symbol.dispose]();
  else late();
  usher();
  await say(harness, relay, "y");
  assertSame([first(await mesh.recv()), asked.length], ["y 0", 2], "nobody is left to ask");
  await close(harness, { mesh, relay });
}

export async function messagesWaitForHandlers(harness) {
  const { relay, mesh } = await pair(harness);
  let release;
  const gate = new Promise((resolve) => (release = resolve));
  const begun = new Promise((resolve) => {
    const unregister = mesh.registerHandler(async (message) => {
      resolve(first(message));
      await gate;
      unregister();
      return true;
    });
  });
  const told = [];
  mesh.on("message", (message) => told.push(first(message)));
  await say(harness, relay, "x", 3);
  assertSame(await begun, "x 0", "the first is handled");
  // All have come when the relay's answer to a whisper has, but for that answer, which waits behind them.
  const peers = next(mesh, "peers");
  mesh.requestPeers();
  await peers;
  assertSame([told, mesh.recvMany(9)], [[], []], "the others wait, and other events do not");
  release();
  assertSame([first(await mesh.recv()), first(await mesh.recv())], ["x 1", "x 2"], "they come in their order");
  assertSame(told, ["x 1", "x 2"], "the listeners hear them so too");
  await close(harness, { mesh, relay });
}

export async function handlersCannotHoldTheEnd(harness) {
  const { relay, mesh } = await pair(harness);
  const begun = new Promise((resolve) => mesh.registerHandler(() => (resolve(), new Promise(() => {}))));
  const told = [];
  mesh.on("error", ({ code, message }) => told.push([code, message.split(" ")[0]]));
  await say(harness, relay, "x", 3);
  await begun;
  const last = new Promise((resolve) => mesh.on("close", ({ peer }) => peer === null && resolve()));
  const waiting = mesh.recv();
  await mesh.send("that was all");
  await hear(harness, relay, 1);
  await mesh.close();
  await last;
  assertSame(await waiting, null, "who waited");
  assertSame(told, [["lagged", "2"]], "what no handler got");
  await end(harness, relay);
}

export async function refusesNoFunctions() {
  const mesh = await node();
  for (const nothing of [undefined, null, "call me", {}]) {
    await assertFails("bad-argument", () => mesh.registerHandler(nothing), "handler is no function");
    for (const method of ["on", "once", "off", "removeListener"]) {
      await assertFails("bad-argument", () => mesh[method]("message", nothing), "listener is no function");
    }
  }
  for (const name of [undefined, 7, {}]) {
    for (const method of ["on", "once", "off"]) await assertFails("bad-argument", () => mesh[method](name, () => {}), "event");
    for (const method of ["emit", "listeners"]) await assertFails("bad-argument", () => mesh[method](name), "event");
  }
  for (const quantity of [undefined, -1, 0.5, NaN, "all"]) {
    await assertFails("bad-argument", () => mesh.recvMany(quantity), "quantity");
  }
  await mesh.close();
}

export async function emits() {
  const mesh = await node();
  const calls = [];
  const own = Symbol("own");
  const listen = (name) => function (...values) { calls.push([name, this === mesh, ...values]); };
  mesh.on("data", listen("one")).once("data", listen("once")).on(own, listen("own"));
  assertSame([mesh.emit("data", "00101001", 2, null), mesh.emit("data")], [true, true], "somebody listens");
  assertSame([mesh.emit("other", 1), mesh.emit(Symbol("own"))], [false, false], "nobody listens");
  assertSame(mesh.emit(own, 3), true, "a symbol is a name");
  const wanted = [["one", true, "00101001", 2, null], ["once", true, "00101001", 2, null], ["one", true], ["own", true, 3]];
  assertSame(calls, wanted, "calls");
  // The node's own events are events like others.
  let connected;
  mesh.once("connect", (value) => (connected = value));
  assert(mesh.emit("connect", "by hand") && connected === "by hand" && !mesh.emit("connect"), "an event told by hand");
  await mesh.close();
}

export async function showsListeners() {
  const mesh = await node();
  const [one, other] = [() => {}, () => {}];
  mesh.on("data", one).once("data", other).on("data", one).on("more", other);
  const shown = mesh.listeners("data");
  assert(shown.length === 3 && shown[0] === one && shown[1] === other && shown[2] === one, "in their order");
  shown.pop();
  assert(mesh.listeners("data").length === 3, "a copy");
  assert(mesh.removeListener("data", one) === mesh && mesh.removeListener("data", () => {}) === mesh, "gives the object");
  assert(mesh.listeners("data").length === 2 && mesh.listeners("data")[1] === other, "the latest is removed");
  assert(mesh.removeAllListeners("data") === mesh && mesh.listeners("data").length === 0, "all of one event");
  assert(mesh.listeners("more").length === 1 && mesh.listeners("none").length === 0, "those of others stay");
  mesh.removeAllListeners();
  assert(mesh.listeners("more").length === 0, "all of all events");
  await mesh.close();
}

export async function listenersMayTakeTime() {
  const mesh = await node();
  const calls = [];
  const written = await complaints(async () => {
    mesh.on("data", async (value) => {
      calls.push(`begins ${value}`);
      await Promise.resolve();
      calls.push(`ends ${value}`);
      throw new Error("a promise's own fault");
    });
    mesh.on("data", () => { throw new Error("a listener's own fault"); });
    mesh.on("data", () => calls.push("the last"));
    assertSame(mesh.emit("data", 1), true, "emit waits for nobody and throws nothing");
    assertSame(calls, ["begins 1", "the last"], "what has happened when emit returns");
    while (calls.length < 3) await Promise.resolve();
    await new Promise((resolve) => setTimeout(resolve));
  });
  assertSame(calls.at(-1), "ends 1", "the end");
  assert(written.length === 2 && written.every((words) => words.includes('"data"') && words.includes("own fault")), `console: ${written}`);
  await mesh.close();
}

export async function takesByNumber(harness) {
  const { relay, mesh } = await pair(harness);
  assertSame(mesh.recvMany(5), [], "before anything came");
  let come = 0;
  const all = new Promise((resolve) => mesh.on("message", () => (come += 1) === 5 && resolve()));
  await say(harness, relay, "x", 5);
  await all;
  assertSame(mesh.recvMany(0), [], "none");
  assertSame(mesh.recvMany(2).map(first), ["x 0", "x 1"], "two");
  assertSame(mesh.recvMany(Infinity).map(first), ["x 2", "x 3", "x 4"], "all");
  assertSame([mesh.recvMany(1), await mesh.recv({ timeoutMs: 0 })], [[], null], "what is left");
  await close(harness, { mesh, relay });
}

export async function tellsWhatWasDropped(harness) {
  const [KEPT, MORE] = [4_096, 10];
  const { relay, mesh } = await pair(harness);
  let come = 0;
  const all = new Promise((resolve) => mesh.on("message", () => (come += 1) === KEPT + MORE && resolve()));
  await say(harness, relay, "x", KEPT + MORE);
  await all;
  assertSame(mesh.faults, [], "who takes nothing misses nothing");
  const told = next(mesh, "error");
  assertSame(first(await mesh.recv()), `x ${MORE}`, "the oldest that is left");
  const { code, message } = await told;
  assertSame([code, message.split(" ")[0]], ["lagged", `${MORE}`], message);
  assertSame(mesh.recvMany(Infinity).length, KEPT - 1, "the others");
  assertSame(mesh.faults.map(({ code }) => code), ["lagged"], "it is told once");
  await close(harness, { mesh, relay });
}

export async function showsItsPeers(harness) {
  const { relay, mesh } = await pair(harness);
  assertSame([mesh.outgoing, mesh.incoming, mesh.outAddr], [[relay.id], [], null], "links");
  const [peer] = mesh.peers;
  assertSame(mesh.routingTable, new Map([[relay.id, peer]]), "the routing table");
  mesh.routingTable.clear();
  assertSame(mesh.routingTable.size, 1, "a table of one's own");
  assertSame(mesh.faults, [], "all is well");
  const gone = next(mesh, "close");
  await mesh.disconnect(relay.id);
  await gone;
  assertSame([mesh.outgoing, mesh.routingTable], [[], new Map()], "after the loss");
  await close(harness, { mesh, relay });
}

export async function looksBeyondItsPeers(harness) {
  const relay = await start(harness);
  const far = await obey(harness, { do: "start", subnet: SUBNET, listen: ["ws://127.0.0.1:0"], peers: [relay.url] });
  await obey(harness, { do: "has-peers", node: relay.node, ids: [far.id] });
  const mesh = await node();
  await mesh.connect(relay.url);
  const knows = ({ links }) => links.some((link) => link.includes(relay.id) && link.includes(far.id));
  const shown = new Promise((resolve) => mesh.on("peers", (topology) => knows(topology) && resolve()));
  mesh.requestPeers();
  await shown;
  assert(knows(mesh.topology), "the link beyond");
  await close(harness, { mesh, relay }, far);
}

export async function flagsAreForHandlers(harness) {
  const { relay, mesh } = await pair(harness);
  const seen = [];
  const told = [];
  mesh.on("message", (message) => told.push(first(message)));
  let last;
  const all = new Promise((resolve) => (last = resolve));
  mesh.registerHandler(({ flag, kind, packets }) => {
    if (flag !== 0 && flag !== 2) seen.push([flag, kind, ...packets]);
    if (flag === "last") last();
    return flag === "mine";
  });
  await flag(harness, relay, "mine", "mesh", "a text");
  await flag(harness, relay, 0x30, "peers", "a number");
  await flag(harness, relay, "last", mesh.id, "for one");
  await say(harness, relay, "plain");
  await all;
  assertSame(first(await mesh.recv()), "plain 0", "what is left for those who take");
  const wanted = [["mine", "broadcast", "a text"], [0x30, "whisper", "a number"], ["last", "whisper", "for one"]];
  assertSame([seen, told], [wanted, ["plain 0"]], "what the handler sees, and listeners hear");

  const sent = await mesh.sendWith({ flag: "news" }, "to all");
  assert(sent.peers === 1 && /^[0-9a-f]{64}$/.test(sent.id), "what was sent");
  await mesh.sendWith({ flag: Uint8Array.of(1, 65), to: "peers" }, "to peers");
  await mesh.sendWith({ flag: 2n ** 64n - 1n, to: mesh.peers[0] }, "to one");
  const heard = (await hearFlagged(harness, relay, 3)).map(({ flag, whisper, packets }) => [flag, whisper, ...packets]);
  const flags = [['"news"', false, "to all"], ['b"\\x01A"', true, "to peers"], ["0xffffffffffffffff", true, "to one"]];
  assertSame(heard, flags, "what the relay's handlers would see");
  await mesh.sendWith({}, "plain", "too");
  assertSame((await hear(harness, relay, 1))[0].packets, ["plain", "too"], "without options it is as send");
  await close(harness, { mesh, relay });
}

export async function peersKeepToThemselves(harness) {
  const { relay, mesh } = await pair(harness);
  const far = await obey(harness, { do: "start", subnet: SUBNET, peers: [relay.url] });
  await obey(harness, { do: "has-peers", node: relay.node, ids: [mesh.id, far.id].sort() });
  await mesh.sendWith({ to: "peers" }, "for neighbours");
  await mesh.send("for all");
  const near = (await hear(harness, relay, 2)).map(({ whisper, packets }) => [whisper, ...packets]);
  assertSame(near, [[true, "for neighbours"], [false, "for all"]], "what the neighbour hears");
  assertSame((await hear(harness, far, 1))[0].packets, ["for all"], "what the node beyond hears first");
  await assertFails("not-a-peer", () => mesh.sendWith({ to: { id: far.id } }, "over no link"));
  await close(harness, { mesh, relay }, far);
}

export async function refusesFlags(harness) {
  const { relay, mesh } = await pair(harness);
  for (const flag of [1, 5, 0x2f, 0x40, 0x7f]) {
    await assertFails("reserved-flag", () => mesh.sendWith({ flag }, "x"), "reserved");
  }
  for (const flag of ["", "x".repeat(129), new Uint8Array(), -1, 0.5, true, [], {}, () => {}]) {
    await assertFails("bad-argument", () => mesh.sendWith({ flag }, "x"), "flag");
  }
  for (const to of ["all", 7, {}, { id: "" }]) await assertFails("bad-argument", () => mesh.sendWith({ to }, "x"));
  await assertFails("bad-argument", () => mesh.sendWith({ flag: "fine" }, () => {}), "packets[0]");
  await mesh.send("the first");
  assertSame((await hear(harness, relay, 1))[0].packets, ["the first"], "nothing was sent before");
  await close(harness, { mesh, relay });
  await assertFails("closed", () => mesh.sendWith({ flag: "late" }, "x"));
  const idle = new (await MeshSocket())();
  await assertFails("not-joined", () => idle.sendWith({ flag: "early" }, "x"));
  await idle.close();
}

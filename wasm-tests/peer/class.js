// The class of the npm package as a page uses it. Each exported test throws where it is not what its types promise; those that need native
// nodes get the URL of the harness that runs them.

import { assert, assertFails, assertSame, end, inWords, MeshSocket, next, NOBODY, node, obey, start, SUBNET } from "./support.js";

export async function begins() {
  const [one, other] = [await node(), await node()];
  assert(/^[1-9A-HJ-NP-Za-km-z]{40,}$/.test(one.id) && one.id !== other.id, `no new base58: ${one.id}, ${other.id}`);
  assertSame([one.subnet, one.status, one.peers], [SUBNET, { state: "connecting" }, []], "a new node");
  assertSame(one.topology, { self: one.id, nodes: [{ id: one.id, address: null, linked: false }], links: [] }, "topology");
  const usual = new (await MeshSocket())();
  assertSame(usual.subnet, "mesh", "the subnet that is not given");
  usual.requestPeers();
  await Promise.all([one, other, usual].map((mesh) => mesh.close()));
}

export async function refuses() {
  const mesh = await node();
  await assertFails("bad-argument", () => node(7));
  await assertFails("bad-argument", () => node({ subnet: 7 }), "subnet");
  await assertFails("bad-argument", () => node({ peers: "ws://127.0.0.1:1" }), "peers");
  await assertFails("bad-address", () => node({ peers: ["tcp://127.0.0.1:4444"] }), "ws://");
  await assertFails("bad-argument", () => mesh.connect());
  await assertFails("bad-address", () => mesh.connect("http://127.0.0.1:8765"), "ws://127.0.0.1:8765");
  await assertFails("bad-address", () => mesh.connect("tcp://127.0.0.1:4444"), "where only ws:// and wss:// can");
  await assertFails("bad-argument", () => mesh.connect(`ws://${location.host}`, { timeoutMs: -1 }), "timeoutMs");
  await assertFails("bad-argument", () => mesh.connect(`ws://${location.host}`, { id: "" }), "id");
  await assertFails("unreachable", () => mesh.connect(`ws://${location.host}`), "is the relay running");
  await assertFails("bad-argument", () => mesh.on("message", "call me"), "function");
  await assertFails("bad-argument", () => mesh.recv({ timeoutMs: "soon" }), "timeoutMs");
  await assertFails("not-joined", () => mesh.send("hello"));
  await assertFails("not-joined", () => mesh.whisper(NOBODY, "hello"));
  await assertFails("bad-argument", () => mesh.whisper(undefined, "hello"), "id");
  await assertFails("to-self", () => mesh.whisper(mesh.id, "hello"));
  await assertFails("not-a-peer", () => mesh.disconnect(NOBODY));
  await mesh.close();
}

export async function namesWhatCannotBeSent() {
  const mesh = await node();
  const cycle = { inner: [] };
  cycle.inner.push(cycle);
  let deep = [];
  for (let level = 0; level < 16; level += 1) deep = [deep];
  const unsendable = [
    [() => {}, "packets[1] is a function"],
    [[Symbol("s")], "packets[1][0] is a symbol"],
    [{ when: new Date() }, "packets[1].when is of class Date"],
    [{ "a b": [2n ** 64n] }, 'packets[1]["a b"][0] is a bigint outside'],
    [-(2n ** 63n) - 1n, "packets[1] is a bigint outside"],
    [new Map([["key", new Set()]]), 'packets[1].get("key") is of class Set'],
    [cycle, "packets[1].inner[0] holds itself"],
    [deep, "levels"],
    [{ get broken() { throw new Error("no"); } }, "packets[1].broken threw"],
  ];
  for (const [value, words] of unsendable) await assertFails("bad-argument", () => mesh.send("fine", value), words);
  await mesh.close();
}

export async function keepsTime() {
  const mesh = await node();
  assertSame(await mesh.recv({ timeoutMs: 0 }), null, "a look");
  assertSame(await mesh.recv({ timeoutMs: 20 }), null, "a short wait");
  // A dial that is given no time at all: whatever comes of it, comes later.
  await assertFails("timeout", () => mesh.connect(`ws://${location.host}`, { timeoutMs: 0 }));
  await mesh.close();
}

export async function ends() {
  const mesh = await node();
  const waiting = [mesh.recv(), mesh[Symbol.asyncIterator]().next()];
  const told = next(mesh, "close");
  await Promise.all([mesh.close(), mesh.close()]);
  await mesh[Symbol.asyncDispose]();
  assertSame(await Promise.all(waiting), [null, { value: undefined, done: true }], "who waited");
  assertSame(await told, { peer: null, code: "closed", reason: "the node was closed" }, "the last event");
  assertSame([mesh.status.state, mesh.peers, await mesh.recv()], ["closed", [], null], "a closed node");
  await assertFails("closed", () => mesh.send("hello"));
  await assertFails("closed", () => mesh.connect(`ws://${location.host}`));
  mesh.requestPeers();
  for await (const message of mesh) throw new Error(`heard ${inWords(message)}`);
}

export async function joins(harness) {
  const relay = await start(harness);
  const mesh = await node();
  const connected = next(mesh, "connect");
  const known = next(mesh, "peers");
  await mesh.connect(relay.url, { timeoutMs: 10_000, id: relay.id });
  assert((await connected) === mesh, "\"connect\" gives the object itself");
  assert(mesh.status.state === "joined", mesh.status.state);
  const address = relay.url.slice("ws://".length);
  assertSame(mesh.peers, [{ id: relay.id, address, dialled: true }], "peers");
  assertSame((await known).self, mesh.id, "the topology told");
  assertSame(mesh.topology.links, [[mesh.id, relay.id].sort()], "links");
  const sent = await mesh.send("hello");
  assert(/^[0-9a-f]{64}$/.test(sent.id) && sent.peers === 1, inWords(sent));
  const [heard] = await obey(harness, { do: "hear", node: relay.node, count: 1 });
  assertSame(heard, { flag: "0x0", packets: ["hello"], sender: mesh.id, whisper: false }, "what the relay heard");
  await mesh.disconnect(relay.id);
  await obey(harness, { do: "has-peers", node: relay.node, ids: [] });
  await end(harness, relay);
}

export async function carriesValues(harness) {
  const relay = await start(harness);
  const mesh = await node();
  await mesh.connect(relay.url);
  const bytes = Uint8Array.of(0, 1, 254, 255);
  const own = JSON.parse('{"__proto__": 1, "constructor": 2}');
  const alike = [
    null, true, false, 0, -0, 1, -1, 127, 128, -129, 65_536, 2 ** 31, -(2 ** 31) - 1, Number.MAX_SAFE_INTEGER,
    Number.MIN_SAFE_INTEGER, 0.5, 2 ** 53, -1e300, NaN, Infinity, -Infinity, Number.MIN_VALUE,
    2n ** 53n, -(2n ** 63n), 2n ** 64n - 1n,
    "", "plain", "nul \0 ß 漢字 🦀 \u{10ffff} e\u0301", "x".repeat(70_000), new Uint8Array(), bytes, new Uint8Array(70_000).fill(7),
    [], [[]], [1, "two", [3n ** 34n, null]], {}, { a: 1, "key with blanks": { b: [bytes] } }, own,
    new Map([[1, "one"], [null, bytes], ["text", [true]]]), new Map([[bytes, new Map([[2.5, {}]])]]),
  ];
  const changed = [
    [undefined, null], [5n, 5], ["\ud800 alone", "\ufffd alone"], [bytes.buffer, bytes],
    [new DataView(bytes.buffer, 1, 2), Uint8Array.of(1, 254)], [Uint16Array.of(1), Uint8Array.of(1, 0)],
    [new Map([["a", 1]]), { a: 1 }], [Object.assign(Object.create(null), { a: 1 }), { a: 1 }], [[, 1], [null, 1]],
  ];
  const values = [...alike.map((value) => [value, value]), ...changed];
  // The relay answers a whisper with what it says: so each value goes and comes.
  for (const [sent, wanted] of values) {
    await mesh.whisper(relay.id, sent);
    const { kind, sender, via, packets } = await mesh.recv();
    assertSame([kind, sender, via, packets], ["whisper", relay.id, relay.id, [wanted]], `what becomes of ${inWords(sent)}`);
  }
  await mesh.whisper(relay.id, ...values.map(([sent]) => sent));
  assertSame((await mesh.recv()).packets, values.map(([, wanted]) => wanted), "all in one");
  await mesh.whisper(relay.id);
  assertSame((await mesh.recv()).packets, [], "nothing");
  await mesh.close();
  await end(harness, relay);
}

export async function sharesMessages(harness) {
  const COUNT = 30;
  const relay = await start(harness);
  const mesh = await node();
  const [all, once, taken] = [[], [], []];
  mesh.on("message", ({ packets }) => all.push(packets[0])).once("message", ({ packets }) => once.push(packets[0]));
  await mesh.connect(relay.url);
  const before = Math.floor(Date.now() / 1000);
  await obey(harness, { do: "say", node: relay.node, text: "native", count: COUNT });
  const first = await mesh.recv();
  assert(first.time instanceof Date && Math.abs(first.time / 1000 - before) <= 5, `sent at ${first.time}`);
  assert(first.kind === "broadcast" && /^[0-9a-f]{64}$/.test(first.id), inWords(first));
  taken.push(first.packets[0]);
  for await (const { packets } of mesh) {
    taken.push(packets[0]);
    if (taken.length === COUNT / 2) break;
  }
  while (taken.length < COUNT) taken.push((await mesh.recv({ timeoutMs: 10_000 })).packets[0]);
  const said = Array.from({ length: COUNT }, (_, number) => `native ${number}`);
  assertSame([taken, all, once], [said, said, [said[0]]], "taken, heard by a listener, heard once");
  assertSame(await mesh.recv({ timeoutMs: 0 }), null, "what is left");
  await first.reply("for you", "alone");
  const reply = await mesh.recv();
  assertSame([reply.kind, reply.packets], ["whisper", ["for you", "alone"]], "the reply, which came back");
  const [heard] = await obey(harness, { do: "hear", node: relay.node, count: 1 });
  assertSame(heard, { flag: "0x2", packets: ["for you", "alone"], sender: mesh.id, whisper: true }, "the reply");
  assertSame(structuredClone({ ...first, reply: null }).packets, first.packets, "a message that is cloned");
  await mesh.close();
  await end(harness, relay);
}

export async function mindsItsListeners(harness) {
  const relay = await start(harness);
  const mesh = await node();
  await mesh.connect(relay.url);
  const calls = [];
  const listener = function () { calls.push(this === mesh ? "listener" : "another this"); };
  const complaints = [];
  const complain = console.error;
  console.error = (...words) => complaints.push(words.join(" "));
  mesh.on("message", () => { throw new Error("a listener's own fault"); });
  assert(mesh.on("message", listener) === mesh && mesh.off("message", listener) === mesh, "on and off give the object");
  mesh.on("message", listener).on("message", listener).off("message", listener);
  mesh.on("message", () => calls.push("last"));
  await obey(harness, { do: "say", node: relay.node, text: "x", count: 1 });
  await mesh.recv();
  await mesh.close();
  console.error = complain;
  assertSame(calls, ["listener", "last"], "calls");
  assert(complaints.length === 1 && complaints[0].includes("own fault"), `on the console: ${complaints}`);
  await end(harness, relay);
}

export async function tellsOfLosses(harness) {
  let relay = await start(harness);
  const mesh = await node();
  await mesh.connect(relay.url);
  for (const crash of [false, true]) {
    const [lost, trouble, back] = [next(mesh, "close"), next(mesh, "error"), next(mesh, "connect")];
    await end(harness, relay, crash);
    const { peer, code, reason } = await lost;
    assertSame([peer, code, mesh.status.state, mesh.peers], [relay.id, "lost", "offline", []], reason);
    assert(reason.includes(crash ? "1006" : "1001"), reason);
    const { name, code: why, message } = await trouble;
    assert(name === "MeshError" && why === "unreachable" && message.includes(relay.url), `${why}: ${message}`);
    relay = await start(harness, relay.url);
    await back;
    // What was said meanwhile is caught up on first.
    while (mesh.status.state === "degraded") await next(mesh, "statuschange");
    assert(mesh.status.state === "joined" && mesh.peers[0].id === relay.id, mesh.status.state);
  }
  const left = next(mesh, "close");
  await mesh.disconnect(relay.id);
  assertSame({ ...(await left), reason: "" }, { peer: relay.id, code: "disconnected", reason: "" }, "a disconnect");
  await mesh.close();
  await end(harness, relay);
}

export async function saysWhyItIsRefused(harness) {
  const relay = await start(harness);
  const stranger = await node({ subnet: "another class" });
  await assertFails("wrong-subnet", () => stranger.connect(relay.url), '"another class"');
  const mesh = await node();
  await assertFails("refused", () => mesh.connect(relay.url, { id: stranger.id }), relay.id);
  await end(harness, relay);
  await assertFails("unreachable", () => mesh.connect(relay.url), relay.url);
  await Promise.all([mesh.close(), stranger.close()]);
}

export async function livesWithThePage(harness) {
  const relay = await start(harness);
  const mesh = await node();
  const losses = [];
  mesh.on("close", ({ peer, reason }) => peer && losses.push(reason));
  // A relay on this machine is within reach without a network.
  dispatchEvent(new Event("offline"));
  await mesh.connect(relay.url);
  dispatchEvent(new Event("online"));
  for (const happening of ["freeze", "resume", "visibilitychange"]) document.dispatchEvent(new Event(happening));
  await mesh.send("still here");
  assertSame(losses, [], "a page that rests keeps its links");
  // Who leaves says goodbye at once, and is back as soon as the page is shown again.
  const gone = next(mesh, "close");
  dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
  await gone;
  await obey(harness, { do: "has-peers", node: relay.node, ids: [] });
  const back = next(mesh, "connect");
  dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
  await back;
  await obey(harness, { do: "has-peers", node: relay.node, ids: [mesh.id] });
  await obey(harness, { do: "say", node: relay.node, text: "still there?", count: 1 });
  assertSame((await mesh.recv()).packets, ["still there? 0"], "what was heard");
  const [heard] = await obey(harness, { do: "hear", node: relay.node, count: 1 });
  assertSame([heard.packets, losses.length], [["still here"], 1], "what the relay heard, and the links lost");
  await mesh.close();
  await end(harness, relay);
}

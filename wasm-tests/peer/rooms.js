// What the package has beyond js2p's members: joining, waiting, topics, requests, presence, identities, bounds. Each exported
// test throws where it is not what its declarations promise; it gets the URL of the harness.

import { assert, assertFails, assertSame, end, library, NOBODY, obey, start, SUBNET } from "./support.js";

/** A native relay, and as many nodes of this page that have joined it. */
async function meet(harness, ...options) {
  const relay = await start(harness);
  const { join } = await library();
  const nodes = await Promise.all(options.map((more) => join(SUBNET, { relays: [relay.url], ...more })));
  return { relay, nodes };
}

async function part(harness, { relay, nodes }) {
  await Promise.all(nodes.map((node) => node.close()));
  await end(harness, relay);
}

const once = (target, name, wanted = () => true) =>
  new Promise((resolve) => {
    const listener = ({ detail }) => wanted(detail) && (target.removeEventListener(name, listener), resolve(detail));
    target.addEventListener(name, listener);
  });

/** That a promise is rejected with this very reason. */
async function assertRejects(reason, promise, what) {
  const outcome = await promise.then(() => "resolved", (error) => error);
  assert(outcome === reason, `${what}: ${outcome}`);
}

/** Until every node sees all others. */
const all = (nodes) => Promise.all(nodes.map((node) => until(() => nodes.every((other) => other === node || sees(node, other)))));
const sees = (node, other) => node.members().some(({ id }) => id === other.id);

/** Looks again and again; the test as a whole has a deadline. */
async function until(holds) {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

export async function joins(harness) {
  const room = await meet(harness, {});
  const { join, MeshSocket } = await library();
  const [mesh] = room.nodes;
  assert(mesh instanceof MeshSocket && mesh instanceof EventTarget, "its class");
  assertSame([mesh.status, mesh.subnet, mesh.peers.length], [{ state: "joined" }, SUBNET, 1], "a node that has joined");
  await mesh.joined({ timeoutMs: 0 });
  await mesh.ready;
  await assertFails("wrong-subnet", () => join("another room", { relays: [room.relay.url] }), '"another room"');
  await assertFails("timeout", () => join(SUBNET, { relays: [`ws://${location.host}`], timeoutMs: 300 }), "is the relay running");
  await assertFails("bad-argument", () => join(7), "subnet");
  await assertFails("bad-argument", () => join(SUBNET), "names nobody");
  const reason = new Error("enough");
  await assertRejects(reason, join(SUBNET, { signal: AbortSignal.abort(reason) }), "a signal that has aborted");
  const stop = new AbortController();
  const waiting = join(SUBNET, { relays: [`ws://${location.host}`], signal: stop.signal });
  stop.abort(reason);
  await assertRejects(reason, waiting, "a signal that aborts");
  await part(harness, room);
}

export async function tellsItsStatus(harness) {
  const { MeshSocket } = await library();
  let relay = await start(harness);
  const mesh = await MeshSocket.open(SUBNET, { relays: [relay.url] });
  const states = [];
  mesh.addEventListener("statuschange", ({ detail }) => states.at(-1) === detail.state || states.push(detail.state));
  assertSame(mesh.status, { state: "connecting" }, "the first");
  await mesh.joined();
  const offline = once(mesh, "statuschange", ({ state, nextAttempt }) => state === "offline" && nextAttempt);
  await end(harness, relay);
  const { nextAttempt } = await offline;
  assert(nextAttempt instanceof Date && Math.abs(nextAttempt - Date.now()) < 60_000, `the next attempt: ${nextAttempt}`);
  relay = await start(harness, relay.url);
  await mesh.joined({ timeoutMs: 10_000 });
  await mesh.close({ reason: "all is said" });
  assertSame(mesh.status, { state: "closed", reason: "all is said" }, "the last");
  assertSame([states[0], states[1], states.at(-1)], ["joined", "offline", "closed"], "in their order");
  await assertFails("closed", () => mesh.joined());
  await end(harness, relay);
}

export async function sendsWhenThereArePeers(harness) {
  const { MeshSocket } = await library();
  const relay = await start(harness);
  const mesh = await MeshSocket.open(SUBNET);
  await assertFails("not-joined", () => mesh.sendWith({}, "x"));
  await assertFails("timeout", () => mesh.sendWith({ atLeast: 1, timeoutMs: 30 }, "x"));
  await assertFails("bad-argument", () => mesh.sendWith({ atLeast: 0 }, "x"), "atLeast");
  const sent = mesh.sendWith({ atLeast: 1, timeoutMs: 10_000 }, "as soon as there is one");
  await mesh.connect(relay.url);
  assertSame((await sent).peers, 1, "who took it");
  const [heard] = await obey(harness, { do: "hear", node: relay.node, count: 1 });
  assertSame(heard.packets, ["as soon as there is one"], "what the relay heard");
  const waiting = mesh.sendWith({ atLeast: 9 }, "never");
  await mesh.close();
  await assertFails("closed", () => waiting);
  await end(harness, relay);
}

export async function iterates(harness) {
  const room = await meet(harness, {}, {});
  const [one, other] = room.nodes;
  const stop = new AbortController();
  const [heard, also] = [[], []];
  const listening = (async () => {
    for await (const message of one.messages({ signal: stop.signal })) heard.push(message.text());
  })();
  const leaving = (async () => {
    for await (const message of one.messages()) if (also.push(message.json()) === 2) break;
  })();
  for (const text of ["1", "2", "3"]) await other.send(text);
  await leaving;
  await until(() => heard.length === 3);
  assertSame([heard, also], [["1", "2", "3"], [1, 2]], "each loop has all");
  assertSame((await one.recv()).text(), "1", "and so has who takes");
  const reason = new Error("enough");
  stop.abort(reason);
  await assertRejects(reason, listening, "the loop");
  await assertRejects(reason, one.recv({ signal: stop.signal }), "a take");
  const rest = one.messages();
  await one.close();
  for await (const message of rest) throw new Error(`heard ${message.text()}`);
  await part(harness, room);
}

export async function showsBodies(harness) {
  const room = await meet(harness, {}, {});
  const [one, other] = room.nodes;
  const messages = one.messages();
  const sent = ["text", Uint8Array.of(123, 125), { a: 1 }, null, [1]];
  for (const body of sent) await other.send(body, "another packet");
  const seen = [];
  for await (const message of messages) {
    assertSame(message.packets.length, 2, "packets");
    seen.push(message);
    if (seen.length === sent.length) break;
  }
  assertSame(seen.map(({ body }) => body), sent, "bodies");
  assertSame(seen.map((message) => message.text()), ["text", "{}", '{"a":1}', "null", "[1]"], "as text");
  assertSame(seen.slice(1).map((message) => message.json()), [{}, { a: 1 }, null, [1]], "as JSON");
  assertSame([...seen[0].bytes()], [116, 101, 120, 116], "as bytes");
  assertSame([seen[0].topic, seen[0].isQuestion], [null, false], "about nothing");
  await part(harness, room);
}

export async function spreadsTopics(harness) {
  const room = await meet(harness, {}, {}, { topics: ["weather"] });
  const [speaker, listener, narrow] = room.nodes;
  await all(room.nodes);
  const [everything, news, little] = [[], [], []];
  listener.addEventListener("message", ({ detail }) => everything.push([detail.topic, detail.body]));
  narrow.addEventListener("message", ({ detail }) => little.push([detail.topic, detail.body]));
  const reading = (async () => {
    for await (const message of narrow.messages({ topic: "news" })) if (news.push(message.body) === 2) break;
  })();
  // What is subscribed to has come to the relay when the answer to a question that was asked after it is here.
  await narrow.requestMany("heard?", { timeoutMs: 300 }).next();
  await speaker.publish("news", 1);
  await speaker.send("to all");
  await speaker.publish("weather", "rain");
  await speaker.publish("sport", "two to one");
  await speaker.publish("news", 2);
  await reading;
  await speaker.publish("news", "after the loop");
  await speaker.publish("weather", "sun");
  await until(() => [little, everything].every((heard) => heard.some(([, body]) => body === "sun")));
  assertSame(news, [1, 2], "what the loop had");
  assertSame(little.filter(([topic]) => topic !== "news"), [["weather", "rain"], ["weather", "sun"]], "what the narrow node had");
  assertSame(everything.map(([, body]) => body).filter((body) => body !== "heard?"), [1, "to all", "rain", "two to one", 2, "after the loop", "sun"], "what the other had");
  for (const topic of ["", "x".repeat(129), 7]) await assertFails("bad-argument", () => speaker.sendWith({ topic }, "x"), "topic");
  await part(harness, room);
}

export async function asksAndAnswers(harness) {
  const room = await meet(harness, {}, {}, {});
  const [asker, one, other] = room.nodes;
  await all(room.nodes);
  for (const node of [one, other]) {
    node.on("message", (message) => {
      assert(message.isQuestion, "a question is known as one");
      if (message.body !== "in vain") message.reply(`${message.body}: ${node.id}`);
    });
  }
  const answer = await asker.request(one.id, "who");
  assertSame([answer.body, answer.sender, answer.kind], [`who: ${one.id}`, one.id, "whisper"], "an answer");
  const answers = [];
  for await (const each of asker.requestMany("all", { timeoutMs: 10_000, max: 2 })) answers.push(each.body);
  assertSame(answers.sort(), [`all: ${one.id}`, `all: ${other.id}`].sort(), "answers");
  assertSame(asker.recvMany(9), [], "answers come to who asked, and to nobody else");
  await assertFails("no-answer", () => asker.request(one.id, "in vain", { timeoutMs: 50 }));
  const none = [];
  for await (const each of asker.requestMany("in vain", { timeoutMs: 50 })) none.push(each);
  assertSame(none, [], "that nobody answers is no failure");
  const stop = new AbortController();
  const [waiting, reason] = [asker.request(one.id, "in vain", { signal: stop.signal }), new Error("enough")];
  stop.abort(reason);
  await assertRejects(reason, waiting, "a question given up");
  await assertFails("to-self", () => asker.request(asker.id, "who"));
  await assertFails("bad-argument", () => asker.request(one.id, () => {}), "body[0]");
  await assertFails("no-route", () => asker.request(NOBODY, "who", { timeoutMs: 20_000 }));
  await part(harness, room);
}

export async function seesWhoIsThere(harness) {
  const room = await meet(harness, { presence: { name: "one" } }, {});
  const [one, other] = room.nodes;
  await all(room.nodes);
  const seen = ({ id }) => other.members().find((member) => member.id === id);
  assertSame(seen(one), { id: one.id, state: "awake", presence: { name: "one" } }, "a member");
  assert(seen(room.relay).presence === null, "a member that shows nothing");
  const changed = once(other, "memberchange");
  one.presence = { name: "the same" };
  assertSame((await changed).presence, { name: "the same" }, "what it shows now");
  assertSame(one.presence, { name: "the same" }, "to itself too");
  await assertFails("too-large", () => (one.presence = "x".repeat(2_000)));
  await assertFails("bad-argument", () => (one.presence = () => {}), "presence[0]");

  // Who listens late misses nobody.
  const [late, emitted, first] = [[], [], []];
  other.addEventListener("memberjoin", ({ detail }) => late.push(detail.id));
  other.addEventListener("memberjoin", { handleEvent: ({ detail }) => first.push(detail.id) }, { once: true });
  other.on("memberjoin", ({ id }) => emitted.push(id));
  assertSame(late, [], "not before the listener is added");
  await Promise.resolve();
  const present = [one.id, room.relay.id].sort();
  assertSame([late.sort(), emitted.sort(), first.length], [present, [...present].sort(), 1], "replayed");
  const { join } = await library();
  const third = await join(SUBNET, { relays: [room.relay.url] });
  await until(() => sees(other, third));
  assert(late.includes(third.id) && emitted.includes(third.id) && first.length === 1, "and who comes later");
  const left = once(other, "memberleave");
  await third.close();
  assertSame(await left, { id: third.id, reason: "goodbye" }, "who says goodbye");
  await part(harness, room);
}

export async function boundsWhatWaits(harness) {
  const policies = ["drop-oldest", "drop-newest", "close"];
  const room = await meet(harness, {}, ...policies.map((policy) => ({ queue: { incoming: { messages: 2 }, policy } })));
  const [speaker, ...listeners] = room.nodes;
  const struck = listeners.map((node) => once(node, "overflow"));
  const loops = listeners.map((node) => node.messages());
  const closed = once(listeners[2], "close", ({ peer }) => peer === null);
  const heard = listeners.slice(0, 2).map((node) => new Promise((resolve) => node.on("message", ({ body }) => body === 3 && resolve())));
  for (const body of [1, 2, 3]) await speaker.send(body);
  await Promise.all(heard);
  for (const [at, policy] of policies.entries()) {
    const dropped = policy === "close" ? 0 : 1;
    assertSame(await struck[at], { queue: "incoming", policy, dropped, total: dropped }, policy);
    assertSame(listeners[at].overflow, dropped, "the counter");
  }
  const bodies = async (loop) => [(await loop.next()).value.body, (await loop.next()).value.body];
  assertSame([await bodies(loops[0]), await bodies(loops[1])], [[2, 3], [1, 2]], "what is left");
  assertSame((await closed).reason, "a queue overflowed", "why it is closed");
  assertSame(listeners[2].status.state, "closed", "the third policy");
  const wide = speaker.messages({ queue: { messages: 1_000 } });
  for (let body = 0; body < 900; body += 1) await listeners[0].send(body);
  for (let body = 0; body < 900; body += 1) assertSame((await wide.next()).value.body, body, "in a queue of its own size");
  await part(harness, room);
}

export async function whispersWithinATime(harness) {
  const room = await meet(harness, {}, {});
  const [one, other] = room.nodes;
  await all(room.nodes);
  const next = other.recv();
  await one.whisperWith({ to: other.id, timeoutMs: 5_000 }, "psst");
  const message = await next;
  const answer = one.recv();
  await message.replyWith({ timeoutMs: 5_000 }, "yes");
  assertSame((await answer).body, "yes", "a reply within a time");
  await assertFails("timeout", () => one.whisperWith({ to: NOBODY, timeoutMs: 100 }, "psst"), "100 ms");
  const reason = new Error("enough");
  await assertRejects(reason, one.whisperWith({ to: NOBODY, signal: AbortSignal.abort(reason) }, "psst"), "an aborted whisper");
  await assertFails("bad-argument", () => one.whisperWith({}, "psst"));
  await part(harness, room);
}

export async function keepsIdentities(harness) {
  const { MeshSocket, join } = await library();
  const name = `reader ${Math.random()}`;
  const open = (identity) => MeshSocket.open(SUBNET, { identity });
  const one = await open(name);
  const other = await open({ name });
  assert(one.id !== other.id, "a second tab has another");
  await assertFails("identity-taken", () => open({ name, whenTaken: "fail" }));
  const ids = [one.id, other.id];
  const waiting = open({ name, whenTaken: "wait" });
  await one.close();
  const third = await waiting;
  assertSame(third.id, ids[0], "who waits is the first once that is gone");
  await Promise.all([third, other].map((node) => node.close()));
  const again = [await open(name), await open(name)];
  assertSame(again.map(({ id }) => id), ids, "after all were closed");
  const stop = new AbortController();
  const late = MeshSocket.open(SUBNET, { identity: { name, whenTaken: "wait" }, signal: stop.signal });
  stop.abort(new Error("enough"));
  assertSame((await late.catch((error) => error)).message, "enough", "a wait that is given up");
  const held = { relays: [`ws://${location.host}`], identity: { name, whenTaken: "wait" }, timeoutMs: 300 };
  await assertFails("timeout", () => join(SUBNET, held), "300 ms");
  await Promise.all(again.map((node) => node.close()));
  const elsewhere = await MeshSocket.open("another room", { identity: name });
  assert(!ids.includes(elsewhere.id), "another room, another id");
  await elsewhere.close();
  for (const wrong of [7, {}, { name, whenTaken: "perhaps" }, { name, whenMissing: "never" }]) await assertFails("bad-argument", () => open(wrong));
  const chosen = await MeshSocket.open(SUBNET, { id: NOBODY });
  assertSame(chosen.id, NOBODY, "an id of one's own choice");
  await chosen.close();
}

export async function loadsOnce() {
  const loaded = await library();
  const { MeshError, MeshSocket, protocolId, ready } = loaded;
  assert(ready() === ready(), "one loading for all");
  assertSame(protocolId("mesh", "Plaintext"), "EpAmyZWv9rZUKmjQgU3FTUD4GrJHvVEXizmghVBc8eGD", "an id of py2p's");
  const error = new MeshError("closed", "words", { cause: 7 });
  assertSame([error.name, error.code, error.message, error.cause, error instanceof Error], ["MeshError", "closed", "words", 7, true], "an error");
  assert(!("free" in MeshSocket.prototype), "nothing to free by hand");
}

// Many frames that come at once: what the core makes of them, and who is told what.

import assert from "node:assert/strict";
import { test } from "node:test";

import { readBatch } from "../../src/batch.js";
import { Messages } from "../../src/iterator.js";
import { encode, encodeOne } from "../../src/msgpack.js";
import { Outlet } from "../../src/outlet.js";
import { frameOf, meshOfTwo, NOW } from "./support.js";

const BROADCAST = 0;
const WHISPER = 2;
/** The sub-flag of a list of peers. */
const PEERS = 7;

const bodies = (messages) => messages.map(({ body }) => body);

/** The messages of all rows that carry some. */
function told(rows) {
  const all = [];
  for (const [word, bytes] of rows) if (word === "messages") readBatch(bytes, () => {}, (message) => all.push(message));
  return all;
}

const broadcast = (sender, body, flag = 0) => frameOf(BROADCAST, sender, NOW, flag, body);
const range = (count) => Array.from({ length: count }, (_, number) => number);

test("however many frames come in one piece, the core tells of their messages in one row, in order", async () => {
  const mesh = await meshOfTwo();
  const rows = mesh.receive(0, Buffer.concat(range(500).map((number) => broadcast("author", number))));
  assert.deepEqual(rows.map(([word]) => word), ["messages"]);
  assert.deepEqual(bodies(told(rows)), range(500));
  mesh.free();
});

test("and says of each what it says of one that comes alone", async () => {
  const [together, apart] = [await meshOfTwo(), await meshOfTwo()];
  const frames = [
    broadcast("author", "text"), broadcast("another", new Uint8Array(300)), broadcast("author", [1, { deep: null }]),
    frameOf(BROADCAST, "author", NOW - 3, 2), broadcast("author", 2n ** 60n, "own flag"), broadcast("ein Verfasser: ß", -1),
  ];
  const alone = frames.flatMap((frame) => told(apart.receive(0, frame)));
  const all = told(together.receive(0, Buffer.concat(frames)));
  const plain = (messages) => messages.map(({ via, ...message }) => message);
  assert.deepEqual(plain(all), plain(alone));
  assert.deepEqual(all.map(({ flag }) => flag), [0, 0, 0, 2, "own flag", 0]);
  assert.deepEqual(all.map(({ time }) => time.getTime() / 1000 - NOW), [0, 0, 0, -3, 0, 0]);
  for (const [at, { id, via, kind }] of all.entries()) {
    assert.deepEqual([id, via, kind], [frames[at].subarray(4, 36).toString("hex"), together.id(1), "broadcast"]);
  }
  for (const mesh of [together, apart]) mesh.free();
});

test("more authors than have a place in it are told apart all the same", async () => {
  const mesh = await meshOfTwo();
  const authors = range(200).map((number) => `author ${(number * 7) % 40}`);
  const all = told(mesh.receive(0, Buffer.concat(authors.map((author, number) => broadcast(author, number)))));
  assert.deepEqual(all.map(({ sender }) => sender), authors);
  mesh.free();
});

test("what happens between two messages is told between them", async () => {
  const mesh = await meshOfTwo();
  const peers = frameOf(WHISPER, mesh.id(1), NOW, PEERS, []);
  const rows = mesh.receive(0, Buffer.concat([broadcast("author", 1), broadcast("author", 2), peers, broadcast("author", 3)]));
  assert.deepEqual(rows.map(([word]) => word), ["messages", "peers", "messages"]);
  assert.deepEqual(rows.map((row) => bodies(told([row]))), [[1, 2], [], [3]]);
  mesh.free();
});

test("who comes, and what answers a question, is told between the messages that came before and after", async () => {
  const mesh = await meshOfTwo();
  mesh.tell(0, "ask", mesh.id(1), null, 1_000, 1, encode(["who is there?"]));
  const answer = mesh.sending(1, "whisper", mesh.id(0), mesh.told.at(-1).reply(), encode(["I am"]));
  mesh.tell(1, "present", encode([{ name: "Ada" }]));
  mesh.pass(1_000);
  const presence = mesh.sending(1, "timeout");
  const pieces = [broadcast("author", 1), answer, broadcast("author", 2), presence, broadcast("author", 3)];
  const rows = mesh.receive(0, Buffer.concat(pieces)).filter(([word]) => ["messages", "answer", "member-up"].includes(word));
  assert.deepEqual(rows.map(([word]) => word), ["messages", "answer", "messages", "member-up", "messages"]);
  assert.deepEqual(rows.map((row) => bodies(told([row]))), [[1], [], [2], [], [3]]);
  mesh.free();
});

test("a piece that ends within a frame gives the whole ones, and the next the rest", async () => {
  const mesh = await meshOfTwo();
  const bytes = Buffer.concat(range(9).map((number) => broadcast("author", number)));
  const [first, second] = [bytes.subarray(0, bytes.length / 2), bytes.subarray(bytes.length / 2)];
  assert.deepEqual([bodies(told(mesh.receive(0, first))), bodies(told(mesh.receive(0, second)))], [range(4), [4, 5, 6, 7, 8]]);
  mesh.free();
});

test("bytes in a message are its own: they hold on to nothing that came with them", async () => {
  const mesh = await meshOfTwo();
  for (const { body } of told(mesh.receive(0, Buffer.concat(range(9).map((number) => broadcast("author", Uint8Array.of(number, 255))))))) {
    assert.deepEqual([body.buffer.byteLength, body[1]], [2, 255]);
  }
  mesh.free();
});

test("a message can be cloned, and what is changed in it changes nobody's answer", async () => {
  const mesh = await meshOfTwo();
  const answered = [];
  const [[, bytes]] = mesh.receive(0, broadcast("author", "hello"));
  readBatch(bytes, (...answer) => answered.push(answer), (message) => {
    assert.deepEqual(structuredClone(message), { ...message });
    assert.deepEqual(Object.keys(message), ["kind", "sender", "time", "id", "via", "flag", "packets", "topic", "isQuestion"]);
    message.sender = "somebody else";
    message.reply("one", 2);
  });
  assert.deepEqual(answered, [["author", null, ["one", 2]]]);
  mesh.free();
});

/** An outlet, and what gives it a batch of messages with these bodies. */
async function outlet({ bounds = { messages: 100, bytes: 1 << 20 }, policy = "drop-oldest" } = {}) {
  const [mesh, target] = [await meshOfTwo(), new EventTarget()];
  const made = new Outlet(target, { bounds, policy, peer: (id) => ({ id }), close() {} });
  const give = (values, flag) => {
    const rows = mesh.receive(0, Buffer.concat(values.map((value) => broadcast("author", value, flag))));
    for (const [, bytes] of rows) readBatch(bytes, () => {}, (message, size) => made.message(message, size));
  };
  return { outlet: made, target, give };
}

test("a listener that throws, or rejects, hinders no other and loses none of the rest", async (context) => {
  const logged = context.mock.method(console, "error", () => {});
  const { outlet: made, give } = await outlet();
  const heard = [];
  made.listeners.add("message", ({ body }) => { if (body === 1) throw new Error("no"); }, false);
  made.listeners.add("message", async ({ body }) => { if (body === 2) throw new Error("no"); }, false);
  made.listeners.add("message", ({ body }) => ({ then: (_, reject) => body === 3 && reject(new Error("no")) }), false);
  made.listeners.add("message", ({ body }) => heard.push(body), false);
  give([0, 1, 2, 3, 4]);
  assert.deepEqual(heard, [0, 1, 2, 3, 4]);
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(logged.mock.callCount(), 3);
});

test("each message of a batch is an event of its own, and goes to everybody who takes", async () => {
  const { outlet: made, target, give } = await outlet();
  const [events, looped] = [[], []];
  made.dispatched.add("message");
  target.addEventListener("message", ({ detail }) => events.push(detail));
  const { queue, leave } = made.subscribe(() => true);
  const loop = (async () => { for await (const message of new Messages(queue)) looped.push(message); })();
  give([1, 2, 3]);
  give([4]);
  queue.end();
  await loop;
  leave();
  assert.deepEqual([bodies(events), bodies(looped)], [[1, 2, 3, 4], [1, 2, 3, 4]]);
  assert.ok(events.every((message, at) => message === looped[at] && message === made.take()));
});

test("once removed within a batch, a listener hears no more of it, and `once` means one", async () => {
  const { outlet: made, give } = await outlet();
  const [first, once] = [[], []];
  const listener = ({ body }) => { first.push(body); if (body === 2) made.listeners.remove("message", listener); };
  made.listeners.add("message", listener, false);
  made.listeners.add("message", ({ body }) => once.push(body), true);
  give([1, 2, 3]);
  assert.deepEqual([first, once], [[1, 2], [1]]);
});

test("handlers have the first look at each message, in order, and what they do not act on goes on", async () => {
  const { outlet: made, give } = await outlet();
  const [seen, heard] = [[], []];
  made.handlers(async ({ body }) => { seen.push(body); await null; return body % 2 === 0; });
  made.listeners.add("message", ({ body }) => heard.push(body), false);
  give([1, 2, 3, 4, 5]);
  give(["flagged"], "own flag");
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual([seen, heard], [[1, 2, 3, 4, 5, "flagged"], [1, 3, 5]]);
});

test("a handler that throws or rejects is given the next all the same, and its message goes on", async () => {
  const { outlet: made, give } = await outlet();
  const heard = [];
  made.handlers(({ body }) => { if (body === 1) throw new Error("no"); return false; });
  made.handlers(async ({ body }) => { if (body === 2) throw new Error("no"); return false; });
  made.listeners.add("message", ({ body }) => heard.push(body), false);
  give([0, 1, 2, 3]);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual([heard, made.faults.map(({ code }) => code)], [[0, 1, 2, 3], ["handler-failed", "handler-failed"]]);
});

for (const [policy, left, struck] of [["drop-oldest", [2, 3, 4], [1, 1]], ["drop-newest", [0, 1, 2], [1, 1]], ["close", [0, 1, 2], [0, 0]]]) {
  test(`a batch that is more than a queue may hold is cut as its policy says: ${policy}`, async () => {
    const { outlet: made, give } = await outlet({ bounds: { messages: 3, bytes: 1 << 20 }, policy });
    const dropped = [];
    made.listeners.add("overflow", (overflow) => dropped.push(overflow.dropped), false);
    const { queue } = made.subscribe(() => true);
    give([0, 1, 2, 3, 4]);
    assert.deepEqual([bodies(range(queue.length).map(() => queue.take())), dropped], [left, struck]);
  });
}

test("a loop takes what waits in order, ends by its signal with the reason, and drops what it was left with", async () => {
  const { outlet: made, give } = await outlet();
  const { queue } = made.subscribe(() => true);
  const stop = new AbortController();
  const left = [];
  const messages = new Messages(queue, { signal: stop.signal, left: () => left.push("once") });
  give([1, 2, 3]);
  const taken = [messages.next(), messages.next()];
  assert.deepEqual((await Promise.all(taken)).map(({ value, done }) => [value.body, done]), [[1, false], [2, false]]);
  stop.abort(new Error("enough"));
  await assert.rejects(messages.next(), { message: "enough" });
  assert.deepEqual([await messages.next(), await messages.return(), left], [{ value: undefined, done: true }, { value: undefined, done: true }, ["once"]]);
});

test("short texts are read letter by letter, and are what a decoder makes of them", () => {
  for (const text of ["", "plain", "\0 and \x7f", "nine ß", "漢字", "🦀", "twelve chars", "\ufeffbom"]) {
    const row = encodeOne([new Uint8Array(32), "sender", 0, false, NOW, 1, text, null, encodeOne([0]).subarray(1)]).subarray(1);
    readBatch(row, () => {}, ({ topic, via }) => assert.deepEqual([topic, via], [text, "sender"]));
  }
});

// What waits, and what goes when too much does.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Parking } from "../../src/parking.js";
import { Queue } from "../../src/queue.js";

function queue(bounds, policy = "drop-oldest") {
  const struck = [];
  const made = new Queue({ messages: 3, bytes: 100, ...bounds }, policy, (count) => struck.push(count));
  return { queue: made, struck, rest: () => Array.from({ length: made.length }, () => made.take()) };
}

test("items are taken in the order in which they came, and then there is none", () => {
  const { queue: made, rest } = queue();
  for (let round = 0; round < 100; round += 1) {
    made.push(round, 1);
    made.push(-round, 1);
    assert.deepEqual(rest(), [round, -round]);
  }
  assert.equal(made.take(), undefined);
});

test("beyond its bounds the oldest go, and are counted", () => {
  const { queue: made, struck, rest } = queue();
  for (const item of [1, 2, 3, 4, 5]) made.push(item, 1);
  assert.deepEqual([rest(), struck], [[3, 4, 5], [1, 1]]);
  made.push("small", 40);
  made.push("smaller", 10);
  made.push("large", 95);
  assert.deepEqual([rest(), struck], [["large"], [1, 1, 2]]);
});

test("one item may be larger than all that may wait", () => {
  for (const policy of ["drop-oldest", "drop-newest"]) {
    const { queue: made, struck, rest } = queue({}, policy);
    made.push("huge", 1_000);
    assert.deepEqual([rest(), struck], [["huge"], []], policy);
  }
});

test("or the newest is not taken", () => {
  const { queue: made, struck, rest } = queue({}, "drop-newest");
  for (const item of [1, 2, 3, 4, 5]) made.push(item, 1);
  assert.deepEqual([rest(), struck], [[1, 2, 3], [1, 1]]);
});

test("or who feeds it is to be closed", () => {
  const { queue: made, struck, rest } = queue({}, "close");
  for (const item of [1, 2, 3, 4]) made.push(item, 1);
  assert.deepEqual([rest(), struck], [[1, 2, 3], [0]]);
});

test("who waits is served first, in order, and not at all once it has left", () => {
  const { queue: made } = queue();
  const got = [];
  made.next((item) => got.push(["one", item]));
  const leave = made.next((item) => got.push(["two", item]));
  made.next((item) => got.push(["three", item]));
  leave();
  made.push("a", 1);
  made.push("b", 1);
  made.push("c", 1);
  assert.deepEqual([got, made.length], [[["one", "a"], ["three", "b"]], 1]);
});

test("when it ends, what waits can be taken, and who waits is told", () => {
  const { queue: made, rest } = queue();
  const got = [];
  made.push("left", 1);
  made.end();
  made.push("late", 1);
  assert.deepEqual(rest(), ["left"]);
  made.next((item) => got.push(item));
  assert.deepEqual(got, [undefined]);
});

function parking(policy, bounds = { messages: 2, bytes: 100 }) {
  const struck = [];
  const rejected = [];
  const parked = new Parking(bounds, policy, (count) => struck.push(count));
  const job = (name, lane = "", bytes = 1) => ({ name, lane, bytes, reject: ({ code }) => rejected.push([name, code]) });
  return { parked, struck, rejected, job };
}

test("who finds no room is tried again, in order for each receiver", () => {
  const { parked, job } = parking("drop-oldest", { messages: 9, bytes: 100 });
  const tried = [];
  for (const [name, lane] of [["a1", "a"], ["b1", "b"], ["a2", "a"], ["b2", "b"]]) parked.push(job(name, lane));
  parked.retry(({ name, lane }) => (tried.push(name), lane === "b"));
  assert.deepEqual(tried, ["a1", "b1", "b2"]);
  assert.deepEqual([parked.has("a"), parked.has("b")], [true, false]);
  parked.end();
});

test("messages that wait beyond the bounds are rejected: the oldest, or the newest", () => {
  for (const [policy, gone] of [["drop-oldest", "a"], ["drop-newest", "c"], ["close", "c"]]) {
    const { parked, struck, rejected, job } = parking(policy);
    for (const name of ["a", "b", "c"]) parked.push(job(name));
    assert.deepEqual([rejected, struck], [[[gone, "overflow"]], [policy === "close" ? 0 : 1]], policy);
    parked.end();
    assert.equal(rejected.length, 3, "the others end with the node");
  }
});

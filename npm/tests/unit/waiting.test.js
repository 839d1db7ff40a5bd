// Waiting, and what a node wants to hear of, without any node.

import assert from "node:assert/strict";
import { test } from "node:test";

import { claim } from "../../src/identity.js";
import { Interest } from "../../src/interest.js";
import { within } from "../../src/waiting.js";

test("a wait ends with what it waits for, and takes nothing back then", async () => {
  const stop = new AbortController();
  let undone = 0;
  const waiting = within({ signal: stop.signal, timeoutMs: 10_000 }, (resolve) => {
    queueMicrotask(() => resolve("here"));
    return () => (undone += 1);
  });
  assert.equal(await waiting, "here");
  stop.abort();
  assert.equal(undone, 0);
});

test("a wait that is given up takes back what it began", async () => {
  const stop = new AbortController();
  for (const [options, wanted] of [
    [{ timeoutMs: 1 }, { name: "TimeoutError", code: "timeout" }],
    [{ signal: stop.signal }, { name: "AbortError" }],
  ]) {
    let undone = 0;
    const begin = () => {
      queueMicrotask(() => options.signal && stop.abort());
      return () => (undone += 1);
    };
    await assert.rejects(within(options, begin), wanted);
    assert.equal(undone, 1);
  }
});

test("a signal that has aborted keeps a wait from beginning", async () => {
  const reason = new Error("enough");
  let begun = false;
  await assert.rejects(within({ signal: AbortSignal.abort(reason) }, () => (begun = true)), reason);
  assert.equal(begun, false);
});

test("what is no time and no signal is refused", async () => {
  for (const timeoutMs of [-1, NaN, "soon", 5n]) {
    await assert.rejects(within({ timeoutMs }, () => {}), { code: "bad-argument", message: /timeoutMs/ });
  }
  await assert.rejects(within({ signal: "stop" }, () => {}), { code: "bad-argument", message: /signal/ });
  assert.equal(await within({ timeoutMs: Infinity, signal: null }, (resolve) => resolve(1)), 1, "no end is an end too");
});

function interest(topics, plain = false) {
  const told = [];
  const made = new Interest({ topics, plain }, ([, ...input]) => told.push(input));
  return { interest: made, told };
}

test("who wants everything tells nothing of topics", () => {
  const { interest: all, told } = interest(null);
  all.add("news");
  all.remove("news");
  all.drop("news");
  assert.deepEqual(told, []);
});

test("a topic is told once however many want it, and no more when the last has left", () => {
  const { interest: narrow, told } = interest(["weather"], true);
  narrow.add("news");
  narrow.add("news");
  narrow.add("weather");
  narrow.remove("news");
  narrow.remove("weather");
  narrow.remove("news");
  narrow.remove("news");
  narrow.drop("weather");
  assert.deepEqual(told, [[["weather"], true], [["weather", "news"], true], [["weather"], true], [[], true]]);
});

test("a topic that somebody iterates over outlives its place among the first", () => {
  const { interest: narrow, told } = interest(["news"]);
  narrow.add("news");
  narrow.drop("news");
  assert.deepEqual(told, [[["news"], false]]);
  narrow.remove("news");
  assert.deepEqual(told.at(-1), [[], false]);
});

test("where nothing can be kept, an identity is refused, or random if that will do", async () => {
  assert.equal((await claim("chat", {})).id, null);
  await assert.rejects(claim("chat", { identity: "me" }), { code: "no-storage", message: /IndexedDB/ });
  assert.equal((await claim("chat", { identity: { name: "me", whenMissing: "random" } })).id, null);
  await assert.rejects(claim("chat", { identity: { name: "me", whenTaken: "ask" } }), { code: "bad-argument" });
});

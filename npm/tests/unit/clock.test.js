// One alarm: when it rings, and what it costs to put it off.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Alarm } from "../../src/clock.js";

/** An alarm on a time that `pass` lets pass; `rung` are the moments at which it rang, `timers` how many timers it took. */
function alarm(context) {
  const { timers } = context.mock;
  timers.enable({ apis: ["setTimeout"] });
  let now = 0;
  const rung = [];
  const set = context.mock.method(globalThis, "setTimeout");
  const pass = (millis) => {
    for (; millis > 0; millis -= 1) {
      now += 1;
      timers.tick(1);
    }
  };
  return { alarm: new Alarm(() => now, () => rung.push(now)), rung, pass, timers: () => set.mock.callCount() };
}

test("it rings at the moment that was set last, and once", (context) => {
  const { alarm: made, rung, pass } = alarm(context);
  made.set(10);
  made.set(30);
  pass(29);
  assert.deepEqual(rung, []);
  pass(100);
  assert.deepEqual(rung, [30]);
});

test("at an earlier one, if that is set, and not at all after null", (context) => {
  const { alarm: made, rung, pass } = alarm(context);
  made.set(50);
  made.set(20);
  pass(60);
  made.set(70);
  made.set(null);
  pass(100);
  assert.deepEqual(rung, [20]);
  made.set(200);
  pass(100);
  assert.deepEqual(rung, [20, 200]);
});

test("what is put off a thousand times takes two timers", (context) => {
  const { alarm: made, rung, pass, timers } = alarm(context);
  for (let at = 1; at <= 1_000; at += 1) made.set(10 + at);
  pass(2_000);
  assert.deepEqual([rung, timers()], [[1_010], 2]);
});

test("a moment that has passed rings at once", (context) => {
  const { alarm: made, rung, pass } = alarm(context);
  pass(100);
  made.set(40);
  pass(1);
  assert.deepEqual(rung, [101]);
});

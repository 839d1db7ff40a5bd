import assert from "node:assert/strict";
import { test } from "node:test";

import { meshOptions } from "../../src/options.js";

const hearsay = (relays, hearsay) => meshOptions({ relays, hearsay }).hearsay;

test("only where all relays are on this machine private addresses are believed", () => {
  assert.equal(hearsay(["ws://127.0.0.1:8765", "ws://localhost/", "ws://[::1]:1"]), "private");
  assert.equal(hearsay(["ws://127.0.0.1:8765", "wss://relay.example"]), "web");
  assert.equal(hearsay(["wss://localhost.example"]), "web");
  assert.equal(hearsay([]), "web");
  assert.equal(meshOptions(undefined).hearsay, "web");
});

test("which addresses are believed can be said, in one of four words", () => {
  assert.equal(hearsay(["wss://relay.example"], "any"), "any");
  assert.throws(() => hearsay([], "all"), /hearsay is none of public, web, private, any/);
});

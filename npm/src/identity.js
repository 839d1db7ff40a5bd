// An id that survives reloads: kept in IndexedDB by the name of its subnet and its own, and owned by one tab at a time, which
// holds a Web Lock for as long as its node runs.

import { badArgument, MeshError } from "./errors.js";
import { object, string } from "./options.js";

const WHEN_TAKEN = ["next", "wait", "fail"];
const WHEN_MISSING = ["fail", "random"];
/** How many tabs of one name have ids of their own that are kept. */
const MOST = 64;
/** How long a reloaded page waits for the one that it was, in milliseconds: its lock is let go a little later than it. */
const RELOAD = 1_000;

/**
 * Takes possession of an id: gives `id`, which is null if it is new, `keep(id)` and `release()`. Without `identity` among the
 * options there is nothing to take.
 */
export async function claim(subnet, { identity, signal }) {
  if (identity == null) return nobody;
  const wanted = checked(identity);
  const missing = whatIsMissing();
  if (missing) {
    if (wanted.whenMissing === "random") return nobody;
    throw new MeshError("no-storage", `an identity cannot be kept here: there is no ${missing} (pages need https or localhost); give an id, or whenMissing: "random"`);
  }
  const place = `${subnet}\n${wanted.name}`;
  const owned = await take(place, wanted.whenTaken, signal);
  const key = `${place}\n${owned.number}`;
  try {
    return { id: await load(key), keep: (id) => save(key, id).catch(notKept), release: owned.release };
  } catch (error) {
    owned.release();
    return notKept(error);
  }
}

function notKept(cause) {
  throw new MeshError("no-storage", `the identity cannot be kept: ${cause.message}`, { cause });
}

const nobody = { id: null, keep() {}, release() {} };

function checked(identity) {
  const { name, whenTaken = "next", whenMissing = "fail" } = typeof identity === "string" ? { name: identity } : object(identity);
  if (!WHEN_TAKEN.includes(whenTaken)) throw badArgument(`whenTaken is none of ${WHEN_TAKEN.join(", ")}`);
  if (!WHEN_MISSING.includes(whenMissing)) throw badArgument(`whenMissing is none of ${WHEN_MISSING.join(", ")}`);
  return { name: string(name, "identity.name"), whenTaken, whenMissing };
}

function whatIsMissing() {
  if (!globalThis.indexedDB) return "IndexedDB";
  return globalThis.navigator?.locks ? null : "Web Locks";
}

/** The locks that nodes of this very page hold. */
const here = new Set();

/** The first of the numbered ids of a place that nobody owns; or the one that this tab owned before it was reloaded. */
async function take(place, whenTaken, signal) {
  const before = remembered(place);
  if (before !== null && !here.has(named(place, before))) {
    const again = await lock(place, before, { signal: AbortSignal.timeout(RELOAD) }).catch(() => null);
    if (again) return again;
    forget(place);
  }
  if (whenTaken === "wait") return lock(place, 0, { signal });
  const most = whenTaken === "next" ? MOST : 1;
  for (let number = 0; number < most; number += 1) {
    const owned = await lock(place, number, { ifAvailable: true });
    if (owned) return remember(place, owned);
  }
  throw new MeshError("identity-taken", 'another tab has this identity: close it, or join with whenTaken: "next" or "wait"');
}

/** Resolves when the lock is held, or with null if it was to be had at once and was not. */
function lock(place, number, { signal, ifAvailable = false }) {
  const name = named(place, number);
  return new Promise((resolve, reject) => {
    const held = (lock) => {
      if (lock === null) return resolve(null);
      here.add(name);
      return new Promise((release) => resolve({ number, release: () => (here.delete(name), release()) }));
    };
    const options = ifAvailable ? { ifAvailable } : signal ? { signal } : {};
    navigator.locks.request(name, options, held).catch(reject);
  });
}

const named = (place, number) => `rs2p\n${place}\n${number}`;

/** What this tab had before it was reloaded. A copy of a tab has a copy of this, and finds it taken. */
function remembered(place) {
  try {
    const number = sessionStorage.getItem(`rs2p\n${place}`);
    return number === null ? null : Number(number);
  } catch {
    return null;
  }
}

/** Of several nodes in one page, the first is the one that a reload begins with. */
function remember(place, owned) {
  try {
    if (remembered(place) === null) sessionStorage.setItem(`rs2p\n${place}`, String(owned.number));
  } catch {
    // A worker has none, and a page may be kept from it: the first id that is free is as good a guess.
  }
  return owned;
}

function forget(place) {
  sessionStorage.removeItem(`rs2p\n${place}`);
}

const load = async (key) => (await inStore("readonly", (store) => store.get(key))) ?? null;

const save = (key, id) => inStore("readwrite", (store) => store.put(id, key));

async function inStore(mode, act) {
  const database = await opened();
  try {
    return await settled(act(database.transaction("ids", mode).objectStore("ids")));
  } finally {
    database.close();
  }
}

function opened() {
  const request = indexedDB.open("rs2p", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("ids");
  return settled(request);
}

function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

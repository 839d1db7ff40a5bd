// Who listens to what, by the rules of Node's emitters, for those who come from js2p: a name is any string or symbol, a
// listener added twice is called twice, the latest is removed first, and one that is removed while an event is told still
// hears that event. But a listener that throws, or whose promise rejects, hinders no other: that goes to the console.

import { badArgument } from "./errors.js";

export class Listeners {
  #lists = new Map();

  add(event, listener, once) {
    mustBeFunction(listener, "listener");
    this.#lists.set(event, [...this.#of(event), { listener, once }]);
  }

  remove(event, listener) {
    mustBeFunction(listener, "listener");
    const latest = this.functions(event).lastIndexOf(listener);
    this.#lists.set(event, this.#of(event).filter((_, at) => at !== latest));
  }

  /** Removes those for one event, or all. */
  clear(event) {
    if (event == null) this.#lists.clear();
    else this.#lists.delete(named(event));
  }

  has(event) {
    return this.#of(event).length > 0;
  }

  functions(event) {
    return this.#of(event).map(({ listener }) => listener);
  }

  /** Calls each with `self` as its `this`; returns whether there was one. */
  tell(self, event, values) {
    const told = this.#of(event);
    if (told.some(isOnce)) this.#lists.set(event, told.filter(({ once }) => !once));
    for (const { listener } of told) call(self, event, listener, values);
    return told.length > 0;
  }

  #of(event) {
    return this.#lists.get(named(event)) ?? NOBODY;
  }
}

const NOBODY = [];
const isOnce = ({ once }) => once;

/** Calls a listener; what it throws, or its promise rejects with, goes to the console. */
export function call(self, event, listener, values) {
  const failed = (error) => console.error(`a listener for "${String(event)}" threw:`, error);
  try {
    const answer = listener.apply(self, values);
    if (typeof answer?.then === "function") Promise.resolve(answer).catch(failed);
  } catch (error) {
    failed(error);
  }
}

/** A function that `using` calls at the end of its block too, where the platform knows that. */
export function disposable(act) {
  if (Symbol.dispose) act[Symbol.dispose] = act;
  return act;
}

function named(event) {
  if (typeof event !== "string" && typeof event !== "symbol") throw badArgument("the name of an event is no string or symbol");
  return event;
}

export function mustBeFunction(value, name) {
  if (typeof value !== "function") throw badArgument(`the ${name} is no function`);
}

// Waiting that ends: by what is waited for, by a signal, or by the time that it was given.

import { badArgument, MeshError } from "./errors.js";

const LONGEST_WAIT = 2 ** 31 - 1;

/**
 * A promise that `begin(resolve, reject)` settles. It returns what undoes the beginning, which is called when the options'
 * `signal` or `timeoutMs` ends the waiting first.
 */
export function within(options, begin) {
  return new Promise((resolve, reject) => {
    const { signal, timeoutMs } = checked(options);
    if (signal?.aborted) throw signal.reason;
    let undo;
    let timer;
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    };
    const giveUp = (error) => {
      done();
      undo?.();
      reject(error);
    };
    const abort = () => giveUp(signal.reason);
    if (timeoutMs !== undefined) timer = setTimeout(() => giveUp(timeout(timeoutMs)), timeoutMs);
    signal?.addEventListener("abort", abort);
    const settled = (settle) => (value) => (done(), settle(value));
    try {
      undo = begin(settled(resolve), settled(reject));
    } catch (error) {
      done();
      throw error;
    }
  });
}

/** A signal that aborts as `signal` does, or when the time is over. */
export function soonest(signal, timeoutMs) {
  const ends = AbortSignal.timeout(Math.min(timeoutMs, LONGEST_WAIT));
  return signal ? AbortSignal.any([signal, ends]) : ends;
}

export const timeout = (timeoutMs) => new MeshError("timeout", `no end within ${Math.round(timeoutMs)} ms`);

/** The two options, or what is wrong with them. A wait that is longer than timers go has no end. */
export function checked({ signal, timeoutMs } = {}) {
  if (timeoutMs != null && !(typeof timeoutMs === "number" && timeoutMs >= 0)) {
    throw badArgument("timeoutMs is no number of milliseconds from 0 up");
  }
  if (signal != null && !(signal instanceof AbortSignal)) throw badArgument("signal is no AbortSignal");
  const isBound = timeoutMs != null && timeoutMs <= LONGEST_WAIT;
  return { signal: signal ?? undefined, timeoutMs: isBound ? timeoutMs : undefined };
}

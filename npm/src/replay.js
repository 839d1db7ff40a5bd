// Who listens for members is told of those that are there already: a listener that is added late misses nobody.

/**
 * Tells `listener` of the members that there are now, a moment later, each as an event of `mesh`; those that leave meanwhile
 * are left out, and those that come are told anyway. Returns whether that was all that it wanted: the first, once.
 */
export function replayed(mesh, members, listener, options) {
  const { once = false, signal } = typeof options === "object" && options !== null ? options : {};
  const present = once ? members.list.slice(0, 1) : members.list;
  if (present.length === 0 || signal?.aborted) return false;
  queueMicrotask(() => {
    for (const detail of present) {
      if (!members.has(detail.id) || signal?.aborted) continue;
      tell(mesh, listener, new CustomEvent("memberjoin", { detail }));
    }
  });
  return once;
}

function tell(mesh, listener, event) {
  try {
    if (typeof listener === "function") listener.call(mesh, event);
    else listener.handleEvent(event);
  } catch (error) {
    // As the platform does it: told, and in nobody's way.
    if (globalThis.reportError) reportError(error);
    else console.error(error);
  }
}

// The life of the page, told to the node: seen or hidden, frozen or running, network or none.
//
// A worker has only the network, Node.js nothing of this; there, nothing is told.

/** What the document tells of itself (HTML; Page Lifecycle), and what the window does; of that, a worker has two. */
const OF_THE_DOCUMENT = ["visibilitychange", "freeze", "resume"];
const OF_THE_GLOBAL = ["pagehide", "pageshow", "online", "offline"];

/** Tells `notice(word)` of what happens to the page; returns what ends that. */
export function watch(notice) {
  const listener = (event) => {
    const word = inWords(event);
    if (word) notice(word);
  };
  const watched = [
    ...targets(globalThis.document, OF_THE_DOCUMENT),
    ...targets(globalThis, OF_THE_GLOBAL),
  ];
  for (const [target, name] of watched) target.addEventListener(name, listener);
  return () => watched.forEach(([target, name]) => target.removeEventListener(name, listener));
}

const targets = (target, names) => (target?.addEventListener ? names.map((name) => [target, name]) : []);

function inWords({ type, persisted }) {
  switch (type) {
    case "visibilitychange":
      return document.visibilityState === "hidden" ? "hidden" : "visible";
    case "freeze":
      return "frozen";
    case "resume":
      return "resumed";
    // Kept for a way back, or gone for good: nobody knows yet.
    case "pagehide":
      return "leaving";
    // The first showing of a page is no return.
    case "pageshow":
      return persisted ? "resumed" : null;
    default:
      return type;
  }
}

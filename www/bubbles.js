// Speech bubbles over the nodes: the start of what each of them last said, for a few seconds.
//
// One bubble for each node, few in all, and none that changes faster than it could be read; the chat beside them
// is the place to read everything.

/** The drawing's area, in square pixels, that bears one bubble; and how many there are at least and at most. */
const AREA = 70_000;
const FEWEST = 2;
const MOST = 6;
const LENGTH = 48;
/** How long a bubble stays, in milliseconds. */
const LIFE = 4200;
/** How long a bubble is left alone: not changed, and not pushed out by another. */
const REST = 500;

export class Bubbles {
  #layer;
  #bubbles = new Map();
  #limit = MOST;

  constructor(layer) {
    this.#layer = layer;
  }

  say(id, text, { hue, whispered }) {
    const now = performance.now();
    const bubble = this.#bubbles.get(id) ?? this.#make(id, now);
    if (!bubble || now - bubble.changed < REST) return;
    bubble.changed = now;
    clearTimeout(bubble.timer);
    bubble.timer = setTimeout(() => this.#remove(id), LIFE);
    bubble.words.textContent = start(text);
    bubble.size = null;
    bubble.element.classList.toggle("whispered", whispered);
    bubble.element.style.setProperty("--hue", String(hue));
  }

  /** Fits the number of bubbles to the size of the drawing. */
  resize({ width, height }) {
    this.#limit = Math.min(Math.max(Math.floor((width * height) / AREA), FEWEST), MOST);
    while (this.#bubbles.size > this.#limit) this.#remove(this.#bubbles.keys().next().value);
    for (const bubble of this.#bubbles.values()) bubble.size = null;
  }

  /** Moves the bubbles to their nodes: `body(id)` tells where, `width` is that of the drawing. */
  step(body, width) {
    this.#measure();
    for (const [id, bubble] of this.#bubbles) {
      const place = body(id);
      if (place) put(bubble, place, width);
      else this.#remove(id);
    }
  }

  /** Reads the sizes of new bubbles, all before anything is moved: the page is laid out once at most. */
  #measure() {
    for (const bubble of this.#bubbles.values()) {
      bubble.size ??= { width: bubble.words.offsetWidth, height: bubble.words.offsetHeight };
    }
  }

  /** A new bubble, in place of the oldest one if there are enough; null if even that one is too young. */
  #make(id, now) {
    if (this.#bubbles.size >= this.#limit) {
      const [oldest, { changed }] = this.#bubbles.entries().next().value;
      if (now - changed < REST) return null;
      this.#remove(oldest);
    }
    const element = document.createElement("div");
    const words = document.createElement("span");
    element.className = "bubble";
    element.append(words);
    this.#layer.append(element);
    const bubble = { element, words, size: null, timer: 0, changed: -REST };
    this.#bubbles.set(id, bubble);
    return bubble;
  }

  #remove(id) {
    const bubble = this.#bubbles.get(id);
    if (!bubble) return;
    clearTimeout(bubble.timer);
    bubble.element.remove();
    this.#bubbles.delete(id);
  }
}

/** Puts a bubble over its node, or under it where there is no room above, and keeps it inside the drawing. */
function put({ element, size }, { x, y }, width) {
  const under = y - 32 < size.height;
  const half = size.width / 2 + 8;
  const nudge = Math.max(half - x, 0) - Math.max(x + half - width, 0);
  element.classList.toggle("under", under);
  element.style.transform = `translate(${(x + nudge).toFixed(1)}px, ${(under ? y + 42 : y - 26).toFixed(1)}px)`;
}

/** The first words of a text on one line. */
function start(text) {
  const line = text.slice(0, 4 * LENGTH).replace(/\s+/g, " ").trim();
  const characters = [...line];
  return characters.length > LENGTH ? `${characters.slice(0, LENGTH - 1).join("")}…` : line;
}

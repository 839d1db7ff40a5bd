// The drawing of the mesh on a canvas: all of it at a moment, or the way of one message. Knows no clock.

/** How long a link is shown as new, and as lost, in virtual milliseconds. */
const FRESH = 1500;
/** Milliseconds of real time that a message's arrival glows. */
const GLOW = 130;
const TAU = 2 * Math.PI;

class Sky {
  #canvas;
  #pen;
  #story;
  #size = { width: 0, height: 0, scale: 1 };
  #colours = {};

  constructor(canvas, story, changed) {
    this.#canvas = canvas;
    this.#pen = canvas.getContext("2d");
    this.#story = story;
    new ResizeObserver(() => {
      this.#resize();
      changed();
    }).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.#readColours();
      changed();
    });
    this.#resize();
    this.#readColours();
  }

  /** The whole mesh at `time`. */
  mesh(time) {
    const links = this.#story.linksAt(time);
    const states = this.#story.statesAt(time);
    const view = this.#story.partsAt(links, states);
    this.#clear();
    this.#lines(links.filter(({ from }) => time - from >= FRESH || from < FRESH), this.#colours.link, this.#thread());
    this.#fading(time);
    this.#nodes(states, (node) => this.#partColour(view.parts[node]));
    return { ...view, links: links.length };
  }

  /** One message, `ms` after it was sent: where it is, and by which way it came there. */
  wave(wave, ms) {
    const states = this.#story.statesAt(wave.at_ms);
    const links = this.#story.linksAt(wave.at_ms);
    const has = (node) => wave.arrivals[node] >= 0 && wave.arrivals[node] <= ms;
    this.#clear();
    this.#lines(links, this.#colours.faint, this.#thread() * 0.8);
    const way = [];
    wave.parents.forEach((parent, node) => {
      if (parent >= 0 && has(node)) way.push({ a: parent, b: node });
    });
    this.#lines(way, this.#colours.accent, this.#thread() * 1.6);
    this.#nodes(states, (node) => (has(node) ? this.#glow(ms - wave.arrivals[node]) : this.#colours.waiting));
    this.#ring(wave.origin, this.#colours.warm);
    return wave.arrivals.reduce((sum, _, node) => sum + (has(node) ? 1 : 0), 0);
  }

  /** The node under a point of the canvas, if one is near. */
  nodeAt(x, y) {
    let best = { node: -1, distance: 18 };
    for (let node = 0; node < this.#story.count; node++) {
      const at = this.place(node);
      const distance = Math.hypot(at.x - x, at.y - y);
      if (distance < best.distance) best = { node, distance };
    }
    return best.node;
  }

  place(node) {
    const { width, height } = this.#size;
    const margin = 14;
    const { places } = this.#story;
    return { x: margin + places[2 * node] * (width - 2 * margin), y: margin + places[2 * node + 1] * (height - 2 * margin) };
  }

  #resize() {
    const { width, height } = this.#canvas.getBoundingClientRect();
    const scale = devicePixelRatio || 1;
    this.#size = { width, height, scale };
    this.#canvas.width = Math.round(width * scale);
    this.#canvas.height = Math.round(height * scale);
  }

  #readColours() {
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const pick = (light, night) => (dark ? night : light);
    this.#colours = {
      accent: pick("#5b4bc4", "#a79bff"),
      warm: pick("#b3540a", "#ffb066"),
      link: pick("#4a4f6655", "#8f97bb50"),
      faint: pick("#4a4f661c", "#8f97bb20"),
      fresh: pick("#1d7a46", "#63d297"),
      lost: pick("#b3261e", "#ff8a80"),
      dead: pick("#b9b4a8", "#4b5162"),
      frozen: pick("#2c8fc9", "#7fd0ff"),
      waiting: pick("#cfcabd", "#3c4253"),
      paper: pick("#fffefb", "#1a1d26"),
      glow: pick([91, 75, 196], [167, 155, 255]),
      flash: pick([255, 138, 0], [255, 226, 120]),
      parts: pick(
        ["#5b4bc4", "#d1495b", "#0b8a8f", "#b8860b", "#7a8b1f", "#a23b9a"],
        ["#a79bff", "#ff8fa0", "#4fd1c9", "#ffd166", "#c3d94e", "#f29bea"],
      ),
    };
  }

  /** The width of a link: thin in a crowd. */
  #thread() {
    return Math.max(0.45, Math.min(1.4, 16 / Math.sqrt(this.#story.count)));
  }

  /** How strongly so many links are drawn that stand out: each less, the more there are. */
  #hush(count) {
    return Math.max(0.16, Math.min(1, 14 / Math.sqrt(count + 1)));
  }

  #radius(node) {
    const crowd = Math.min(this.#size.width, this.#size.height) / Math.sqrt(this.#story.count);
    const base = Math.max(1.5, Math.min(6.5, crowd * 0.16));
    return this.#story.summary.picture.kinds[node] === RELAY ? base * 1.7 : base;
  }

  #partColour(part) {
    const { parts } = this.#colours;
    return parts[part < parts.length ? part : 1 + ((part - 1) % (parts.length - 1))];
  }

  #glow(age) {
    const share = Math.max(0, 1 - age / GLOW);
    const { glow, flash } = this.#colours;
    return `rgb(${glow.map((value, index) => Math.round(value + (flash[index] - value) * share)).join(" ")})`;
  }

  #clear() {
    const { width, height, scale } = this.#size;
    this.#pen.setTransform(scale, 0, 0, scale, 0, 0);
    this.#pen.clearRect(0, 0, width, height);
  }

  #lines(links, colour, width, alpha = 1) {
    const pen = this.#pen;
    pen.beginPath();
    for (const { a, b } of links) {
      const [from, to] = [this.place(a), this.place(b)];
      pen.moveTo(from.x, from.y);
      pen.lineTo(to.x, to.y);
    }
    pen.globalAlpha = alpha;
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.stroke();
    pen.globalAlpha = 1;
  }

  /** Links that came or went a moment ago, in four steps of brightness. */
  #fading(time) {
    const steps = 4;
    const bucket = (age) => Math.floor((age / FRESH) * steps);
    const groups = { fresh: Array.from({ length: steps }, () => []), lost: Array.from({ length: steps }, () => []) };
    for (const link of this.#story.links) {
      if (link.from > time) break;
      const [age, gone] = [time - link.from, time - link.to];
      if (gone >= 0 && gone < FRESH) groups.lost[bucket(gone)].push(link);
      else if (gone < 0 && age < FRESH && link.from >= FRESH) groups.fresh[bucket(age)].push(link);
    }
    for (const [name, buckets] of Object.entries(groups)) {
      buckets.forEach((links, step) => {
        const strength = 1 - step / steps;
        this.#lines(links, this.#colours[name], this.#thread() * (1 + strength), (0.25 + strength * 0.6) * this.#hush(links.length));
      });
    }
  }

  #nodes(states, colourOf) {
    const shapes = new Map();
    for (let node = 0; node < this.#story.count; node++) {
      if (states[node] === ABSENT) continue;
      const key = `${states[node]} ${runs(states[node]) ? colourOf(node) : ""}`;
      if (!shapes.has(key)) shapes.set(key, []);
      shapes.get(key).push(node);
    }
    // Those that do not run lie below those that do.
    for (const [key, nodes] of [...shapes].sort((one, other) => (one[0] < other[0] ? 1 : -1))) {
      const [state, ...colour] = key.split(" ");
      this.#shape(Number(state), nodes, colour.join(" "));
    }
  }

  #shape(state, nodes, colour) {
    const pen = this.#pen;
    pen.beginPath();
    for (const node of nodes) {
      const { x, y } = this.place(node);
      const radius = this.#radius(node);
      if (state === KILLED) {
        const arm = radius * 0.75;
        pen.moveTo(x - arm, y - arm);
        pen.lineTo(x + arm, y + arm);
        pen.moveTo(x + arm, y - arm);
        pen.lineTo(x - arm, y + arm);
      } else {
        this.#outline(node, x, y, radius);
      }
    }
    if (state === KILLED) {
      pen.strokeStyle = this.#colours.dead;
      pen.lineWidth = Math.max(1, this.#thread());
      return pen.stroke();
    }
    pen.fillStyle = state === FROZEN ? this.#colours.paper : colour;
    pen.fill();
    pen.strokeStyle = state === FROZEN ? this.#colours.frozen : this.#colours.paper;
    pen.lineWidth = state === FROZEN ? 2 : 1;
    pen.stroke();
  }

  /** A node is a disc, a tab a square. */
  #outline(node, x, y, radius) {
    const pen = this.#pen;
    if (this.#story.summary.picture.kinds[node] === TAB) {
      return pen.rect(x - radius * 0.85, y - radius * 0.85, radius * 1.7, radius * 1.7);
    }
    pen.moveTo(x + radius, y);
    return pen.arc(x, y, radius, 0, TAU);
  }

  #ring(node, colour) {
    const { x, y } = this.place(node);
    const pen = this.#pen;
    pen.beginPath();
    pen.arc(x, y, this.#radius(node) + 5, 0, TAU);
    pen.strokeStyle = colour;
    pen.lineWidth = 2.5;
    pen.stroke();
  }
}

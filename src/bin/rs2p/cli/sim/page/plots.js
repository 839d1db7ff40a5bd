// The plots: small SVG charts that share one cursor of virtual time.

const WIDTH = 460;
const HEIGHT = 200;
const EDGE = { left: 44, right: 10, top: 8, bottom: 30 };

function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** A scale: where a value lies between its ends, and which values are written at it. */
class Axis {
  #ticks;

  constructor({ least = 0, most, unit, words = plain, ticks, log = false }) {
    Object.assign(this, { least: log ? Math.max(1, least) : least, most, unit, words, log });
    this.#ticks = ticks;
  }

  share(value) {
    const scale = this.log ? (number) => Math.log10(Math.max(this.least, number)) : (number) => number;
    return (scale(value) - scale(this.least)) / (scale(this.most) - scale(this.least));
  }

  ticks(wanted) {
    if (this.#ticks) return this.#ticks;
    return this.log ? powers(this.least, this.most) : ticks(this.most, wanted);
  }
}

/** The powers of ten between two values. */
function powers(least, most) {
  const all = [];
  for (let value = 1; value <= most; value *= 10) if (value >= least) all.push(value);
  return all;
}

/** Round values that divide 0 to `most` into about `wanted` steps. */
function ticks(most, wanted = 4) {
  const rough = most / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough * 0.999);
  const all = [];
  for (let value = 0; value <= most * 1.0001; value += step) all.push(Math.round(value / step) * step);
  return all;
}

class Plot {
  #svg;
  #cursor;
  #keys;
  #x;
  #y;

  /** `x` and `y` are `{ most, least, unit, words, ticks, log }`. */
  constructor({ title, says, x, y }) {
    this.#x = new Axis(x);
    this.#y = new Axis(y);
    this.#svg = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${title}. ${says}` });
    this.#keys = element("p", { className: "keys" });
    this.card = element("figure", { className: "plot card" }, element("h2", { textContent: title }), element("p", { textContent: says }), this.#svg, this.#keys);
    this.#grid();
  }

  left(value) {
    return EDGE.left + this.#x.share(value) * (WIDTH - EDGE.left - EDGE.right);
  }

  top(value) {
    return HEIGHT - EDGE.bottom - Math.max(0, Math.min(1, this.#y.share(value))) * (HEIGHT - EDGE.top - EDGE.bottom);
  }

  /** Spans and moments in which something was done to the mesh. */
  faults(moments) {
    const bottom = HEIGHT - EDGE.bottom;
    for (const { at_ms, until_ms, what } of moments) {
      const x = this.left(at_ms / 1000);
      const mark = until_ms
        ? svg("rect", { class: "band", x, y: EDGE.top, width: Math.max(1, this.left(until_ms / 1000) - x), height: bottom - EDGE.top })
        : svg("line", { class: "mark", x1: x, x2: x, y1: EDGE.top, y2: bottom });
      mark.append(svg("title", {}, what));
      this.#svg.append(mark);
    }
    return this;
  }

  line(points, colour, { width = 2, opacity = 1, key, dash } = {}) {
    const path = points.map(([x, y], index) => `${index ? "L" : "M"}${this.left(x).toFixed(1)} ${this.top(y).toFixed(1)}`).join("");
    const style = { d: path, fill: "none", "stroke-width": width, opacity, "stroke-linejoin": "round", "stroke-linecap": "round" };
    const made = svg("path", dash ? { ...style, "stroke-dasharray": dash } : style);
    made.style.stroke = colour;
    this.#svg.append(made);
    if (key) this.key(colour, key);
    return this;
  }

  area(points, colour, key) {
    const path = points.map(([x, y], index) => `${index ? "L" : "M"}${this.left(x).toFixed(1)} ${this.top(y).toFixed(1)}`).join("");
    const [first, last] = [points[0], points.at(-1)];
    const floor = HEIGHT - EDGE.bottom;
    const made = svg("path", { d: `${path}L${this.left(last[0])} ${floor}L${this.left(first[0])} ${floor}Z`, opacity: 0.22 });
    made.style.fill = colour;
    this.#svg.append(made);
    if (key) this.key(colour, key);
    return this;
  }

  dots(points, colourOf, titleOf) {
    for (const point of points) {
      const dot = svg("circle", { cx: this.left(point[0]), cy: this.top(point[1]), r: points.length > 150 ? 2 : 3.2 }, svg("title", {}, titleOf(point)));
      dot.style.fill = colourOf(point);
      this.#svg.append(dot);
    }
    return this;
  }

  bars(values, colour, titleOf) {
    const room = this.left(1) - this.left(0);
    const floor = HEIGHT - EDGE.bottom;
    values.forEach((value, index) => {
      if (!value) return;
      const top = Math.min(this.top(value), floor - 1);
      const bar = svg("rect", { x: this.left(index) - room * 0.38, y: top, width: room * 0.76, height: floor - top, rx: 2 }, svg("title", {}, titleOf(value, index)));
      bar.style.fill = colour;
      this.#svg.append(bar);
    });
    return this;
  }

  key(colour, words) {
    const swatch = element("i");
    swatch.style.background = colour;
    this.#keys.append(element("span", {}, swatch, words));
    return this;
  }

  /** Lets a person read the plot's time, and choose it: `choose(ms)`. */
  timed(choose) {
    this.#cursor = svg("line", { class: "cursor", y1: EDGE.top, y2: HEIGHT - EDGE.bottom });
    this.#svg.append(this.#cursor);
    this.#svg.style.cursor = "pointer";
    this.#svg.addEventListener("click", (event) => {
      const box = this.#svg.getBoundingClientRect();
      const x = ((event.clientX - box.left) / box.width) * WIDTH;
      const share = (x - EDGE.left) / (WIDTH - EDGE.left - EDGE.right);
      choose(Math.max(0, Math.min(1, share)) * this.#x.most * 1000);
    });
    return this;
  }

  at(ms) {
    if (!this.#cursor) return;
    const x = this.left(ms / 1000);
    this.#cursor.setAttribute("x1", x);
    this.#cursor.setAttribute("x2", x);
  }

  #grid() {
    const bottom = HEIGHT - EDGE.bottom;
    for (const value of this.#y.ticks(4)) {
      const y = this.top(value);
      this.#svg.append(svg("line", { class: "grid", x1: EDGE.left, x2: WIDTH - EDGE.right, y1: y, y2: y }));
      this.#svg.append(svg("text", { x: EDGE.left - 7, y: y + 4, "text-anchor": "end" }, this.#y.words(value)));
    }
    for (const value of this.#x.ticks(6)) {
      this.#svg.append(svg("text", { x: this.left(value), y: bottom + 16, "text-anchor": "middle" }, this.#x.words(value)));
    }
    this.#svg.append(svg("text", { x: WIDTH - EDGE.right, y: HEIGHT - 1, "text-anchor": "end" }, this.#x.unit));
  }
}

function plain(value) {
  return numbers.format(value);
}

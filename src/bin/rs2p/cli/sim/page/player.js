// Time: what plays, how fast, and which of the drawings it moves.

const SPEEDS = [1, 4, 10, 30];
/** Milliseconds of a message's way in one real second. */
const SLOW = 160;
/** How long the end of a message's way is shown before it starts again. */
const REST = 900;

class Player {
  #story;
  #sky;
  #parts;
  #plots;
  #time = 0;
  #wave = null;
  #playing = false;
  #speed = 1;
  #last = 0;

  constructor(story, plots, parts) {
    this.#story = story;
    this.#plots = plots;
    this.#parts = parts;
    this.#sky = new Sky(parts.sky, story, () => this.#draw());
    this.#speed = SPEEDS.find((speed) => story.end / 1000 / speed < 20) ?? SPEEDS.at(-1);
    parts.play.addEventListener("click", () => this.toggle());
    parts.speed.addEventListener("click", () => this.#faster());
    parts.time.addEventListener("input", () => {
      this.#pause();
      this.#seek(Number(parts.time.value));
    });
    parts.sky.addEventListener("pointermove", (event) => this.#point(event));
    parts.sky.addEventListener("pointerleave", () => (parts.label.hidden = true));
    this.#modes();
    this.#marks();
    this.show(null);
  }

  /** Shows the mesh, or the way of one message. */
  show(wave) {
    this.#wave = wave;
    [...this.#parts.modes.children].forEach((button) => button.setAttribute("aria-pressed", String(button.wave === wave)));
    this.#parts.time.max = this.#end();
    this.#parts.marks.hidden = Boolean(wave);
    this.#seek(wave ? 0 : this.#opening());
    legend(this.#parts.legend, this.#story, wave);
  }

  seekMesh(ms) {
    if (this.#wave) this.show(null);
    this.#pause();
    this.#seek(ms);
  }

  toggle() {
    if (this.#playing) return this.#pause();
    if (this.#time >= this.#end()) this.#seek(0);
    this.#playing = true;
    this.#last = performance.now();
    this.#button();
    requestAnimationFrame((now) => this.#tick(now));
  }

  #tick(now) {
    if (!this.#playing) return;
    const passed = Math.min(100, now - this.#last);
    this.#last = now;
    this.#seek(this.#time + passed * (this.#wave ? this.#slow() : this.#speed));
    if (this.#time >= this.#end()) return this.#pause();
    requestAnimationFrame((next) => this.#tick(next));
  }

  /** A message is shown slowly at first; the stragglers, who come seconds later, faster and faster. */
  #slow() {
    return (SLOW / 1000) * Math.max(1, (this.#time / 400) ** 2);
  }

  #pause() {
    this.#playing = false;
    this.#button();
  }

  #button() {
    this.#parts.play.classList.toggle("playing", this.#playing);
    this.#parts.play.ariaLabel = this.#playing ? "Pause" : "Play";
  }

  #faster() {
    this.#speed = SPEEDS[(SPEEDS.indexOf(this.#speed) + 1) % SPEEDS.length];
    this.#draw();
  }

  #end() {
    return this.#wave ? this.#wave.arrivals.reduce((most, ms) => Math.max(most, ms), 0) + REST * (SLOW / 1000) : this.#story.end;
  }

  /** Where it stands before somebody plays it: a moment after the first thing that was done to the mesh. */
  #opening() {
    const [first] = this.#story.summary.moments;
    return first ? Math.min(first.at_ms + 900, this.#story.end) : this.#story.end;
  }

  #seek(ms) {
    this.#time = Math.max(0, Math.min(this.#end(), ms));
    this.#draw();
  }

  #draw() {
    const { time, clock, speed, caption } = this.#parts;
    time.value = this.#time;
    speed.textContent = this.#wave ? "slow" : `${this.#speed} ×`;
    if (this.#wave) {
      const reached = this.#sky.wave(this.#wave, this.#time);
      clock.textContent = `${Math.round(this.#time)} ms`;
      caption.innerHTML = `A message that was sent at ${seconds(this.#wave.at_ms)} is at <b>${count(reached, "node")}</b>.`;
      return;
    }
    const view = this.#sky.mesh(this.#time);
    clock.textContent = seconds(this.#time);
    caption.innerHTML = this.#words(view);
    for (const plot of this.#plots) plot.at(this.#time);
  }

  #words({ up, count: parts, largest, links }) {
    const whole = parts <= 1 ? "in one mesh" : `in ${numbers.format(parts)} parts, ${numbers.format(largest)} in the largest`;
    const moment = this.#story.summary.moments.findLast(({ at_ms, until_ms }) => at_ms <= this.#time && this.#time < (until_ms ?? at_ms + 8000));
    const said = moment ? ` <span style="color:var(--warm)">${moment.what}</span>` : "";
    return `<b>${count(up, "node")}</b> up, ${whole}, over ${count(links, "link")}.${said}`;
  }

  #point(event) {
    const node = this.#sky.nodeAt(event.offsetX, event.offsetY);
    const { label } = this.#parts;
    label.hidden = node < 0;
    if (node < 0) return;
    const at = this.#sky.place(node);
    label.style.left = `${at.x}px`;
    label.style.top = `${at.y}px`;
    label.textContent = this.#describe(node);
  }

  #describe(node) {
    const kind = KINDS[this.#story.summary.picture.kinds[node]];
    const moment = this.#wave ? this.#wave.at_ms : this.#time;
    const state = STATES[this.#story.statesAt(moment)[node]];
    const links = this.#story.linksAt(moment).filter(({ a, b }) => a === node || b === node).length;
    const arrival = this.#wave?.arrivals[node] ?? -1;
    const heard = arrival > 0 ? `, has it after ${Math.round(arrival)} ms` : "";
    return `${kind} ${node}: ${state}, ${count(links, "link")}${heard}`;
  }

  #modes() {
    const { modes } = this.#parts;
    const button = (text, wave) => modes.append(Object.assign(element("button", { type: "button", textContent: text, onclick: () => this.#choose(wave) }), { wave }));
    button("The mesh over time", null);
    for (const wave of this.#story.waves) button(wave.title, wave);
    modes.hidden = this.#story.waves.length === 0;
  }

  #choose(wave) {
    this.#pause();
    this.show(wave);
    if (wave) this.toggle();
  }

  #marks() {
    const share = (ms) => `${(ms / this.#story.end) * 100}%`;
    for (const { at_ms, until_ms, what } of this.#story.summary.moments) {
      const mark = element("i", { title: what });
      mark.style.left = share(at_ms);
      if (until_ms) mark.style.width = share(until_ms - at_ms);
      this.#parts.marks.append(mark);
    }
  }
}

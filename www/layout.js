// A force-directed layout: linked nodes attract, all nodes repel, the whole keeps to the middle.
//
// Pure numbers in pixels: no drawing, no clock. `step` advances by one sixtieth of a second and says whether
// anything still moves; at rest it costs nothing, because nobody calls it.

/** The share of the heat lost with each step, and the heat at which all stand still. */
const COOLING = 0.022;
const COLDEST = 0.012;
/** The share of its speed that a node keeps from step to step. */
const INERTIA = 0.62;
/** How strongly each node is drawn to the middle. */
const GRAVITY = 0.05;
/** How strongly nodes push each other off, in squares of the wished length of a link; and further if they touch. */
const CHARGE = 0.07;
const PRESSURE = 0.35;
/** How far that reaches, in lengths of a link. */
const REACH = 5;
/** How far nodes keep from the edges: half of a node with its label. */
const MARGIN_X = 58;
const MARGIN_Y = 40;
/** How far nodes keep from each other, across and down: with labels, and without in a crowd. */
const ROOM = { x: 96, y: 62 };
const CROWDED_ROOM = { x: 34, y: 34 };

export class Layout {
  #bodies = new Map();
  #springs = [];
  #heat = 0;
  #width = 600;
  #height = 400;
  #scale = 1;
  #room = ROOM;
  #held = null;

  /** The body `{ x, y }` of a node; live, to be read at each frame. */
  body(id) {
    return this.#bodies.get(id);
  }

  resize(width, height) {
    if (width < 1 || height < 1) return;
    for (const body of this.#bodies.values()) {
      body.x *= width / this.#width;
      body.y *= height / this.#height;
    }
    this.#width = width;
    this.#height = height;
    this.#scale = spacing(width, height, this.#bodies.size);
    this.warm();
  }

  /**
   * Takes the nodes and links to place. Those that stay keep their place; new ones appear next to a neighbour.
   * `crowded` says that they are drawn small and without labels.
   */
  place(view, crowded) {
    this.#room = crowded ? CROWDED_ROOM : ROOM;
    const before = this.#bodies;
    this.#bodies = new Map();
    for (const { id } of view.nodes) this.#bodies.set(id, before.get(id) ?? this.#spawn(view, id, before));
    this.#springs = view.links.map(({ a, b, certain }) => this.#spring(view, a, b, certain));
    this.#scale = spacing(this.#width, this.#height, this.#bodies.size);
    this.warm();
  }

  warm(heat = 0.6) {
    this.#heat = Math.max(this.#heat, heat);
  }

  /** Holds a node at a place (a person drags it) until `release`. */
  hold(id, x, y) {
    this.#held = { id, x, y };
    this.warm(0.35);
  }

  release() {
    this.#held = null;
    this.warm(0.3);
  }

  /** Runs until nothing moves: for those who asked for less motion. */
  settle() {
    for (let i = 0; i < 400 && this.step(); i++);
  }

  step() {
    if (this.#heat < COLDEST && !this.#held) return false;
    this.#heat *= 1 - COOLING;
    const bodies = [...this.#bodies.values()];
    this.#attract();
    this.#repel(bodies);
    this.#centre(bodies);
    for (const body of bodies) this.#move(body);
    if (!this.#held) this.#balance(bodies);
    return true;
  }

  #spawn(view, id, before) {
    const near = view.neighbours.get(id).map((other) => before.get(other) ?? this.#bodies.get(other)).find(Boolean);
    const angle = 2.399963 * this.#bodies.size; // The golden angle: newcomers never stand on each other.
    const reach = near ? 40 : id === view.self ? 0 : 90;
    const x = (near?.x ?? this.#width / 2) + reach * Math.cos(angle);
    const y = (near?.y ?? this.#height / 2) + reach * Math.sin(angle);
    return { id, x, y, vx: 0, vy: 0 };
  }

  #spring(view, a, b, certain) {
    const degreeA = view.neighbours.get(a).length;
    const degreeB = view.neighbours.get(b).length;
    return {
      a: this.#bodies.get(a),
      b: this.#bodies.get(b),
      stiffness: (certain ? 0.9 : 0.6) / Math.min(degreeA, degreeB),
      share: degreeA / (degreeA + degreeB),
      rest: certain ? 1 : 1.25,
    };
  }

  #attract() {
    for (const { a, b, stiffness, share, rest } of this.#springs) {
      const dx = b.x + b.vx - a.x - a.vx;
      const dy = b.y + b.vy - a.y - a.vy;
      const distance = Math.hypot(dx, dy) || 1;
      const force = ((distance - rest * this.#scale) / distance) * stiffness * this.#heat;
      b.vx -= dx * force * share;
      b.vy -= dy * force * share;
      a.vx += dx * force * (1 - share);
      a.vy += dy * force * (1 - share);
    }
  }

  #repel(bodies) {
    const charge = CHARGE * this.#scale ** 2 * this.#heat;
    const reach = (REACH * this.#scale) ** 2;
    for (let i = 0; i < bodies.length; i++) {
      for (let j = i + 1; j < bodies.length; j++) this.#push(bodies[i], bodies[j], charge, reach);
    }
  }

  /** Two bodies push each other off, and harder where their faces or labels would touch. */
  #push(a, b, charge, reach) {
    const dx = b.x - a.x || 0.1;
    const dy = b.y - a.y || 0.1;
    const square = dx * dx + dy * dy;
    if (square > reach) return;
    const overlap = 1 - Math.hypot(dx / this.#room.x, dy / this.#room.y);
    const pressure = PRESSURE * Math.max(0, overlap) * Math.min(1, 4 * this.#heat);
    const force = charge / Math.max(square, 100) + pressure;
    a.vx -= dx * force;
    a.vy -= dy * force;
    b.vx += dx * force;
    b.vy += dy * force;
  }

  /** Towards the middle, more gently along the longer side so that the drawing takes the shape of its place. */
  #centre(bodies) {
    const longer = Math.max(this.#width, this.#height);
    const gentleX = this.#height / longer;
    const gentleY = this.#width / longer;
    for (const body of bodies) {
      body.vx += (this.#width / 2 - body.x) * GRAVITY * gentleX * this.#heat;
      body.vy += (this.#height / 2 - body.y) * GRAVITY * gentleY * this.#heat;
    }
  }

  /** Shifts the whole towards the middle: a star that hangs on one node is else off balance. */
  #balance(bodies) {
    const xs = bodies.map((body) => body.x);
    const ys = bodies.map((body) => body.y);
    const dx = 0.05 * (this.#width - Math.min(...xs) - Math.max(...xs));
    const dy = 0.05 * (this.#height - Math.min(...ys) - Math.max(...ys));
    for (const body of bodies) {
      body.x += dx;
      body.y += dy;
    }
  }

  #move(body) {
    if (this.#held?.id === body.id) {
      body.x = this.#held.x;
      body.y = this.#held.y;
      body.vx = body.vy = 0;
    } else {
      body.x += body.vx *= INERTIA;
      body.y += body.vy *= INERTIA;
    }
    body.x = clamp(body.x, MARGIN_X, this.#width - MARGIN_X);
    body.y = clamp(body.y, MARGIN_Y, this.#height - MARGIN_Y - 8);
  }
}

/** The wished length of a link, so that all nodes fill the place without leaving it. */
const spacing = (width, height, count) => clamp(0.72 * Math.sqrt((width * height) / (count + 1)), 58, 180);

const clamp = (value, low, high) => Math.min(Math.max(value, low), Math.max(low, high));

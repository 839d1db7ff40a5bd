// Mouse, finger and keys on the drawing: rest on a node to read about it, choose it to write to it, drag it about.
//
// The drawing is one stop for the Tab key; the arrow keys go from node to node.

const DRAG_START = 5;
const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

export class Pointing {
  #picture;
  #drawing;
  #press = null;

  constructor(picture, drawing) {
    this.#picture = picture;
    this.#drawing = drawing;
    const on = (type, handler) => picture.addEventListener(type, (event) => handler.call(this, event));
    on("pointerdown", this.#down);
    on("pointermove", this.#move);
    on("pointerup", this.#up);
    on("pointercancel", this.#cancel);
    on("pointerover", this.#over);
    on("pointerout", this.#out);
    on("focusin", this.#focused);
    on("focusout", this.#out);
    on("keydown", this.#key);
    document.addEventListener("keydown", (event) => event.key === "Escape" && drawing.dismiss());
  }

  #down(event) {
    const id = nodeAt(event);
    if (!id) return this.#drawing.dismiss();
    this.#press = { id, x: event.clientX, y: event.clientY, dragged: false };
    this.#picture.setPointerCapture(event.pointerId);
  }

  #move(event) {
    const press = this.#press;
    if (!press) return;
    press.dragged ||= Math.hypot(event.clientX - press.x, event.clientY - press.y) > DRAG_START;
    if (!press.dragged) return;
    const { left, top } = this.#picture.getBoundingClientRect();
    this.#drawing.drag(press.id, event.clientX - left, event.clientY - top);
  }

  #up() {
    const press = this.#press;
    if (press && !press.dragged) this.#choose(press.id);
    this.#cancel();
  }

  #cancel() {
    if (this.#press?.dragged) this.#drawing.drop();
    this.#press = null;
  }

  #over(event) {
    const id = nodeAt(event);
    if (id && event.pointerType === "mouse" && !this.#press) this.#drawing.tell(id, false);
  }

  #out() {
    this.#drawing.hush();
  }

  #focused(event) {
    const id = nodeAt(event);
    if (!id) return;
    for (const other of this.#picture.querySelectorAll("[tabindex='0']")) other.setAttribute("tabindex", "-1");
    this.#drawing.element(id).setAttribute("tabindex", "0");
    if (event.target.matches(":focus-visible")) this.#drawing.tell(id, false);
  }

  #key(event) {
    const id = nodeAt(event);
    if (!id) return;
    const step = STEPS[event.key];
    if (step) this.#go(id, step);
    else if (event.key === "Enter" || event.key === " ") this.#choose(id, true);
    else return;
    event.preventDefault();
  }

  #go(id, step) {
    const order = this.#drawing.order;
    const next = order[(order.indexOf(id) + step + order.length) % order.length];
    this.#drawing.element(next).focus();
  }

  #choose(id, byKey = false) {
    if (byKey) this.#drawing.choose(id);
    else this.#drawing.tell(id, true);
  }
}

const nodeAt = (event) => event.target.closest(".node")?.dataset.id;

// One connection that can be broken: a WebSocket's face over a real one, with a lane for each direction.

/** What the system takes of what is sent, in bytes, though nothing leaves it: as its buffers usually do. */
const TAKEN = 128 << 10;

export class Line extends EventTarget {
  onopen = null;
  onmessage = null;
  onerror = null;
  onclose = null;
  #network;
  #socket = null;
  #url;
  #in;
  #out;
  #held = 0;
  #binaryType = "blob";
  #isOver = false;

  /** As `new Socket(url, protocols)`, on a `network`. */
  constructor(network, Socket, url, protocols = []) {
    super();
    this.#network = network;
    // What the constructor would refuse, it refuses now; what it would dial, it dials when there is a network.
    this.#url = new URL(url).href;
    this.#in = new Lane(network, true);
    this.#out = new Lane(network, false);
    if (network.isOff) network.later(() => this.break(), 0);
    else this.#out.put(() => this.#dial(Socket, url, protocols));
  }

  get url() {
    return this.#url;
  }

  get readyState() {
    if (this.#isOver) return WebSocket.CLOSED;
    return this.#socket?.readyState ?? WebSocket.CONNECTING;
  }

  get binaryType() {
    return this.#binaryType;
  }

  set binaryType(type) {
    this.#binaryType = type;
    if (this.#socket) this.#socket.binaryType = type;
  }

  /** Bytes that the system has not taken yet: of those that a fault holds back, it takes the first, as it would. */
  get bufferedAmount() {
    return Math.max(0, this.#held - TAKEN) + (this.#socket?.bufferedAmount ?? 0);
  }

  send(data) {
    const size = data.byteLength ?? data.length;
    this.#held += size;
    this.#out.put(() => {
      this.#held -= size;
      if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(data);
    });
  }

  close(code, reason) {
    if (this.#socket) this.#out.put(() => this.#socket.close(code, reason));
    else this.#network.later(() => this.break(), 0);
  }

  /** Ends as a connection does that breaks: at once, and nothing more comes. */
  break() {
    if (this.#isOver) return;
    this.#forget();
    this.#tell(new Event("error"));
    this.#tell(new CloseEvent("close", { code: 1006 }));
  }

  /** The network is another: what waited may pass. */
  pump() {
    this.#out.pump();
    this.#in.pump();
  }

  #dial(Socket, url, protocols) {
    if (this.#isOver) return;
    this.#socket = new Socket(url, protocols);
    this.#socket.binaryType = this.binaryType;
    for (const type of ["open", "message", "error", "close"]) {
      this.#socket.addEventListener(type, (event) => this.#in.put(() => this.#arrived(event)));
    }
  }

  #arrived(event) {
    if (this.#isOver) return;
    if (event.type === "close") this.#forget();
    this.#tell(event);
  }

  #forget() {
    this.#isOver = true;
    this.#network.ended(this);
    this.#socket?.close();
  }

  #tell(event) {
    this[`on${event.type}`]?.(event);
    const { type } = event;
    this.dispatchEvent(type === "message" ? new MessageEvent(type, { data: event.data }) : new event.constructor(type, event));
  }
}

for (const [state, name] of ["CONNECTING", "OPEN", "CLOSING", "CLOSED"].entries()) {
  Object.defineProperty(Line, name, { value: state });
  Object.defineProperty(Line.prototype, name, { value: state });
}

/** One direction: what is put in comes out in its order, when the network lets it. */
class Lane {
  #network;
  #isIncoming;
  #waiting = [];

  constructor(network, isIncoming) {
    this.#network = network;
    this.#isIncoming = isIncoming;
  }

  put(step) {
    const { delay } = this.#network;
    this.#waiting.push({ step, at: performance.now() + delay });
    if (delay > 0) this.#network.later(() => this.pump(), delay);
    else this.pump();
  }

  pump() {
    while (this.#waiting.length > 0 && !this.#network.holds(this.#isIncoming)) {
      const wait = this.#waiting[0].at - performance.now();
      if (wait > 0) return this.#network.later(() => this.pump(), wait);
      this.#waiting.shift().step();
    }
  }
}

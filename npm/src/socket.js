// One WebSocket as a link: its events out, its bytes in.
//
// It tells no reason when a dial fails, so the text names the likely ones. It has no event for "written" either, so
// `bufferedAmount` is looked at when a message comes, and by a timer while something waits: seldom if it waits long.

/** First and longest pause between two looks at `bufferedAmount`, in milliseconds. An idle network takes a message at once. */
const PAUSE = [1, 64];
/** Longest reason in a close frame, in bytes (RFC 6455, 5.5: 125 with the code). */
const LONGEST_REASON = 123;
/** The code for a peer that sent text, from the range that a page may use; the RFC's own 1003 is not in it. */
const TEXT_REFUSED = 4009;

export class Link {
  #url;
  #socket;
  #tell;
  #isOpen = false;
  #isOver = false;
  #sent = 0;
  #told = 0;
  #pause = 0;
  #timer;

  /** `tell` has `opened()`, `received(bytes)`, `written(count)` and `closed(how, code, text)`, which comes last and once. */
  constructor(url, tell) {
    this.#url = url;
    this.#tell = tell;
    try {
      this.#socket = new WebSocket(url);
    } catch {
      // Told later, as everything is: who dials is in the middle of something.
      queueMicrotask(() => this.#end("unreachable", null, refusedByBrowser(url)));
      return;
    }
    this.#socket.binaryType = "arraybuffer";
    this.#listen();
  }

  send(frame) {
    if (this.#isOver) return;
    this.#socket.send(frame);
    this.#sent += frame.length;
    if (this.#pause === 0) this.#watch(PAUSE[0]);
  }

  /** Closes it, after what was sent; `then` is called when it is closed. */
  close(code, reason, then) {
    this.#tell = { opened() {}, received() {}, written() {}, closed: then };
    if (this.#isOver) return then();
    // It throws for codes and reasons that these are not, and does nothing when the socket is already closing.
    this.#socket?.close(code >= 3000 && code <= 4999 ? code : 1000, shortened(reason));
  }

  /** Has it forgotten, whatever it still does. */
  abandon() {
    this.#finish();
  }

  #listen() {
    const socket = this.#socket;
    socket.onopen = () => {
      this.#isOpen = true;
      this.#tell.opened();
    };
    socket.onmessage = ({ data }) => this.#received(data);
    socket.onclose = ({ code, reason }) => {
      if (!this.#isOpen) this.#end("unreachable", null, neverOpened(this.#url));
      // Codes that no peer sends (RFC 6455, 7.4.1): without a close frame, and with one that has no code.
      else if (code === 1006) this.#end("failed", null, "the connection broke (1006)");
      else this.#end("closed", code === 1005 ? null : code, reason);
    };
    // In browsers a close event follows; in Node.js, after a failed dial, none may.
    socket.onerror = () => {
      if (this.#isOpen) this.#end("failed", null, "the connection broke (1006)");
      else this.#end("unreachable", null, neverOpened(this.#url));
    };
  }

  #received(data) {
    if (typeof data === "string") {
      const text = "text, where only binary messages belong";
      this.#socket.close(TEXT_REFUSED, text);
      return this.#end("failed", null, `the peer sent ${text}`);
    }
    // A hidden page's timers run once a second or a minute; its messages do not wait, so they look for progress too.
    this.#look();
    if (data.byteLength > 0) this.#tell.received(new Uint8Array(data));
  }

  #watch(pause) {
    this.#pause = pause;
    this.#timer = setTimeout(() => {
      this.#look();
      if (this.#told < this.#sent && !this.#isOver) this.#watch(Math.min(2 * pause, PAUSE[1]));
      else this.#pause = 0;
    }, pause);
  }

  #look() {
    const taken = this.#sent - this.#socket.bufferedAmount;
    const news = taken - this.#told;
    if (news <= 0) return;
    this.#told = taken;
    this.#tell.written(news);
  }

  /** The first end is the one that is told. */
  #end(how, code, text) {
    if (this.#isOver) return;
    const { closed } = this.#tell;
    this.#finish();
    closed(how, code, text);
  }

  #finish() {
    this.#isOver = true;
    clearTimeout(this.#timer);
    if (this.#socket) Object.assign(this.#socket, { onopen: null, onmessage: null, onclose: null, onerror: null });
  }
}

const isSecurePage = () => globalThis.location?.protocol === "https:";

function neverOpened(url) {
  const page = isSecurePage() ? "this https page" : "this page";
  return `no WebSocket at ${url}: is the relay running, is the address right, and may ${page} reach it?`;
}

/** The constructor threw: over the address, or because a secure page may not dial an insecure one. */
function refusedByBrowser(url) {
  if (typeof WebSocket === "undefined") return `${url} cannot be dialled: there is no WebSocket here (Node has one from version 22)`;
  if (isSecurePage() && url.startsWith("ws:")) return `an https page may not dial ${url}: use wss://, or open the page over http`;
  return `the browser refused to dial ${url}: check the address`;
}

/** As much of a text as has at most the longest reason's bytes and ends with a whole character. */
function shortened(text) {
  const bytes = new Uint8Array(LONGEST_REASON);
  return text.slice(0, new TextEncoder().encodeInto(text, bytes).read);
}

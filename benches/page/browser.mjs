// Chromium without a window, driven by its DevTools protocol.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions", "--remote-debugging-port=0"];

/** Starts it, gives `use` its DevTools, and ends it. */
export async function withBrowser(use) {
  const profile = mkdtempSync(join(tmpdir(), "rs2p-bench-"));
  const flags = [...FLAGS, `--user-data-dir=${profile}`, ...(process.env.CHROMIUM_FLAGS?.split(" ") ?? [])];
  const browser = spawn(process.env.CHROMIUM ?? "chromium", flags, { stdio: ["ignore", "ignore", "pipe"] });
  const ended = new Promise((resolve) => browser.once("exit", resolve));
  try {
    return await use(await devtools(browser.stderr));
  } finally {
    browser.kill();
    await ended;
    cleared(profile);
  }
}

/** Processes of the browser's may write for a moment after it has ended; what they leave is no failure of what was measured. */
function cleared(profile) {
  try {
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  } catch {}
}

async function devtools(output) {
  for await (const line of createInterface(output)) {
    const found = line.match(/DevTools listening on ws:\/\/([^/]+)/);
    if (found) return found[1];
  }
  throw new Error("Chromium ended before it said where its DevTools are: is it installed? CHROMIUM names another");
}

/** A tab of the browser. */
export class Tab {
  #socket;
  #asked = new Map();
  #number = 0;
  #told = new Map();

  static async open(host, url) {
    const target = await (await fetch(`http://${host}/json/new?${encodeURI(url)}`, { method: "PUT" })).json();
    const tab = new Tab();
    tab.#socket = new WebSocket(target.webSocketDebuggerUrl);
    tab.#socket.onmessage = ({ data }) => tab.#heard(JSON.parse(data));
    await new Promise((resolve, reject) => Object.assign(tab.#socket, { onopen: resolve, onerror: reject }));
    await tab.ask("Runtime.enable");
    return tab;
  }

  /** What `expression`, a promise or not, comes to. */
  async evaluate(expression) {
    const { result, exceptionDetails: failed } = await this.ask("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (failed) throw new Error(failed.exception?.description ?? failed.text);
    return result.value;
  }

  /** Evaluates `expression` and adds what the page's main thread worked meanwhile, in milliseconds. */
  async measure(expression) {
    await this.ask("Performance.enable", { timeDomain: "threadTicks" });
    const before = await this.#worked();
    const value = await this.evaluate(expression);
    return { ...value, worked: (await this.#worked()) - before };
  }

  async #worked() {
    const { metrics } = await this.ask("Performance.getMetrics");
    return 1000 * metrics.find(({ name }) => name === "TaskDuration").value;
  }

  ask(method, params = {}) {
    this.#socket.send(JSON.stringify({ id: (this.#number += 1), method, params }));
    return new Promise((resolve, reject) => this.#asked.set(this.#number, { resolve, reject }));
  }

  #heard({ id, result, error }) {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    if (error) asked?.reject(new Error(error.message));
    else asked?.resolve(result);
  }

  close() {
    return this.ask("Page.close").catch(() => {});
  }
}

/** Waits until the page says that its script has run. */
export async function ready(tab) {
  for (let tries = 0; tries < 400; tries += 1) {
    // While it loads there may be nothing yet that could answer.
    if (await tab.evaluate("window.isReady").catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("the page did not load: is all built that it needs?");
}

// A peer of protocol 0.7 for a page to subscribe to: a WebSocket server that answers the handshake and then sends broadcasts as
// fast as they are taken, many frames in one message or one in each. All are made before the clock runs.
//
// It serves the page too. It is no relay: no limit, no heartbeat, nothing that a product needs.

import { createHash, hash } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

const MIME = { html: "text/html", js: "text/javascript", mjs: "text/javascript", wasm: "application/wasm" };
const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const HEADER = 4 + 32;

/** The base58 integer of bytes, as ids are written. */
export function base58(bytes) {
  let [rest, text] = [BigInt(`0x${bytes.toString("hex")}`), ""];
  for (; rest > 0n; rest /= 58n) text = ALPHABET[Number(rest % 58n)] + text;
  return text;
}

const str = (text) => Buffer.concat([Buffer.from([0xd9, text.length]), Buffer.from(text)]);
const u32 = (number) => Buffer.from([0xce, number >>> 24, number >>> 16, number >>> 8, number]);
const seconds = () => Math.floor(Date.now() / 1000);

function bin(bytes) {
  const head = Buffer.from([0xc6, 0, 0, 0, 0]);
  if (bytes.length < 0x100) return Buffer.concat([Buffer.from([0xc4, bytes.length]), bytes]);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** A frame of the packed bytes that stand behind room for its head. */
function seal(frame) {
  frame.writeUInt32BE(frame.length - 4, 0);
  hash("sha256", frame.subarray(HEADER), "buffer").copy(frame, 4);
  return frame;
}

const frameOf = (...parts) => seal(Buffer.concat([Buffer.alloc(HEADER), ...parts]));

/** `count` broadcasts in a row, whose payloads of `size` bytes begin with their number. */
export function broadcasts(id, count, size) {
  const one = frameOf(Buffer.from([0x95, 0]), str(id), u32(seconds()), Buffer.from([0]), bin(Buffer.alloc(size, 0x5a)));
  const all = Buffer.alloc(one.length * count);
  for (let number = 0; number < count; number += 1) {
    const frame = all.subarray(number * one.length, (number + 1) * one.length);
    one.copy(frame);
    frame.writeUInt32LE(number, one.length - size);
    seal(frame);
  }
  return { all, each: one.length };
}

/** The row as WebSocket messages of as many whole frames as `most` bytes hold, of one frame at least. */
export function joined({ all, each }, most) {
  const step = Math.max(1, Math.floor(most / each)) * each;
  const messages = [];
  for (let at = 0; at < all.length; at += step) messages.push(message(all.subarray(at, at + step)));
  return messages;
}

/** The head and the bytes of a binary message from a server. */
function message(bytes) {
  const head = Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 0, 0, 0]);
  if (bytes.length < 126) return [Buffer.from([0x82, bytes.length]), bytes];
  if (bytes.length < 0x10000) return [Buffer.from([0x82, 126, bytes.length >> 8, bytes.length & 0xff]), bytes];
  head.writeUInt32BE(bytes.length, 6);
  return [head, bytes];
}

/** Serves files by their URL's path, and `messages` to each page that greets as a node of `subnet`. */
export async function serve(files, subnet, messages) {
  const id = base58(createHash("sha384").update("the sender of a benchmark").digest());
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const file = files(pathname);
    if (!file) return response.writeHead(404).end();
    const type = MIME[pathname.split(".").pop()] ?? "text/html";
    // With these two, a page's clock counts microseconds.
    const isolated = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
    const bytes = await readFile(file).catch(() => null);
    response.writeHead(bytes ? 200 : 404, { "Content-Type": type, ...isolated }).end(bytes);
  });
  server.on("upgrade", (request, socket) => {
    socket.setNoDelay(true);
    socket.on("error", () => {});
    const key = createHash("sha1").update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
    socket.write(`HTTP/1.1 101 .\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key.digest("base64")}\r\n\r\n`);
    // Over WebSockets the dialler speaks first; what it says after that is nothing to a benchmark.
    socket.once("data", () => greet(socket, id, subnet).then(() => stream(socket, messages(id))));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

async function greet(socket, id, subnet) {
  const protocol = base58(createHash("sha256").update(`${subnet}ws0.7`).digest());
  const head = [str(id), u32(seconds())];
  const address = [Buffer.from([0x92]), str("127.0.0.1"), Buffer.from([1])];
  const hello = frameOf(Buffer.from([0x98, 2]), ...head, Buffer.from([5]), str(id), str(protocol), ...address, Buffer.from([0x90]));
  const peers = frameOf(Buffer.from([0x95, 2]), ...head, Buffer.from([7, 0x90]));
  for (const frame of [hello, peers]) for (const part of message(frame)) socket.write(part);
  await new Promise((resolve) => setTimeout(resolve, 300));
}

async function stream(socket, messages) {
  let goOn;
  for (const end of ["drain", "close"]) socket.on(end, () => goOn?.());
  for (const parts of messages) {
    if (socket.destroyed) return;
    socket.cork();
    const more = parts.map((part) => socket.write(part)).every(Boolean);
    socket.uncork();
    if (!more) await new Promise((resolve) => (goOn = resolve));
  }
}

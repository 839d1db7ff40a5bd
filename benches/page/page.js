// A page that subscribes: counts what it hears by one of the package's ways, reads each message, and checks that all came in order.

import { MeshSocket } from "/npm/index.js";

/** The ways to hear messages. Each calls `hear(body)`. */
const WAYS = {
  async messages(mesh, hear) {
    for await (const { body } of mesh.messages()) hear(body);
  },
  async recv(mesh, hear) {
    for (let message = await mesh.recv(); message; message = await mesh.recv()) hear(message.body);
  },
  async on(mesh, hear) {
    mesh.on("message", ({ body }) => hear(body));
  },
  async event(mesh, hear) {
    mesh.addEventListener("message", ({ detail }) => hear(detail.body));
  },
  async handler(mesh, hear) {
    mesh.registerHandler(({ body }) => (hear(body), true));
  },
};

/** Hears `count` messages from a relay; resolves with how long that took. */
window.subscribe = async ({ relay, subnet, way, count }) => {
  const mesh = await MeshSocket.open(subnet, { relays: [relay] });
  let [heard, next, disorder, began] = [0, 0, 0, 0];
  return new Promise((resolve) => {
    const hear = (body) => {
      if (heard === 0) began = performance.now();
      const number = body[0] | (body[1] << 8) | (body[2] << 16) | (body[3] << 24);
      if (number !== next) disorder += 1;
      next = number + 1;
      heard += 1;
      if (next < count) return;
      const ms = performance.now() - began;
      resolve({ ms, heard, disorder, lost: count - heard, dropped: mesh.overflow });
      queueMicrotask(() => mesh.close());
    };
    WAYS[way](mesh, hear);
  });
};

/** Only counts a socket's messages: what a page that does nothing gets. */
window.count = ({ relay, count, hello }) =>
  new Promise((resolve) => {
    const socket = new WebSocket(relay);
    let [messages, bytes, began] = [0, 0, 0];
    socket.binaryType = "arraybuffer";
    socket.onopen = () => socket.send(Uint8Array.from(hello));
    socket.onmessage = ({ data }) => {
      if (data.byteLength === 0) return;
      if (messages === 2) began = performance.now();
      messages += 1;
      bytes += data.byteLength;
      if (messages < count + 2) return;
      resolve({ ms: performance.now() - began, heard: messages - 2, disorder: 0, lost: 0, dropped: 0 });
      socket.close();
    };
  });

window.isReady = true;

import { join } from "./rs2p/index.js";

const relay = new URLSearchParams(location.search).get("relay");
const mesh = await join("mesh", { relays: [relay] });
mesh.on("message", (message) => postMessage(message.text()));
await mesh.send("hello");

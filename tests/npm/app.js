// An application of the package: it joins by the relay that its address names, says hello, and keeps what it hears.

import { join } from "rs2p";

const relay = new URLSearchParams(location.search).get("relay");
const mesh = await join("mesh", { relays: [relay] });
globalThis.heard = [];
mesh.addEventListener("message", ({ detail }) => heard.push(detail.text()));
await mesh.send("hello");

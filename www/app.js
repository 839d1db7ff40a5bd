// The start of the page: reads the address, puts the switchable network underneath, and opens the node.
//
// The address may say ?relay=ws://… (else the host that served the page), ?subnet=NAME, ?name=NAME and #room. The node is
// at `mesh` in the console, the network at `network`.

import { hue, tidyName } from "./identity.js";
import { showInvitation } from "./invitation.js";
import { Network } from "./network.js";
import { Page } from "./page.js";
import { showFailure } from "./status.js";
import { dialTrouble, startTrouble } from "./words.js";

/** This tab has the same face when it is reloaded, where the browser keeps such things. */
const IDENTITY = { name: "page", whenTaken: "next", whenMissing: "random" };

async function start({ relay, subnet, name }, network) {
  const { MeshSocket } = await import("./pkg/index.js");
  const mesh = await MeshSocket.open(subnet, { relays: [relay], topics: [], plain: true, identity: IDENTITY });
  globalThis.mesh = mesh;
  document.documentElement.style.setProperty("--own-hue", String(hue(mesh.id)));
  new Page(mesh, network, { relay, subnet, name }).run();
}

function readOptions() {
  const given = new URLSearchParams(location.search);
  const own = `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}`;
  return {
    relay: given.get("relay")?.trim() || own,
    subnet: given.get("subnet") || "mesh",
    name: tidyName(given.get("name") ?? ""),
  };
}

const options = readOptions();
showInvitation(options);
const network = (globalThis.network = new Network().install());
start(options, network).catch((error) => {
  showFailure(error.code === "bad-address" ? dialTrouble(error, options) : startTrouble(error));
});

// What every entry of the package exports.

import { MeshSocket } from "./mesh-socket.js";

export { MeshError } from "./errors.js";
export { ready } from "./load.js";
export { Message } from "./message.js";
export { MeshSocket, protocolId } from "./mesh-socket.js";

/** Joins a mesh: a node of this tab, worker or process, when it has its first peer. */
export const join = (subnet, options) => MeshSocket.join(subnet, options);

// Node's global, which js2p takes for granted.
export { Buffer } from "buffer";

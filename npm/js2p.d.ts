/**
 * js2p's names for a node of rs2p in this window, worker or process (Node.js 22 and later).
 *
 * A page written for js2p imports this module instead of js2p's scripts, takes `js2p.mesh.MeshSocket`, and runs:
 *
 * ```js
 * import js2p from "rs2p/js2p";
 *
 * const socket = new js2p.mesh.MeshSocket(null, null, new js2p.base.Protocol("chat", "ws"));
 * socket.on("connect", (conn) => conn.send(["hello"]));
 * socket.on("message", (conn) => console.log(conn.recv().packets));
 * socket.connect("example.com", 5555);
 * ```
 *
 * The code of the node is loaded before this module is, so there is nothing to wait for. What is different from js2p:
 *
 * - What it drops in silence (a message with no peer to send it to, another subnet, an address where nobody is) is told by
 *   the event `"error"`, kept in `status`, and written to the console while nobody listens to that event.
 * - A link that is lost is dialled again by itself, until `disconnect` or `close`.
 * - `reply` reaches any node of the mesh, neighbour or not.
 * - A listener that throws is reported on the console and costs no link.
 * - Bytes are a `Buffer` where `globalThis.Buffer` is one, else a `Uint8Array`. Whole numbers beyond 2^53 are `bigint`.
 *   Values that can be sent are those of {@link Node.send rs2p's class}.
 *
 * There is a mesh, and no `sync` or `chord`.
 */
import type { Flag, MeshError, MeshSocket as Node, Unregister } from "./index.js";

/** Which network, over which transport. */
declare class Protocol {
    /**
     * @param subnet The name of the network: `"chat"`.
     * @param encryption `"ws"`, or `"wss"` towards a relay behind TLS. Others are no error until a socket is made of them.
     */
    constructor(subnet: string, encryption: string);
    subnet: string;
    encryption: string;
    /** The id of the network: base58 text. */
    readonly id: string;
}

/** A message of another node. */
declare class Message {
    private constructor();
    /** What was sent, behind its flag: 0 in what goes to all, 2 in a reply, or an application's own. */
    readonly packets: [Flag, ...unknown[]];
    /** The id of the node that sent it. */
    readonly sender: string;
    /** When it was sent, by the sender's clock, in seconds since 1970. */
    readonly time: number;
    /** The id of the message: 32 bytes. */
    readonly id: Uint8Array;
    /** Who received it. */
    readonly server: MeshSocket;
    readonly protocol: Protocol;
    /**
     * Sends packets to the sender alone, wherever in the mesh it is. Returns at once; if they do not get there, the event
     * `"error"` says why.
     */
    reply(packets: unknown[]): void;
}

/** A link to another node. */
declare class MeshConnection {
    private constructor();
    /** The id of the node; null until it has answered. */
    readonly id: string | null;
    /** Where it says that it can be dialled: host and port. */
    readonly addr: [string, number] | null;
    /** Whether this node dialled it, as it has every one. */
    readonly outgoing: boolean;
    readonly server: MeshSocket;
    readonly protocol: Protocol;
    /**
     * Sends a whisper over this link.
     *
     * @param msg_type `base.flags.whisper`.
     * @param packs The flag, and the packets.
     * @throws {MeshError} `"bad-argument"` for another type.
     */
    send(msg_type: number, packs: [Flag, ...unknown[]]): void;
    /** The same as `server.disconnect(this)`. */
    close(): void;
}

/** What the node itself tells. */
interface MeshEvents {
    /** The first peer is linked, again and again after each loss: given the socket. */
    connect: MeshSocket;
    /** A message came that no handler acted on: given the socket, for `recv()`. */
    message: MeshSocket;
    /** Something went wrong that js2p does not tell of. */
    error: MeshError;
}

// Who adds a listener knows what is told to it, as with Node's emitters.
type Listener = (this: MeshSocket, ...values: any[]) => unknown;

/** A node of the mesh. */
declare class MeshSocket {
    /**
     * Starts a node.
     *
     * @param addr Null: a browser takes no links, nor does this node in Node.js.
     * @param port Null.
     * @param protocol `default_protocol` if null.
     * @param out_addr Null.
     * @param debug_level Ignored, as js2p does.
     * @throws {MeshError} `"cannot-listen"` for an address or a port, `"bad-argument"` for a protocol but `ws` and `wss`.
     */
    constructor(addr?: null, port?: null, protocol?: Protocol | null, out_addr?: null, debug_level?: number);

    readonly id: string;
    readonly protocol: Protocol;
    readonly addr: readonly [null, null];
    readonly out_addr: readonly [null, null];
    readonly debug_level: number;
    /** The peers by their ids: one and the same map, brought up to date by each look at this property. */
    readonly routing_table: Map<string, MeshConnection>;
    /** The peers that this node dialled. */
    readonly outgoing: MeshConnection[];
    /** No server, as in js2p's browsers. */
    readonly incoming: null;
    /** What is dialled and has not answered yet. */
    readonly awaiting_ids: MeshConnection[];
    /** `"Nominal"`, or the latest 64 errors. */
    readonly status: "Nominal" | MeshError[];

    /**
     * Dials a relay. Returns at once: `"connect"` or `"error"` tell what comes of it.
     *
     * @param id Who should be there; another node is refused.
     */
    connect(addr: string, port: number, id?: string): void;
    /** Closes a link, and does not dial it again. */
    disconnect(connection: MeshConnection): void;
    /**
     * Sends packets, by default to every node of the mesh.
     *
     * @param flag `base.flags.broadcast`, or `base.flags.whisper` for this node's neighbours alone.
     * @param type The first of the packets that receivers see. One of your own is for their handlers: a text, bytes, or a
     * number that is not reserved. Reserved ones are an `"error"`.
     * @throws {MeshError} `"bad-argument"` for another flag, or packets that are no array.
     */
    send(packets: unknown[], flag?: number, type?: Flag): void;
    /** The next message that waits, if there is one. */
    recv(quantity?: 0 | null): Message | undefined;
    /** Up to so many of those that wait, perhaps none. */
    recv(quantity: number): Message[];
    /**
     * Puts a handler at the end of the chain that every message goes through, until one returns what is true, or a promise
     * of that: such a message goes neither to `recv` nor to `"message"`.
     *
     * @returns A function that takes it out again, which js2p has not.
     * @throws {MeshError} `"bad-argument"` if it is no function.
     */
    register_handler(method: (msg: Message, conn: MeshConnection) => unknown): Unregister;
    /** Asks every peer for its peers. */
    request_peers(): void;
    /**
     * Closes every link and ends.
     *
     * @throws {MeshError} `"closed"` the second time.
     */
    close(): void;

    on<K extends keyof MeshEvents>(event: K, listener: (this: MeshSocket, value: MeshEvents[K]) => unknown): this;
    on(event: string | symbol, listener: Listener): this;
    once<K extends keyof MeshEvents>(event: K, listener: (this: MeshSocket, value: MeshEvents[K]) => unknown): this;
    once(event: string | symbol, listener: Listener): this;
    off(event: string | symbol, listener: Listener): this;
    /** The same as {@link on}. */
    addListener(event: string | symbol, listener: Listener): this;
    /** The same as {@link off}. */
    removeListener(event: string | symbol, listener: Listener): this;
    removeAllListeners(event?: string | symbol): this;
    /** Who listens to an event. A new array each time. */
    listeners(event: string | symbol): Listener[];
    /** Calls every listener for an event; returns whether there was one. */
    emit(event: string | symbol, ...values: unknown[]): boolean;
}

/** The numbers by which messages are told apart. What is reserved is no application's. */
interface Flags {
    readonly reserved: readonly number[];
    readonly broadcast: 0x00;
    readonly renegotiate: 0x01;
    readonly whisper: 0x02;
    readonly ping: 0x03;
    readonly pong: 0x04;
    readonly compression: 0x01;
    readonly handshake: 0x05;
    readonly notify: 0x06;
    readonly peers: 0x07;
    readonly request: 0x08;
    readonly resend: 0x09;
    readonly response: 0x0a;
    readonly store: 0x0b;
    readonly retrieve: 0x0c;
    readonly retrieved: 0x0d;
    readonly forward: 0x0e;
    readonly new_paths: 0x0f;
    readonly revoke_paths: 0x10;
    readonly delta: 0x11;
}

export declare const base: {
    readonly flags: Flags;
    readonly Protocol: typeof Protocol;
    readonly Message: typeof Message;
    readonly protocol_version: "0.7";
};

export declare const mesh: {
    readonly MeshSocket: typeof MeshSocket;
    readonly MeshConnection: typeof MeshConnection;
    /** The network `"mesh"` over `ws`; js2p's is over TCP, which a browser cannot dial. */
    default_protocol: Protocol;
};

declare const js2p: { readonly base: typeof base; readonly mesh: typeof mesh };
export default js2p;


/**
 * A node of the mesh in this window, worker or process (Node 22 and later, where `init` needs the bytes:
 * `await init({ module_or_path: await readFile("rs2p_bg.wasm") })`).
 *
 * It dials relays, is redialled by itself when a link is lost, and talks with every node of its subnet, in other
 * tabs or in native programs. A tab accepts no links.
 *
 * ```js
 * import init, { MeshSocket } from "./rs2p.js";
 *
 * await init();
 * const mesh = new MeshSocket();
 * await mesh.connect("ws://localhost:8765");
 * await mesh.send("hello", { from: "a tab" });
 * for await (const message of mesh) {
 *     console.log(message.sender, message.packets);
 * }
 * ```
 *
 * Whatever goes wrong is a {@link MeshError}: methods that return promises reject with it, the others throw it.
 *
 * ## Packets
 * A message carries any number of packets. What can be sent, and what comes out at the other end:
 *
 * | sent | on the wire | received |
 * | --- | --- | --- |
 * | `null`, `undefined` | nil | `null` |
 * | boolean, string | the same; a lone surrogate becomes U+FFFD | the same |
 * | number | integer if whole and safe, else float | number |
 * | bigint, from -2^63 to 2^64-1 | integer | number if safe, else bigint |
 * | `ArrayBuffer` or a view on one | bytes | `Uint8Array` |
 * | array | array | array |
 * | plain object, own enumerable properties | map | object, as `JSON.parse` makes them |
 * | `Map`, with any keys | map | object if all keys are strings, else `Map` |
 *
 * An extension type of msgpack, which only native nodes send, is received as {@link Extension}. Anything else, such
 * as a function, a symbol, a `Date`, a cycle or more than 16 levels, is a `"bad-argument"` that says where it stands.
 */
export class MeshSocket {
    /**
     * Starts a node with a new, random id.
     *
     * @throws {MeshError} `"bad-argument"` if an option is of another type, `"bad-address"` for an address in `peers`,
     * `"no-entropy"` where there is no `crypto`.
     */
    constructor(options?: MeshOptions);

    /** The id of this node: base58 text. */
    readonly id: string;
    /** The name of the mesh. Nodes link only within one; it is no secret. */
    readonly subnet: string;
    /**
     * `"connecting"` until the first link is up, `"joined"` with at least one peer, `"offline"` with none left while
     * redials go on, `"closed"` after {@link close}.
     */
    readonly status: "connecting" | "joined" | "offline" | "closed";
    /** The latest 64 errors that `"error"` told, the oldest first: empty if all went well. A new array each time. */
    readonly faults: MeshError[];
    /** The nodes that this one is linked to. A new array each time. */
    readonly peers: Peer[];
    /** The same by their ids. A new map each time. */
    readonly routingTable: Map<string, Peer>;
    /** The ids of the peers that this node dialled. A new array each time. */
    readonly outgoing: string[];
    /** The ids of the peers that dialled this node: none, as a browser takes no links. */
    readonly incoming: string[];
    /** Where other nodes can dial this one: nowhere, for the same reason. */
    readonly outAddr: null;
    /** What this node knows of the mesh; {@link requestPeers} lets it grow. A new object each time. */
    readonly topology: Topology;

    /**
     * Dials a relay. Resolves when it is linked; from then on, a link that is lost is redialled until
     * {@link disconnect} or {@link close}. If the first attempt fails, the address is forgotten.
     *
     * The dial has 10 s and the greeting 5 s. A shorter `timeoutMs` ends the waiting, not the attempt: it may still
     * succeed, which `"connect"` tells.
     *
     * @param url `ws://host:port` or `wss://host:port`; a page that came over https may dial only `wss://`.
     * @throws {MeshError} `"bad-address"`, `"unreachable"`, `"refused"`, `"wrong-subnet"`, `"timeout"`,
     * `"bad-argument"`, `"too-many"` or `"closed"`.
     */
    connect(url: string, options?: ConnectOptions): Promise<void>;

    /**
     * Sends packets to every node of the mesh, each of which gets them once; the sender does not. Resolves when the
     * message is queued for the peers: while every queue is full it waits, so that awaiting each message is all the
     * flow control there needs to be.
     *
     * @throws {MeshError} `"not-joined"`, `"bad-argument"`, `"too-large"` or `"closed"`.
     */
    send(...packets: unknown[]): Promise<Sent>;

    /**
     * As {@link send}, as far as `to` says and with a flag.
     *
     * A message with a flag of its own is for handlers: nodes that have none for it give it to nobody, whether they are
     * of rs2p, py2p or js2p.
     *
     * @throws {MeshError} As {@link send} does; `"reserved-flag"` for a flag that is not an application's, and
     * `"not-a-peer"` for one peer that is none.
     */
    sendWith(options: SendOptions, ...packets: unknown[]): Promise<Sent>;

    /**
     * Sends packets to one node. If there is no link to it, it is looked up in the mesh and dialled, which takes up to
     * 10 s. Resolves when the network has taken the message. Other nodes may see it pass: nothing is encrypted.
     *
     * @param to The id of the node.
     * @throws {MeshError} `"no-route"`, `"to-self"`, `"not-joined"`, `"bad-argument"`, `"too-large"`, `"too-many"`,
     * `"lost"` or `"closed"`.
     */
    whisper(to: string, ...packets: unknown[]): Promise<void>;

    /**
     * The next message that nobody took yet, or `null` when `timeoutMs` have passed or the node is closed.
     *
     * Messages wait here from the start of the node, the latest 4,096 of them or 16 MiB; beyond that the oldest are
     * dropped, which `"lagged"` tells as soon as somebody takes. The iterator takes from the same queue: each message
     * goes to one of the takers. Listeners for `"message"` take nothing; they see every message that waited here.
     */
    recv(options?: ReceiveOptions): Promise<Message | null>;
    /**
     * Takes messages that wait already, up to `quantity` of them; an empty array if there are none.
     *
     * @throws {MeshError} `"bad-argument"` if the quantity is no whole number from 0 up.
     */
    recvMany(quantity: number): Message[];

    /**
     * Puts a handler at the end of the chain that every message goes through before anybody else gets it. The first
     * handler that returns `true`, or a promise of it, has acted: the chain ends, and the message goes neither to
     * `recv` nor to listeners for `"message"`. Handlers see messages one at a time, in the order in which they came:
     * while the promise of one is open, later messages wait, the latest 4,096 of them or 16 MiB. A handler that throws,
     * or whose promise rejects, has not acted: that is told on the console and by `"error"`, as `"handler-failed"`.
     *
     * @returns A function that takes the handler out of the chain again; it does so too at the end of a `using` block.
     * @throws {MeshError} `"bad-argument"` if the handler is no function.
     */
    registerHandler(handler: MessageHandler): Unregister;

    /**
     * Closes the link to a peer and does not redial it.
     *
     * @param id The id of the peer.
     * @throws {MeshError} `"not-a-peer"`, `"bad-argument"` or `"closed"`.
     */
    disconnect(id: string): Promise<void>;

    /** Asks every peer for its peers. What they answer is told by `"peers"` and shown by {@link topology}. */
    requestPeers(): void;

    /**
     * Calls `listener` on each such event, with this object as `this`: one of the node's own, or any that {@link emit}
     * tells. A listener that throws, or whose promise rejects, is reported on the console and hinders no other; nobody
     * waits for its promise.
     *
     * @throws {MeshError} `"bad-argument"` if the listener is no function, or the name no string or symbol.
     */
    on<K extends keyof MeshEvents>(event: K, listener: (value: MeshEvents[K]) => unknown): this;
    on(event: string | symbol, listener: Listener): this;
    /** Calls `listener` on the next such event, and then no more. */
    once<K extends keyof MeshEvents>(event: K, listener: (value: MeshEvents[K]) => unknown): this;
    once(event: string | symbol, listener: Listener): this;
    /** Removes a listener; if it was added several times, the latest. */
    off(event: string | symbol, listener: Listener): this;
    /** The same as {@link off}. */
    removeListener(event: string | symbol, listener: Listener): this;
    /** Removes every listener for an event, or every one that there is. */
    removeAllListeners(event?: string | symbol): this;
    /** Who listens to an event, in the order in which they were added. A new array each time. */
    listeners(event: string | symbol): Listener[];
    /** Calls every listener for an event with these values, in order. Returns whether there was one. */
    emit(event: string | symbol, ...values: unknown[]): boolean;

    /** The messages as they come, until the node is closed. Takes from the queue of {@link recv}. */
    [Symbol.asyncIterator](): AsyncIterableIterator<Message>;

    /**
     * Writes what waits, for up to 2 s, closes every link and ends. Resolves when that is done; calling it again is
     * harmless. `recv` then gives what it still holds, and after that `null`.
     */
    close(): Promise<void>;
    /** The same as {@link close}, for `await using`. */
    [Symbol.asyncDispose](): Promise<void>;
}

/**
 * The id by which nodes of a mesh know each other in their handshakes: of its name, and of the transport as protocol 0.7
 * calls it. js2p's `Protocol.id`; nothing here needs it.
 */
export function protocolId(subnet: string, transport: "ws" | "wss" | "Plaintext" | "SSL"): string;

export interface MeshOptions {
    /** The name of the mesh; `"mesh"` if not given. */
    subnet?: string;
    /** Addresses to dial at once and again whenever they are lost, even if the first attempt fails. */
    peers?: string[];
}

export interface ConnectOptions {
    /** How many milliseconds to wait at most. */
    timeoutMs?: number;
    /** The id of the node that should be there; another one is `"refused"`. */
    id?: string;
}

export interface SendOptions {
    /**
     * `"mesh"`, if not given: every node. `"peers"`: this node's neighbours, who keep it. A peer: that one, over the link
     * with it or not at all.
     */
    to?: "mesh" | "peers" | { readonly id: string };
    /** What sort of message it is, for the handlers of those who get it; plain if not given. */
    flag?: Flag;
}

/**
 * The sort of a message: a text or bytes, of 1 to 128 bytes, or a whole number. Up to 0x2f and from 0x40 to 0x7f, numbers
 * are reserved, but for those of plain messages: 0 for what goes to all, 2 for what goes to one.
 */
export type Flag = number | bigint | string | Uint8Array;

export interface ReceiveOptions {
    /** How many milliseconds to wait: 0 only looks, and without it the wait has no end. */
    timeoutMs?: number;
}

/** What is asked of every message: `true` says that this handler acted on it. */
export type MessageHandler = (
    message: Message,
    /** The peer that it came from, which need not be its sender. */
    peer: Peer,
) => boolean | void | Promise<boolean | void>;

/** Takes a handler out of the chain; calling it again is harmless. */
export interface Unregister {
    (): void;
    /** The same, for `using`. Only where the platform knows `Symbol.dispose`. */
    [Symbol.dispose](): void;
}

/** Called with what is told. */
// Who adds a listener knows what is told to it, as with Node's emitters.
export type Listener = (...values: any[]) => unknown;

/** What happens. */
export interface MeshEvents {
    /** The first peer is linked: on every way back into the mesh again, so mostly heard by `once`. */
    connect: MeshSocket;
    /** A message came. */
    message: Message;
    /** A node is no peer any more, or with `peer` null this node is closed: the last event that there is. */
    close: Closed;
    /** A dial failed that will be tried again, `"lagged"`, `"gap"` or `"handler-failed"`. What a promise rejects with is not told here. */
    error: MeshError;
    /** The peers, or what they know of theirs, changed. */
    peers: Topology;
}

/** The end of a link. */
export interface Closed {
    readonly peer: string | null;
    /** `"disconnected"` by {@link MeshSocket.disconnect}, `"closed"` by {@link MeshSocket.close}, else `"lost"`. */
    readonly code: "disconnected" | "closed" | "lost";
    /** Why, in words. */
    readonly reason: string;
}

/** A message from another node. A plain object: it can be cloned and stored. */
export interface Message {
    /** Whether it was sent to every node or to this one. */
    readonly kind: "broadcast" | "whisper";
    /** The id of the node that sent it. Nothing proves it: anyone in the mesh can write any id. */
    readonly sender: string;
    /** When it was sent, by the sender's clock, in whole seconds. */
    readonly time: Date;
    /** The id of the message, 64 hexadecimal digits. */
    readonly id: string;
    /** The id of the peer that it came from: its sender only if that one is a peer. */
    readonly via: string;
    /** What sort of message it is. Only handlers see others than 0 and 2, the plain ones. */
    readonly flag: Flag;
    /** What was sent. */
    readonly packets: unknown[];
    /** Whispers to the sender. Rejects as {@link MeshSocket.whisper} does. */
    reply(...packets: unknown[]): Promise<void>;
}

/** A message that is on its way. */
export interface Sent {
    /** The id of the message, as its receivers see it. */
    readonly id: string;
    /** To how many peers it was handed. */
    readonly peers: number;
}

/** A node with a link to this one. */
export interface Peer {
    readonly id: string;
    /** `host:port` where it says that it can be dialled; null for a browser tab. */
    readonly address: string | null;
    /** Whether this node dialled it. */
    readonly dialled: boolean;
}

/** The mesh as far as this node knows it: itself, its peers, and the peers that those told. */
export interface Topology {
    /** The id of this node. */
    readonly self: string;
    readonly nodes: { readonly id: string; readonly address: string | null; readonly linked: boolean }[];
    /** Pairs of ids, each pair once. */
    readonly links: [string, string][];
}

/** A value of an extension type of msgpack. */
export interface Extension {
    /** The type, from -128 to 127. */
    readonly type: number;
    readonly data: Uint8Array;
}

/** What went wrong. `message` says it in words, with the remedy where there is one. */
export interface MeshError extends Error {
    readonly name: "MeshError";
    readonly code:
        /** The peer there is in another subnet. */
        | "wrong-subnet"
        /** Nothing answers at the address. */
        | "unreachable"
        /** The peer there closed the link before it was one. */
        | "refused"
        /** The time given has passed. */
        | "timeout"
        /** No address, or one that a browser cannot dial. */
        | "bad-address"
        /** An argument of another type, or a value that cannot be sent. */
        | "bad-argument"
        /** A flag that belongs to the protocol. */
        | "reserved-flag"
        /** No peer is linked. */
        | "not-joined"
        /** The message is larger than 1 MiB. */
        | "too-large"
        /** Every link that carried the message closed before it was written. */
        | "lost"
        /** No way to the node was found in time. */
        | "no-route"
        /** This id is none of the peers'. */
        | "not-a-peer"
        /** A message to this node itself. */
        | "to-self"
        /** As many addresses or lookups as a node takes. */
        | "too-many"
        /** Events were dropped, because more came than the page took. */
        | "lagged"
        /** The node was away for longer than its peers remember, a minute at most: what was said before is lost to it. */
        | "gap"
        /** A message handler threw, or its promise rejected; `cause` is with what. */
        | "handler-failed"
        /** The platform has no source of randomness. */
        | "no-entropy"
        /** The node is closed. */
        | "closed";
}

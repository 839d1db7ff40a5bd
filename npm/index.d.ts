/// <reference lib="esnext.disposable" />

/**
 * A node of a mesh in this window, worker or process (Node.js 22 and later).
 *
 * ```ts
 * import { join } from "rs2p";
 *
 * await using mesh = await join("chat", { relays: ["wss://relay.example"] });
 * await mesh.send("hello", { from: "a tab" });
 * for await (const message of mesh.messages()) {
 *   console.log(message.sender, ...message.packets);
 * }
 * ```
 *
 * Whatever goes wrong is a {@link MeshError} with a stable `code`: what returns a promise rejects with it, all else throws
 * it. Only a wait that its signal ends rejects with the signal's reason. Whatever waits takes a `signal` and `timeoutMs` ({@link Waiting}), where it takes options.
 *
 * ## Packets
 * A message carries any number of packets, mostly one: its {@link Message.body}. What can be sent, and what comes out at the
 * other end:
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
 * An extension type of msgpack, which only native nodes send, is received as {@link Extension}. Anything else, such as a
 * function, a symbol, a `Date`, a cycle or more than 16 levels, is a `"bad-argument"` that says where it stands.
 *
 * @packageDocumentation
 */

/**
 * Joins a mesh: starts a node and resolves when it is in the mesh. From then on it stays there: a link that is lost is
 * dialled again, for ever.
 *
 * @param subnet The name of the mesh. Nodes link only within one; it is no secret.
 * @throws {MeshError} `"timeout"` if nobody was reached in `timeoutMs` (15 s if not given), with the last failure as its
 * cause; `"wrong-subnet"` if every relay is in another mesh; `"identity-taken"` and `"no-storage"` for `identity`;
 * `"bad-argument"`, `"bad-address"`, `"no-entropy"`, `"not-loaded"`. Nothing runs then. To begin without anybody in reach, use {@link MeshSocket.open}.
 */
export function join(subnet: string, options?: JoinOptions): Promise<MeshSocket>;

/**
 * Loads the wasm. {@link join} and {@link MeshSocket.open} do it by themselves: this is for those who call
 * `new MeshSocket()`.
 *
 * @throws {MeshError} `"not-loaded"`, with the remedy. The next call tries again.
 */
export function ready(): Promise<void>;

/** A node. Its events are told both ways: to `addEventListener`, as an event's `detail`, and to {@link on}, as they are. */
export class MeshSocket extends EventTarget {
  /** The same as the function {@link join}. */
  static join(subnet: string, options?: JoinOptions): Promise<MeshSocket>;

  /**
   * Starts a node and resolves as soon as it runs, whether or not anybody can be reached: {@link joined} waits for that.
   *
   * @throws {MeshError} As {@link join}, but for the first two; `"identity-taken"`, `"no-storage"` for `identity`.
   */
  static open(subnet: string, options?: OpenOptions): Promise<MeshSocket>;

  /**
   * Starts a node, as {@link MeshSocket.open} does, but at once.
   *
   * @throws {MeshError} `"not-loaded"` before {@link ready}; `"bad-argument"`, `"bad-address"`, `"no-entropy"`.
   */
  constructor(options?: StartOptions);

  /** The id of this node: base58 text. */
  readonly id: string;
  /** The name of the mesh. */
  readonly subnet: string;
  /** Whether the node is in the mesh. Another object each time that it changes, which `"statuschange"` tells. */
  readonly status: Status;
  /** Resolves when the node is in the mesh: {@link joined} without options. */
  readonly ready: Promise<void>;
  /** The latest 64 errors that `"error"` told, the oldest first: empty if all went well. A new array each time. */
  readonly faults: MeshError[];
  /** How many messages this node's queues dropped, both ways, since its start. */
  readonly overflow: number;
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
   * What this node shows of itself to all members: any value that can be sent, of at most 1 KiB in msgpack; `null` if it
   * shows nothing. Setting it tells them.
   *
   * @throws {MeshError} When set: `"bad-argument"`, `"too-large"`, `"closed"`.
   */
  presence: unknown;

  /**
   * Who is in the mesh besides this node: every node that can be reached over nodes that take part in presence, as those of
   * rs2p do. A new array each time. A tab that dies without a word is gone within 40 s, one that says goodbye at once.
   */
  members(): Member[];

  /**
   * Resolves when there is a peer that was heard of late, at once if there is: when the status is `"joined"`, or `"degraded"`
   * for another reason than silence.
   *
   * @throws {MeshError} `"timeout"`, with the last failure as its cause; `"wrong-subnet"` if every relay given at the start
   * is in another mesh; `"closed"`.
   */
  joined(options?: Waiting): Promise<void>;

  /**
   * Dials a relay. Resolves when it is linked; from then on, a link that is lost is dialled again until {@link disconnect}
   * or {@link close}. If the first attempt fails, the address is forgotten.
   *
   * The dial has 10 s and the greeting 5 s. Giving up earlier ends the waiting, not the attempt: it may still succeed.
   *
   * @param url `ws://host:port` or `wss://host:port`; a page that came over https may dial only `wss://`.
   * @throws {MeshError} `"bad-address"`, `"unreachable"`, `"refused"`, `"wrong-subnet"`, `"timeout"`, `"bad-argument"`,
   * `"too-many"` or `"closed"`.
   */
  connect(url: string, options?: ConnectOptions): Promise<void>;

  /**
   * Sends packets to every node of the mesh, each of which gets them once; the sender does not. Resolves when the message is
   * queued for the peers: while every queue is full it waits, so that awaiting each message is all the flow control there
   * needs to be.
   *
   * @returns How many peers took it, and its id.
   * @throws {MeshError} `"not-joined"`, `"bad-argument"`, `"too-large"`, `"overflow"` or `"closed"`.
   */
  send(...packets: unknown[]): Promise<Sent>;

  /**
   * As {@link send}, as far as `to` says, with a flag or about a topic, and when there are peers enough.
   *
   * A message with a flag of its own is for handlers: nodes that have none for it give it to nobody, whether they are of
   * rs2p, py2p or js2p.
   *
   * @throws {MeshError} As {@link send} does; `"reserved-flag"` for a flag that is not an application's, `"not-a-peer"` for
   * one peer that is none, and `"timeout"`.
   */
  sendWith(options: SendOptions, ...packets: unknown[]): Promise<Sent>;

  /** Sends packets to every node that wants to hear of a topic: {@link sendWith} of that. */
  publish(topic: string, ...packets: unknown[]): Promise<Sent>;

  /**
   * Sends packets to one node. If there is no link to it, it is looked up in the mesh and dialled, which takes up to 10 s.
   * Resolves when the network has taken the message. Other nodes may see it pass: nothing is encrypted.
   *
   * @param to The id of the node.
   * @throws {MeshError} `"no-route"`, `"to-self"`, `"not-joined"`, `"bad-argument"`, `"too-large"`, `"too-many"`, `"lost"`,
   * `"overflow"` or `"closed"`.
   */
  whisper(to: string, ...packets: unknown[]): Promise<void>;
  /**
   * As {@link whisper}, and waits no longer than it is told. What was begun goes on: the message may still arrive.
   *
   * @throws {MeshError} As {@link whisper} does, and `"timeout"`.
   */
  whisperWith(options: WhisperOptions, ...packets: unknown[]): Promise<void>;

  /**
   * Asks one node, wherever in the mesh it is, a tab or not: resolves with what it {@link Message.reply replies} to the
   * message. Nodes of py2p and js2p get it and cannot answer.
   *
   * @param to The id of the node.
   * @param options `timeoutMs` is 10 s if not given.
   * @throws {MeshError} `"no-answer"`, named `TimeoutError`, when the time is over; else as {@link whisper}.
   */
  request(to: string, body: unknown, options?: RequestOptions): Promise<Message>;

  /**
   * Asks every node: gives the answers as they come, one of each node at most, until `max` have come or the time is over. It
   * is asked when the loop begins.
   *
   * @param options `timeoutMs` is 2 s if not given.
   * @throws {MeshError} As {@link send}; that nobody answered is no error.
   */
  requestMany(body: unknown, options?: RequestManyOptions): AsyncIterableIterator<Message>;

  /**
   * Has the node be sent broadcasts about a topic. Only one that narrowed its interest by {@link MeshOptions.topics} is not
   * sent all of them anyway; that one gets those of the last minute too.
   *
   * @returns A function that takes it back; it does so too at the end of a `using` block.
   */
  subscribe(topic: string): Unregister;
  /** Has the node be sent no more about one of its {@link MeshOptions.topics}. */
  unsubscribe(topic: string): void;

  /**
   * Messages from now on, for `for await`, all or those about a `topic`, to which the node is subscribed meanwhile: each call
   * has a queue of its own. It ends with the node, or when the loop is left, and rejects with the signal's reason when that
   * aborts. Beyond the queue's bounds the `policy` of {@link QueueOptions} decides, which `"overflow"` tells.
   *
   * To a node that has just started, or was away, the broadcasts of the last minute come too, as far as its peers hold them
   * and it has not had them: {@link Message.time} tells. Replies are messages of kind `"whisper"`: who replies to every
   * message replies to replies.
   */
  messages(options?: MessagesOptions): AsyncIterableIterator<Message>;

  /**
   * The next message that nobody took yet, or `null` when `timeoutMs` have passed (0 only looks) or the node is closed.
   *
   * Messages wait here from the start of the node, the latest 4,096 of them or 16 MiB if not told otherwise; beyond that the
   * oldest are dropped, which an `"error"` of code `"lagged"` tells as soon as somebody takes. `for await (… of mesh)` takes
   * from the same queue: each message goes to one of the takers. Listeners and {@link messages} take nothing from it.
   */
  recv(options?: Waiting): Promise<Message | null>;
  /**
   * Takes messages that wait already, up to `quantity` of them; an empty array if there are none.
   *
   * @throws {MeshError} `"bad-argument"` if the quantity is no whole number from 0 up.
   */
  recvMany(quantity: number): Message[];
  /** The messages as they come, until the node is closed. Takes from the queue of {@link recv}. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Message>;

  /**
   * Puts a handler at the end of the chain that every message goes through before anybody else gets it. The first handler
   * that returns `true`, or a promise of it, has acted: the chain ends, and nobody else gets the message. Handlers see
   * messages one at a time, in the order in which they came: while the promise of one is open, later messages wait, within
   * the bounds of {@link QueueOptions.incoming}. A handler that throws, or whose promise rejects, has not acted: that is told
   * on the console and by `"error"`, as `"handler-failed"`.
   *
   * @returns A function that takes the handler out of the chain again; it does so too at the end of a `using` block.
   * @throws {MeshError} `"bad-argument"` if the handler is no function.
   */
  registerHandler(handler: MessageHandler): Unregister;

  /**
   * Closes the link to a peer and does not dial it again.
   *
   * @param id The id of the peer.
   * @throws {MeshError} `"not-a-peer"`, `"bad-argument"` or `"closed"`.
   */
  disconnect(id: string): Promise<void>;

  /** Asks every peer for its peers. What they answer is told by `"peers"` and shown by {@link topology}. */
  requestPeers(): void;

  addEventListener<K extends keyof MeshEvents>(
    type: K,
    listener: ((this: MeshSocket, event: CustomEvent<MeshEvents[K]>) => unknown) | MeshListenerObject<K> | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
  removeEventListener<K extends keyof MeshEvents>(
    type: K,
    listener: ((this: MeshSocket, event: CustomEvent<MeshEvents[K]>) => unknown) | MeshListenerObject<K> | null,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | EventListenerOptions): void;

  /**
   * Calls `listener` on each such event, with this object as `this`: one of the node's own, or any that {@link emit} tells.
   * For those who come from js2p or Node.js. A listener that throws, or whose promise rejects, is reported on the console
   * and hinders no other; nobody waits for its promise.
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
  /** Removes every listener that was added by {@link on} or {@link once}: for an event, or every one that there is. */
  removeAllListeners(event?: string | symbol): this;
  /** Who listens to an event by {@link on} or {@link once}, in the order in which they were added. A new array each time. */
  listeners(event: string | symbol): Listener[];
  /** Calls every listener of {@link on} and {@link once} for an event with these values, in order. Returns whether there was one. */
  emit(event: string | symbol, ...values: unknown[]): boolean;

  /**
   * Writes what waits, for up to 2 s, closes every link and ends. Resolves when that is done; calling it again is harmless.
   * `recv` then gives what it still holds, and after that `null`.
   */
  close(options?: CloseOptions): Promise<void>;
  /** The same as {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * The id by which nodes of a mesh know each other in their handshakes: of its name, and of the transport as protocol 0.7
 * calls it. js2p's `Protocol.id`; nothing here needs it.
 *
 * @throws {MeshError} `"not-loaded"` before {@link ready}.
 */
export function protocolId(subnet: string, transport: "ws" | "wss" | "Plaintext" | "SSL"): string;

/** How long to wait, at most. */
export interface Waiting {
  /** Ends the waiting when it aborts: the promise rejects with the signal's reason. What was begun may go on. */
  signal?: AbortSignal;
  /** Ends the waiting after so many milliseconds: the promise rejects with a {@link MeshError} named `TimeoutError`, of code `"timeout"`. */
  timeoutMs?: number;
}

export interface MeshOptions {
  /** Addresses to dial at once and again whenever they are lost, even if the first attempt fails. */
  relays?: string[];
  /** The same, by the name that py2p's people know. */
  peers?: string[];
  /** The id of the node, which must be its alone; a random one, if not given. */
  id?: string;
  /** What may wait, and what is dropped beyond that. */
  queue?: QueueOptions;
  /**
   * How many of the relays are linked: the quickest, while the others stand by. All, if not given: then the end of one loses
   * no time.
   */
  keep?: number;
  /**
   * Which of the addresses that others tell are dialled: `"public"`, IP addresses that the internet routes; `"web"`, names on `wss`
   * too; `"private"`, in their place those of private networks and of this machine; `"any"`, all. `"web"` if not given, and
   * `"private"` if all relays are on this machine. Relays that are given are always dialled.
   */
  hearsay?: "public" | "web" | "private" | "any";
  /**
   * Be sent broadcasts about these topics, and about those that are subscribed to, and no others. All of them, if not given.
   * Whispers always come.
   */
  topics?: string[];
  /** With `topics`: whether broadcasts about no topic come too. `false` if not given. */
  plain?: boolean;
  /** What the node shows to all members: {@link MeshSocket.presence}. */
  presence?: unknown;
  /** Whether the node is told what the page lives through: hidden, frozen, offline. `true` if not given. */
  lifecycle?: boolean;
}

export interface OpenOptions extends MeshOptions {
  /** An id that survives reloads, by its name: in this browser, for this subnet. A random one, if not given. */
  identity?: string | Identity;
  /** Ends the waiting for an identity that another tab has. */
  signal?: AbortSignal;
}

export interface JoinOptions extends OpenOptions, Waiting {}

/** An id that is kept in IndexedDB, and that one tab at a time owns: the others see it taken. */
export interface Identity {
  /** Any text: for those that are several people in one browser. */
  name: string;
  /** What a second tab does: take the next id of that name, which is kept too; wait until the first is closed; or fail. `"next"` if not given. */
  whenTaken?: "next" | "wait" | "fail";
  /** What is done where nothing can be kept, as in Node.js or on an insecure page: fail, or take a random id. `"fail"` if not given. */
  whenMissing?: "fail" | "random";
}

export interface StartOptions extends MeshOptions {
  /** The name of the mesh; `"mesh"` if not given. */
  subnet?: string;
}

export interface QueueOptions {
  /** For each that takes messages: `recv`, each `messages()`, the handlers. 4,096 messages or 16 MiB, if not given. */
  incoming?: Bounds;
  /** Messages that wait because the peers read slowly; the same, if not given. Awaiting each send never comes near. */
  outgoing?: Bounds;
  /**
   * What happens beyond: the oldest go (a message that was to be sent is told so by its promise), the newest is not taken,
   * or the node closes. `"drop-oldest"` if not given. The queue of `recv`, which nobody need take from, and that of the
   * handlers always drop the oldest.
   */
  policy?: "drop-oldest" | "drop-newest" | "close";
}

export interface Bounds {
  messages?: number;
  /** One message may be larger than this. */
  bytes?: number;
}

export interface ConnectOptions extends Waiting {
  /** The id of the node that should be there; another one is `"refused"`. */
  id?: string;
}

export interface WhisperOptions extends Waiting {
  /** The id of the node. */
  to: string;
}

export interface SendOptions extends Waiting {
  /**
   * `"mesh"`, if not given: every node. `"peers"`: this node's neighbours, who keep it. A peer: that one, over the link with
   * it or not at all.
   */
  to?: "mesh" | "peers" | { readonly id: string };
  /** What sort of message it is, for the handlers of those who get it; plain if not given. */
  flag?: Flag;
  /** What it is about, 1 to 128 bytes: nodes that want to hear of other topics only are not sent it. */
  topic?: string;
  /** Waits until there are so many peers, and sends then. Without it, a send while there is none is `"not-joined"`. */
  atLeast?: number;
}

export interface RequestOptions extends Waiting {
  /** What it is about. */
  topic?: string;
}

export interface RequestManyOptions extends RequestOptions {
  /** How many answers are enough. */
  max?: number;
}

export interface MessagesOptions {
  /** Only messages about this topic. */
  topic?: string;
  /** Ends the iteration, which then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** What may wait for this loop; as {@link QueueOptions.incoming} says, if not given. */
  queue?: Bounds;
}

export interface CloseOptions {
  /** Why, in words: for {@link Status} and the last `"close"`. */
  reason?: string;
}

/**
 * The sort of a message: a text or bytes, of 1 to 128 bytes, or a whole number. Up to 0x2f and from 0x40 to 0x7f, numbers
 * are reserved, but for those of plain messages: 0 for what goes to all, 2 for what goes to one.
 */
export type Flag = number | bigint | string | Uint8Array;

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

/** A listener that is an object. */
export interface MeshListenerObject<K extends keyof MeshEvents> {
  handleEvent(event: CustomEvent<MeshEvents[K]>): unknown;
}

/**
 * Whether a node is in the mesh.
 *
 * | from | to | when |
 * | --- | --- | --- |
 * | connecting | joined | the first peer has greeted |
 * | connecting | offline | the network is said to be off, or the page is left |
 * | joined | degraded | no peer was heard for 20 s, or the network is said to be off |
 * | degraded | joined | a peer is heard, and nothing is missing any more |
 * | joined, degraded | offline | the last link is lost |
 * | offline | degraded | a peer has greeted that holds what was missed |
 * | offline | connecting | the network came, and there never was a peer |
 * | any | closed | the node was closed |
 */
export type Status =
  /** No peer was ever linked. */
  | { readonly state: "connecting" }
  /** At least one peer is linked and shows life. */
  | { readonly state: "joined" }
  /** There are peers, but what is sent may reach nobody now, or what others said is not all here yet. */
  | { readonly state: "degraded"; readonly why: "silence" | "network-off" | "catching-up" }
  /** There is no peer. It is dialled again, at the time of the next attempt if that is known, for ever. */
  | { readonly state: "offline"; readonly nextAttempt: Date | null }
  /** The node has ended, and says why. Nothing follows. */
  | { readonly state: "closed"; readonly reason: string };

/** A node that is in the mesh, near or far. */
export interface Member {
  /** Its id. Nothing proves that a node far away is who it claims to be. */
  readonly id: string;
  /** `"hidden"`: its page is not seen. `"asleep"`: its page was stopped by the browser, and hears nothing for now. */
  readonly state: "awake" | "hidden" | "asleep";
  /** What it shows of itself; null if nothing. */
  readonly presence: unknown;
}

/** A node that is in the mesh no more. */
export interface MemberLeft {
  readonly id: string;
  /** It said goodbye, it or who was between was lost, it was silent for too long, or it slept for too long. */
  readonly reason: "goodbye" | "lost" | "timeout" | "asleep";
}

/** What happens. */
export interface MeshEvents {
  /** The status is another. */
  statuschange: Status;
  /** A message came. */
  message: Message;
  /** A node came into the mesh. Who listens newly is told of those that are there already, a moment later. */
  memberjoin: Member;
  /** A member shows something else, is hidden, fell asleep or woke up. */
  memberchange: Member;
  /** A node left the mesh. */
  memberleave: MemberLeft;
  /** A node was linked to this one. */
  peerjoin: Peer;
  /** A node is linked to this one no more. */
  peerleave: PeerLeft;
  /** A queue was full, and its policy struck. */
  overflow: Overflow;
  /** This node was away for longer than its peers remember: what was said before is lost to it. */
  gap: Gap;
  /** A dial failed that will be tried again, or `"lagged"`, `"gap"`, `"handler-failed"`. What a promise rejects with is not told here. */
  error: MeshError;
  /** A node is no peer any more, or with `peer` null this node is closed: the last event that there is. */
  close: Closed;
  /** The first peer is linked: on every way back into the mesh again, so mostly heard by `once`. */
  connect: MeshSocket;
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

/** A peer that is one no more. */
export interface PeerLeft {
  readonly id: string;
  readonly code: "disconnected" | "closed" | "lost";
  readonly reason: string;
}

/** A queue that was full. */
export interface Overflow {
  readonly queue: "incoming" | "outgoing";
  readonly policy: "drop-oldest" | "drop-newest" | "close";
  /** How many messages were dropped now; 0 if the node closes instead. */
  readonly dropped: number;
  /** How many since the start of the node: {@link MeshSocket.overflow}. */
  readonly total: number;
}

export interface Gap {
  /** How much of the time away is lost, in milliseconds. */
  readonly unknownMs: number;
}

/** A message from another node. What it says stands in properties of its own: it can be cloned and stored. */
export class Message {
  private constructor();
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
  /** What it is about, or null. */
  readonly topic: string | null;
  /** Whether the sender awaits an answer: the {@link reply}. */
  readonly isQuestion: boolean;
  /** What was sent. */
  readonly packets: unknown[];
  /** The first of the packets. */
  get body(): unknown;
  /** The body as bytes: text as UTF-8, and what is neither as its JSON. */
  bytes(): Uint8Array;
  /** The body as text: bytes read as UTF-8, and what is neither as its JSON. */
  text(): string;
  /**
   * What the body says in JSON, if it is text or bytes; else the body itself.
   *
   * @throws {SyntaxError} If it is no JSON.
   */
  json<T = unknown>(): T;
  /** Whispers to the sender, wherever in the mesh it is, a tab or not; to a question, it is the answer. Rejects as {@link MeshSocket.whisper} does. */
  reply(...packets: unknown[]): Promise<void>;
  /** As {@link reply}, and waits no longer than it is told: see {@link MeshSocket.whisperWith}. */
  replyWith(options: Waiting, ...packets: unknown[]): Promise<void>;
}

/** A message that is on its way. */
export interface Sent {
  /** The id of the message, as its receivers see it. */
  readonly id: string;
  /** How many peers took it. */
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
export class MeshError extends Error {
  constructor(code: MeshErrorCode, message: string, options?: { cause?: unknown });
  /** `"TimeoutError"` if the code is `"timeout"` or `"no-answer"`. */
  get name(): "MeshError" | "TimeoutError";
  readonly code: MeshErrorCode;
}

/** What went wrong, for programs. The words do not change; new ones may come. */
export type MeshErrorCode =
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
  /** Another tab has the identity. */
  | "identity-taken"
  /** There is nowhere to keep an identity. */
  | "no-storage"
  /** The message is larger than 1 MiB. */
  | "too-large"
  /** Every link that carried the message closed before it was written. */
  | "lost"
  /** No way to the node was found in time. */
  | "no-route"
  /** Nobody answered in time. */
  | "no-answer"
  /** This id is none of the peers'. */
  | "not-a-peer"
  /** A message to this node itself. */
  | "to-self"
  /** As many addresses or lookups as a node takes. */
  | "too-many"
  /** Too many messages waited to be sent, and this one was dropped. */
  | "overflow"
  /** Messages were dropped, because more came than the page took. */
  | "lagged"
  /** The node was away for longer than its peers remember, a minute at most: what was said before is lost to it. */
  | "gap"
  /** A message handler threw, or its promise rejected; `cause` is with what. */
  | "handler-failed"
  /** A node with js2p's names was to listen, which none can here. */
  | "cannot-listen"
  /** The platform has no source of randomness. */
  | "no-entropy"
  /** The wasm is not there, or not yet. */
  | "not-loaded"
  /** The node is closed. */
  | "closed";

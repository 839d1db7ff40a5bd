// What the declarations allow, and what they refuse: a line under @ts-expect-error that compiles is an error.

import { join, Message, MeshError, MeshSocket, protocolId, ready, type MeshErrorCode, type Status } from "rs2p";
import { join as inlined } from "rs2p/inline";
import js2p from "rs2p/js2p";

const one: typeof join = inlined;
const mesh: MeshSocket = await one("chat", { relays: ["ws://localhost:8765"], timeoutMs: 100, signal: AbortSignal.timeout(5) });

await MeshSocket.open("chat");
await ready();
new MeshSocket({ subnet: "chat", queue: { incoming: { messages: 1 }, policy: "drop-newest" }, lifecycle: false });
// @ts-expect-error A subnet is text.
await join(7);
// @ts-expect-error A policy is one of three.
new MeshSocket({ queue: { policy: "drop-all" } });
// @ts-expect-error Options are called by their names.
await join("chat", { relay: "ws://localhost:8765" });
// @ts-expect-error The id is there to be read.
mesh.id = "another";

mesh.addEventListener("statuschange", (event) => {
  const status: Status = event.detail;
  if (status.state === "offline") status.nextAttempt?.getTime();
  if (status.state === "degraded") status.why satisfies "silence" | "network-off" | "catching-up";
  // @ts-expect-error Only who is offline has a next attempt.
  if (status.state === "joined") status.nextAttempt;
});
mesh.addEventListener("message", { handleEvent: (event) => event.detail.text() }, { once: true });
mesh.addEventListener("own", (event) => event.type);
// @ts-expect-error A message is no error.
mesh.addEventListener("message", ({ detail }) => detail.code);
mesh.on("error", (error) => error.code satisfies MeshErrorCode).once("connect", (self) => self.id).off("peers", () => {});
// @ts-expect-error What is told of a peer is the peer.
mesh.on("peerjoin", (peer) => peer.sender);

const sent: { id: string; peers: number } = await mesh.send("a", 1, null, new Uint8Array());
await mesh.sendWith({ to: { id: sent.id }, flag: 0x30, timeoutMs: 5 }, "a");
// @ts-expect-error All, the peers, or one of them.
await mesh.sendWith({ to: "all" }, "a");

for await (const message of mesh.messages({ signal: AbortSignal.timeout(1), queue: { bytes: 1 } })) {
  const { text }: { text: string } = message.json();
  await message.reply(text, message.bytes(), message.body);
  // @ts-expect-error What was sent is unknown until it was looked at.
  message.body.length;
}
const next: Message | null = await mesh.recv({ timeoutMs: 5 });
// @ts-expect-error There may be none.
next.text();
// @ts-expect-error Messages come from nodes.
new Message();

using unregister = mesh.registerHandler((message, peer) => message.via === peer.id);
unregister();
// @ts-expect-error A handler says yes or no.
mesh.registerHandler(() => "yes");

const error = new MeshError("closed", "in words");
const code: MeshErrorCode = error.code;
// @ts-expect-error Codes are known.
if (code === "no-such-code") protocolId("chat", "ws");
// @ts-expect-error So are transports.
protocolId("chat", "udp");
new js2p.mesh.MeshSocket(null, null, new js2p.base.Protocol("chat", "ws")).connect("127.0.0.1", 8765);

mesh.addEventListener("memberjoin", ({ detail }) => detail.state satisfies "awake" | "hidden" | "asleep");
mesh.on("memberleave", ({ id, reason }) => reason satisfies "goodbye" | "lost" | "timeout" | "asleep");
mesh.presence = { name: "a" };
const answer: Message = await mesh.request(mesh.members()[0].id, "who are you?", { timeoutMs: 100 });
for await (const each of mesh.requestMany("who is there?", { max: 3, topic: "roll" })) each.topic?.length;
// @ts-expect-error A question goes to somebody.
await mesh.request(null, answer);
await mesh.publish("news", "a");
await mesh.sendWith({ topic: "news", atLeast: 1, timeoutMs: 5 }, "a");
using topic = mesh.subscribe("news");
for await (const news of mesh.messages({ topic: "news" })) if (news.isQuestion) await news.reply("an answer");
await (await join("chat", { relays: [] })).whisperWith({ to: "abc", timeoutMs: 1_000, signal: AbortSignal.timeout(1_000) }, "psst");
await join("chat", { identity: "me", topics: ["news"], plain: true, keep: 1, presence: 5 });
await join("chat", { identity: { name: "me", whenTaken: "fail", whenMissing: "random" } });
// @ts-expect-error An id is taken before a node begins, which takes time.
new MeshSocket({ identity: "me" });
await mesh.close({ reason: "done" });

// The same in Node.js, once as it is imported there and once from one file.

const relay = process.argv[2];

for (const entry of ["rs2p", "rs2p/inline"]) {
  const { join } = await import(entry);
  const mesh = await join("mesh", { relays: [relay] });
  const messages = mesh.messages({ signal: AbortSignal.timeout(15_000) });
  await mesh.send("hello");
  // Who comes within a minute hears what was said before, too.
  for await (const message of messages) if (message.text() === `welcome to ${entry}`) break;
  console.log(entry);
  await mesh.close();
}
const { default: js2p } = await import("rs2p/js2p");
console.log(js2p.base.protocol_version);

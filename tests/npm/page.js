// The same in a worker, which tells the page what it hears.

const worker = new Worker(`./worker.js${location.search}`, { type: "module" });
globalThis.heard = [];
worker.onmessage = ({ data }) => heard.push(data);

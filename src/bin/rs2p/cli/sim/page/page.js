// Puts the page together.

const summary = JSON.parse(document.getElementById("summary").textContent);
const part = (id) => document.getElementById(id);

function heading() {
  const { title, about, nodes, seed, flood, replay } = summary;
  document.title = `${title}: ${count(nodes, "node")}, rs2p sim`;
  part("title").textContent = `${title}, ${count(nodes, "node")}`;
  part("about").textContent = about + (flood ? " Here every node floods: each message goes over every link." : "");
  part("replay").textContent = replay;
  part("copy").onclick = async () => {
    await navigator.clipboard?.writeText(replay);
    part("copy").textContent = "Copied";
  };
  part("footer").textContent = `Seed ${seed}, ${numbers.format(summary.steps)} steps in ${seconds(summary.virtual_ms, 0)} of virtual time, trace ${summary.trace}. The same line gives the same run, here and in a browser.`;
}

function verdict() {
  const { safety, liveness } = summary;
  const item = (met, words, small) => part("verdict").append(element("li", { className: met ? "" : "bad" }, `${words} `, element("small", { textContent: small })));
  item(!safety.violation, safety.violation ?? "Safe in every step", safety.violation ? "" : `${count(safety.rules, "rule")}`);
  for (const { goal, took_ms, limit_ms, met } of liveness) {
    item(met, sentence(goal), took_ms === null ? `not within ${seconds(limit_ms, 0)}` : `after ${seconds(took_ms)} of ${seconds(limit_ms, 0)}`);
  }
}

function sentence(words) {
  return words[0].toUpperCase() + words.slice(1);
}

function tiles() {
  const { figures, beside } = summary;
  const floods = (words) => (beside ? `if every node floods: ${words(beside)}` : "");
  const lastHop = (of) => of.last_hops.toFixed(1);
  const rows = [
    ["Delivered", percent(figures.reached, figures.due), "", `${count(figures.messages, "message")}, ${count(figures.due, "delivery", "deliveries")} due`],
    ["Payload copies", figures.copies.toFixed(3), "×", floods((of) => of.copies.toFixed(2)) || "received per node and message"],
    ["Half have it after", ...span(figures.latency_ms.p50).split(" "), floods((of) => span(of.latency_ms.p50))],
    ["99 % after", ...span(figures.latency_ms.p99).split(" "), floods((of) => span(of.latency_ms.p99))],
    ["To the last node", lastHop(figures), "hops", floods((of) => `${lastHop(of)} hops`)],
  ];
  for (const [name, value, unit, says] of rows) {
    part("tiles").append(element("div", {}, element("dt", { textContent: name }), element("dd", {}, String(value), element("span", { textContent: unit })), element("p", { textContent: says })));
  }
}

/** What the colours and shapes of the drawing mean, as far as they occur. */
function legend(list, story, wave) {
  const states = new Set(story.changes.map(([, , state]) => state));
  const kinds = new Set(summary.picture.kinds);
  const rows = wave
    ? [['<circle cx="9" cy="7" r="4.5" fill="none" stroke="var(--warm)" stroke-width="2"/>', "sends it"], ['<circle cx="9" cy="7" r="4" fill="var(--accent)"/>', "has it"], ['<path d="M1 7H17" stroke="var(--accent)" stroke-width="2"/>', "the way it came"]]
    : [
        ['<circle cx="9" cy="7" r="4" fill="var(--accent)"/>', "up; another colour: cut off from the largest part"],
        kinds.has(RELAY) && ['<circle cx="9" cy="7" r="6" fill="var(--accent)"/>', "relay"],
        kinds.has(TAB) && ['<path d="M5 3h8v8h-8z" fill="var(--accent)"/>', "tab"],
        states.has(KILLED) && ['<path d="M6 4l6 6M12 4l-6 6" stroke="var(--quiet)" stroke-width="1.5"/>', "killed"],
        states.has(FROZEN) && ['<circle cx="9" cy="7" r="4" fill="none" stroke="light-dark(#2c8fc9,#7fd0ff)" stroke-width="2"/>', "frozen"],
        ['<path d="M1 7H17" stroke="var(--good)" stroke-width="2"/>', "new link"],
        ['<path d="M1 7H17" stroke="var(--bad)" stroke-width="2"/>', "lost link"],
      ];
  list.innerHTML = rows.filter(Boolean).map(([shape, words]) => `<li><svg viewBox="0 0 18 14" aria-hidden="true">${shape}</svg>${words}</li>`).join("");
}

function table() {
  const columns = [
    ["sent at", (message) => seconds(message.at_ms)],
    ["by node", (message) => message.origin],
    ["reached", (message) => `${numbers.format(message.reached)} of ${numbers.format(message.due)}`],
    ["copies per node", (message) => message.copies.toFixed(3)],
    ["most hops", (message) => message.hops],
    ["half after", (message) => span(message.spread_ms[10])],
    ["last after", (message) => span(message.spread_ms[20])],
  ];
  const row = (cells, name) => element("tr", {}, ...cells.map((textContent) => element(name, { textContent })));
  part("table").append(row(columns.map(([name]) => name), "th"), ...summary.messages.map((message) => row(columns.map(([, read]) => read(message)), "td")));
}

function start() {
  heading();
  verdict();
  tiles();
  table();
  const story = new Story(summary);
  let player;
  const plots = charts(story, (ms) => player.seekMesh(ms));
  part("plots").append(...plots.map((plot) => plot.card));
  const ids = ["sky", "label", "caption", "play", "speed", "time", "clock", "marks", "modes", "legend"];
  player = new Player(story, plots, Object.fromEntries(ids.map((id) => [id, part(id)])));
}

start();

// Which plots there are, and what they say of a run.

const ACCENT = "var(--accent)";
const SECOND = "var(--second)";
const WARM = "var(--warm)";
const GOOD = "var(--good)";
const QUIET = "var(--quiet)";
const VIRTUAL = "virtual seconds";
const STEPS = 20;

function charts(story, choose) {
  const { summary } = story;
  const plots = [deliveryPlot, partsPlot, latencyPlot, copiesPlot].map((draw) => draw(summary).timed(choose));
  return [...plots, spreadPlot(summary), hopsPlot(summary)];
}

function overTime(summary, shape) {
  return new Plot({ ...shape, x: { most: summary.virtual_ms / 1000, unit: VIRTUAL } }).faults(summary.moments);
}

function deliveryPlot(summary) {
  const points = summary.messages.map((message) => [message.at_ms / 1000, message.due ? (message.reached / message.due) * 100 : 100, message]);
  const worst = Math.min(100, ...points.map(([, share]) => share));
  const least = worst >= 99 ? 90 : 0;
  return overTime(summary, {
    title: "Delivery",
    says: "Of the nodes that were up when a message was sent and still are, how many have it in the end",
    y: { least, most: 100, ticks: least ? [90, 95, 100] : [0, 25, 50, 75, 100], words: (value) => `${value} %` },
  }).dots(
    points,
    ([, share]) => (share === 100 ? GOOD : WARM),
    ([at, , message]) => `${at} s: ${numbers.format(message.reached)} of ${numbers.format(message.due)}`,
  ).key(GOOD, "all have it").key(WARM, "some do not");
}

function partsPlot(summary) {
  const most = Math.max(1, ...summary.samples.map(({ up }) => up));
  const series = (name) => summary.samples.map((sample) => [sample.at_ms / 1000, sample[name]]);
  return overTime(summary, {
    title: "One mesh",
    says: "Nodes that are up, and how many of them are in the largest connected part",
    y: { most },
  }).area(series("up"), QUIET, "up").line(series("largest"), ACCENT, { key: "in the largest part" });
}

function latencyPlot(summary) {
  const series = (step) => summary.messages.map((message) => [message.at_ms / 1000, message.spread_ms[step]]);
  const peak = Math.max(10, ...summary.messages.map((message) => message.spread_ms[STEPS]));
  return overTime(summary, {
    title: "Latency",
    says: "From the sending of a message to its delivery",
    y: { ...spanAxis(peak, usualSpan(summary)), words: span },
  })
    .line(series(STEPS), WARM, { key: "the last node" })
    .line(series(STEPS - 1), SECOND, { key: "95 %" })
    .line(series(STEPS / 2), ACCENT, { key: "half of the nodes" });
}

function copiesPlot(summary) {
  const points = summary.messages.map((message) => [message.at_ms / 1000, message.copies]);
  const beside = summary.beside?.copies;
  const most = Math.max(1.5, beside ?? 0, ...points.map(([, copies]) => copies)) * 1.08;
  const plot = overTime(summary, {
    title: "Redundancy",
    says: "Copies of a message's payload that a node receives: 1 is the least possible",
    y: { most },
  });
  if (beside) plot.line([[0, beside], [summary.virtual_ms / 1000, beside]], WARM, { dash: "5 4", key: `every node floods: ${beside.toFixed(2)}` });
  return plot.line([[0, 1], [summary.virtual_ms / 1000, 1]], QUIET, { width: 1, dash: "2 3" }).line(points, ACCENT, { key: "copies per node and message" });
}

function spreadPlot(summary) {
  const curves = summary.messages.map((message) => message.spread_ms.map((ms, step) => [ms, (step / STEPS) * 100]));
  const peak = Math.max(10, ...curves.map((curve) => curve.at(-1)[0]));
  const plot = new Plot({
    title: "How a message spreads",
    says: "Each line is one message: the share of the nodes that have it, by the time since it was sent",
    x: { ...spanAxis(peak, usualSpan(summary)), words: span, unit: "since it was sent" },
    y: { most: 100, words: (value) => `${value} %` },
  });
  for (const curve of curves) plot.line(curve, ACCENT, { width: 1, opacity: Math.max(0.08, Math.min(0.5, 12 / curves.length)) });
  const median = Array.from({ length: STEPS + 1 }, (_, step) => [middle(curves.map((curve) => curve[step][0])), (step / STEPS) * 100]);
  return plot.line(median, ACCENT, { width: 2.5, key: "the median message" });
}

function hopsPlot(summary) {
  const counts = summary.figures.hop_counts;
  const beside = summary.beside?.hop_counts;
  const total = Math.max(1, counts.reduce((sum, value) => sum + value, 0));
  const share = counts.map((value) => (value / total) * 100);
  const most = Math.max(...share);
  const plot = new Plot({
    title: "Hops",
    says: "How many links a message had passed when a node first had it, in percent of the deliveries",
    x: { least: -0.6, most: Math.max(counts.length, beside?.length ?? 0) - 0.4, ticks: counts.map((_, hop) => hop).filter((hop) => counts.length < 16 || hop % 2 === 0), unit: "hops" },
    y: { most: most * 1.08, words: (value) => `${value} %` },
  }).bars(share, ACCENT, (value, hop) => `${count(hop, "hop")}: ${value.toFixed(1)} %`);
  if (beside) {
    const whole = Math.max(1, beside.reduce((sum, value) => sum + value, 0));
    plot.line(beside.map((value, hop) => [hop, (value / whole) * 100]), WARM, { key: "every node floods" });
  }
  return plot;
}

/** From 0 to the longest of all spans; by powers of ten, if most are far shorter. */
function spanAxis(peak, usual) {
  return peak > 20 * usual ? { log: true, least: 10, most: peak * 1.3 } : { most: peak * 1.05 };
}

function usualSpan(summary) {
  return Math.max(1, middle(summary.messages.map((message) => message.spread_ms[STEPS])));
}

function middle(values) {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

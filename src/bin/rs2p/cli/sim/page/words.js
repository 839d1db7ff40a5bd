// Numbers and spans as people read them.

const numbers = new Intl.NumberFormat("en");

function count(number, one, many = `${one}s`) {
  return `${numbers.format(number)} ${number === 1 ? one : many}`;
}

function seconds(ms, digits = 1) {
  return `${(ms / 1000).toFixed(digits)} s`;
}

function span(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return `${Number((ms / 1000).toPrecision(3))} s`;
}

/** A share in percent, which says 100 only of all. */
function percent(part, whole) {
  if (whole === 0) return "–";
  if (part === whole) return "100 %";
  return `${(Math.floor((part / whole) * 10000) / 100).toFixed(2)} %`;
}

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  Object.assign(made, attributes);
  made.append(...children);
  return made;
}

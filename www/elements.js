// Elements of the page. Foreign text enters it as text nodes only.

export const find = (selector) => document.querySelector(selector);

export function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

/** A button that says `text` and does `press`. */
export function button(text, press, className = "") {
  const element = make("button", className, text);
  element.type = "button";
  element.addEventListener("click", press);
  return element;
}

/** Changes a text only if it differs, or it would be read out again. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

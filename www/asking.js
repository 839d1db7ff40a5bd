// Questions to one node, and their answers: pings, which pages answer by themselves, and questions that a person answers.
//
// A question is a map: { ping: true } wants { pong: true }; { question: text } wants { answer: text }. Both may have a
// `name`. What else programs ask is shown to the person as it is; any text answers it.

import { make } from "./elements.js";
import { read } from "./packets.js";
import { tidyName } from "./identity.js";
import { askTrouble, duration, wayWords } from "./words.js";

/** How long a ping waits for its answer, and a question for a person's, in milliseconds. */
const PING_PATIENCE = 5_000;
const PATIENCE = 120_000;
const ANSWER_LIMIT = 2_000;

export class Asking {
  #mesh;
  #nameOf;
  #wayTo;
  #ownName;

  /** `nameOf(id)` names a node, `wayTo(id, via)` lists the nodes between it and this one, `ownName()` is who asks. */
  constructor(mesh, { nameOf, wayTo, ownName }) {
    this.#mesh = mesh;
    this.#nameOf = nameOf;
    this.#wayTo = wayTo;
    this.#ownName = ownName;
  }

  /** Asks for a sign of life; gives what came of it in a sentence, and the time if there was an answer. */
  async ping(id) {
    const asked = performance.now();
    try {
      const answer = await this.#mesh.request(id, { ping: true }, { timeoutMs: PING_PATIENCE });
      const ms = performance.now() - asked;
      return { words: `Answered in ${duration(ms)}, ${this.#way(answer)}.`, ms };
    } catch (error) {
      return { words: askTrouble(error, this.#nameOf(id), PING_PATIENCE), ms: null };
    }
  }

  /** Asks a person. Gives the element that tells what comes of it. */
  ask(id, text) {
    const line = make("div", "asked", "Waiting for an answer…");
    line.setAttribute("role", "status");
    this.#askOut(id, text, line);
    return line;
  }

  async #askOut(id, text, line) {
    const asked = performance.now();
    try {
      const answer = await this.#mesh.request(id, this.#signed({ question: text }), { timeoutMs: PATIENCE });
      const quote = make("blockquote", "", answerText(answer));
      quote.dir = "auto";
      const ms = performance.now() - asked;
      line.replaceChildren(quote, make("small", "", `${this.#nameOf(id)} answered in ${duration(ms)}, ${this.#way(answer)}`));
    } catch (error) {
      line.classList.add("failed");
      line.textContent = askTrouble(error, this.#nameOf(id), PATIENCE);
    }
  }

  /**
   * Takes a question that came: pings are answered at once, and null is returned. Of others, what a person should see: the
   * texts, the asker's name if it was said, and the element in which they answer.
   */
  take(message) {
    const { body } = message;
    if (body?.ping === true) {
      message.reply({ pong: true }).catch(() => {});
      return null;
    }
    const isOurs = typeof body?.question === "string";
    const { texts, cut } = read(isOurs ? [body.question] : message.packets);
    return { texts, cut, name: isOurs ? tidyName(body.name) || null : null, line: this.#answerForm(message) };
  }

  #answerForm(message) {
    const form = make("form", "answering");
    const field = make("input");
    const send = make("button", "", "Answer");
    Object.assign(field, { maxLength: ANSWER_LIMIT, placeholder: "Your answer", autocomplete: "off" });
    field.setAttribute("aria-label", `Your answer to ${this.#nameOf(message.sender)}`);
    form.append(field, send);
    const timer = setTimeout(() => form.replaceWith(make("div", "asked", "Nobody waits for the answer any more.")), PATIENCE);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = field.value.trim();
      if (text) this.#answer(message, text, form).then((isSent) => isSent && clearTimeout(timer));
    });
    return form;
  }

  async #answer(message, text, form) {
    try {
      await message.reply(this.#signed({ answer: text }));
      const line = make("div", "asked");
      line.append(make("blockquote", "", text), make("small", "", "answered by you"));
      form.replaceWith(line);
      return true;
    } catch (error) {
      form.querySelector("small")?.remove();
      form.append(make("small", "failed", askTrouble(error, this.#nameOf(message.sender), PATIENCE)));
      return false;
    }
  }

  #signed(body) {
    const name = this.#ownName();
    return name ? { ...body, name } : body;
  }

  #way({ sender, via }) {
    return wayWords(this.#wayTo(sender, via).map(this.#nameOf));
  }
}

function answerText({ body, packets }) {
  const { texts } = read(typeof body?.answer === "string" ? [body.answer] : packets);
  return texts.join(" ");
}

// What goes wrong, as programs and people read it.

/** An error with a stable `code`; `message` says in words what happened and what to do. */
export class MeshError extends Error {
  constructor(code, message, options) {
    super(message, options);
    this.code = code;
  }

  get name() {
    return this.code === "timeout" || this.code === "no-answer" ? "TimeoutError" : "MeshError";
  }
}

export const badArgument = (message) => new MeshError("bad-argument", message);

export const closedError = () => new MeshError("closed", "the node is closed");

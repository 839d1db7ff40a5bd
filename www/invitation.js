// How others join: the same page in a second tab, or a command for a terminal, ready to copy.

import { terminalCommand } from "./words.js";

const COPIED_FOR = 1600;

/** Fills in the link and the command for the mesh `subnet` behind `relay`. */
export function showInvitation({ relay, subnet }) {
  const second = new URL(location.href);
  second.searchParams.delete("name");
  document.querySelector("#second-tab").href = second.href;
  const command = terminalCommand(relay, subnet);
  document.querySelector("#terminal").hidden = command === null;
  document.querySelector("#command").textContent = command ?? "";
  const button = document.querySelector("#copy");
  button.addEventListener("click", () => copy(button, document.querySelector("#command")));
}

async function copy(button, source) {
  try {
    await navigator.clipboard.writeText(source.textContent);
  } catch {
    // Without https: there is no clipboard; the older way works from a click.
    getSelection().selectAllChildren(source);
    document.execCommand("copy");
  }
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = "Copy"), COPIED_FOR);
}

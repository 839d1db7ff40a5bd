// How others join: the same page in a second tab, or a command for a terminal, ready to copy.

import { find, say } from "./elements.js";
import { roomOfHash } from "./rooms.js";
import { terminalCommand } from "./words.js";

const COPIED_FOR = 1600;

/** Fills in the link and the command for the mesh `subnet` behind `relay`, and for the room that is on screen. */
export function showInvitation(mesh) {
  show(mesh);
  addEventListener("hashchange", () => show(mesh));
  const button = find("#copy");
  button.addEventListener("click", () => copy(button, find("#command")));
}

/** The link leads to the same room, under another name. */
function show({ relay, subnet }) {
  const second = new URL(location.href);
  second.searchParams.delete("name");
  find("#second-tab").href = second.href;
  const command = terminalCommand(relay, subnet, roomOfHash(location.hash));
  find("#terminal").hidden = command === null;
  say(find("#command"), command ?? "");
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

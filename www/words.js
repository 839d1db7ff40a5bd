// The state of things, in words a person can act on. Pure: values in, sentences out.

/** The one line that always stands at the top. */
export function statusLine({ status, subnet, relays, known, failed }) {
  if (status === "joined") {
    return `Joined mesh “${subnet}” through ${count(relays, "relay")}; ${count(known, "node")} known`;
  }
  if (status === "closed") return "This tab has left the mesh; reload to join again";
  if (failed === "lasting") return "Not connected";
  if (status === "offline" || failed) return "No connection: trying again…";
  return `Joining mesh “${subnet}”…`;
}

/** What went wrong when dialling the relay and what to do about it: `{ title, remedy }`. */
export function dialTrouble(error, { relay, subnet, secure }) {
  switch (error?.code) {
    case "wrong-subnet":
      return {
        title: `${relay} belongs to another mesh than “${subnet}”`,
        remedy: "Put the right name into the address of this page (subnet=NAME), or restart the relay with "
          + `--subnet ${quote(subnet)}.`,
      };
    case "bad-address":
      return {
        title: `“${relay}” is not the address of a relay`,
        remedy: "It should look like ws://127.0.0.1:8765. Correct relay=… in the address of this page.",
      };
    case "closed":
      return { title: "This tab has left the mesh", remedy: "Reload the page to join again." };
    case "refused":
      return {
        title: `${relay} closed the connection`,
        remedy: "Is it a relay of this kind, and does it have room? This page keeps trying.",
      };
    default:
      return { title: `${relay} does not answer`, remedy: unreachableRemedy(relay, secure) };
  }
}

function unreachableRemedy(relay, secure) {
  if (secure && relay.startsWith("ws:")) {
    return "A page opened with https: may only dial wss: addresses. Give one as relay=… in the address, "
      + "or open the page with http:.";
  }
  return "Is it running, and is that its address? This page keeps trying.";
}

/** Why the package could not start. */
export function startTrouble(error) {
  if (typeof WebAssembly !== "object") {
    return { title: "This browser cannot run WebAssembly", remedy: "Open the page in a current browser." };
  }
  return {
    title: "The mesh node did not load",
    remedy: "It should be at pkg/index.js beside this page: build it with “cargo xtask page”, then reload. "
      + `(${error.message})`,
  };
}

/** Why a message was not sent, as the end of a sentence. */
export function sendTrouble(error) {
  switch (error?.code) {
    case "not-joined":
      return "there is no connection.";
    case "no-route":
      return "no way to that node was found.";
    case "closed":
      return "this tab has left the mesh.";
    default:
      return `${error.message}.`;
  }
}

/** The command that joins from a terminal; null if the address or the name could not be pasted safely. */
export function terminalCommand(relay, subnet) {
  if (/[\p{Cc}\p{Cf}]/u.test(relay + subnet)) return null;
  const mesh = subnet === "mesh" ? "" : ` --subnet ${quote(subnet)}`;
  return `rs2p send --peer ${quote(relay)}${mesh} "hello"`;
}

/** A word for a shell: as it is if it is harmless, else in single quotes. */
function quote(word) {
  return /^[\w@%+=:,./][\w@%+=:,./-]*$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** "1 relay", "3 relays". */
export const count = (number, thing) => `${number.toLocaleString()} ${thing}${number === 1 ? "" : "s"}`;

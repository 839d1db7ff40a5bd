// js2p as it came from npm, given to the tests as they would use it in a page.
import base from "js2p/js_src/base.js";
import mesh from "js2p/js_src/mesh.js";

globalThis.js2p = { base, mesh };

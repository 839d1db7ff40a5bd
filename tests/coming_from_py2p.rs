//! `docs/COMING_FROM_PY2P.md`: every member of py2p's mesh module has its row, no cell is empty, and each proof exists.
#![cfg(not(target_arch = "wasm32"))]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use rs2p::{MeshSocket, Message, Peer};

const COLUMNS: [&str; 5] = ["py2p", "Rust", "JavaScript", "difference", "proof"];

/// Each class, method, property, event and keyword of py2p's mesh module, and what its document says is raised.
const MEMBERS: [&str; 77] = [
    "MeshSocket",
    "MeshSocket.__init__(addr, port)",
    "MeshSocket.__init__(prot)",
    "MeshSocket.__init__(out_addr)",
    "MeshSocket.__init__(debug_level)",
    "MeshSocket.__init__: raises SocketException",
    "MeshSocket.out_addr",
    "MeshSocket.id",
    "MeshSocket.send(*args)",
    "MeshSocket.send(flag)",
    "MeshSocket.send(type)",
    "MeshSocket.send: raises TypeError",
    "MeshSocket.recv()",
    "MeshSocket.recv(quantity)",
    "MeshSocket.connect(addr, port)",
    "MeshSocket.connect(id)",
    "MeshSocket.connect(conn_type)",
    "MeshSocket.disconnect(handler)",
    "MeshSocket.request_peers()",
    "MeshSocket.close()",
    "MeshSocket.close: raises RuntimeError",
    "MeshSocket.register_handler(method)",
    "MeshSocket.register_handler: raises ValueError",
    "MeshSocket.handle_msg(msg, conn)",
    "MeshSocket.routing_table",
    "MeshSocket.incoming",
    "MeshSocket.outgoing",
    "MeshSocket.status",
    "MeshSocket.on(event, f)",
    "MeshSocket.on(event)",
    "MeshSocket.on(event, coroutine)",
    "MeshSocket.once(event, f)",
    "MeshSocket.emit(event, *args)",
    "MeshSocket.listeners(event)",
    "MeshSocket.remove_listener(event, f)",
    "MeshSocket.remove_all_listeners(event)",
    "connect",
    "message",
    "Message.packets",
    "Message.sender",
    "Message.time",
    "Message.id",
    "Message.reply(*args)",
    "MeshConnection",
    "MeshConnection.__init__(sock, server)",
    "MeshConnection.__init__(outgoing)",
    "MeshConnection.send(msg_type, *args)",
    "MeshConnection.send(id)",
    "MeshConnection.send(time)",
    "MeshConnection.send_InternalMessage(msg)",
    "MeshConnection.found_terminator()",
    "MeshConnection.find_terminator()",
    "MeshConnection.collect_incoming_data(data)",
    "MeshConnection.fileno()",
    "MeshConnection.handle_waterfall(msg, packets)",
    "MeshConnection.handle_renegotiate(packets)",
    "MeshConnection.protocol",
    "MeshDaemon",
    "MeshDaemon.__init__(addr, port, server)",
    "MeshDaemon.__init__: raises socket.error",
    "MeshDaemon.__init__: raises ValueError",
    "MeshDaemon.mainloop()",
    "MeshDaemon.handle_accept()",
    "MeshDaemon.kill_old_nodes(handler)",
    "MeshDaemon.process_data(handler)",
    "MeshDaemon.protocol",
    "MeshSocket._get_peer_list()",
    "MeshSocket._send_handshake(handler)",
    "MeshSocket._send_peers(handler)",
    "MeshSocket._handle_peers(msg, handler)",
    "MeshSocket.waterfall(msg)",
    "MeshSocket.__clean_waterfalls()",
    "MeshSocket.__handle_handshake(msg, handler)",
    "MeshSocket.__handle_request(msg, handler)",
    "MeshSocket.__handle_response(msg, handler)",
    "MeshSocket.__resolve_connection_conflict(handler, h_id)",
    "base.Protocol",
];

/// What stands in the tables beside the members of the document.
const BESIDES: [&str; 2] = ["base.flags", "mesh.max_outgoing"];

fn read(path: &str) -> String {
    let whole = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(whole).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The rows of all tables, each with its number of line.
fn rows() -> Vec<(usize, Vec<String>)> {
    let text = read("docs/COMING_FROM_PY2P.md");
    let mut rows = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let Some(line) = line.strip_prefix('|') else {
            continue;
        };
        let line = line.strip_suffix('|').expect("a row ends as it begins");
        // A bar within a cell has a backslash before it.
        let line = line.replace("\\|", "\u{0}");
        let cells: Vec<String> = line
            .split('|')
            .map(|cell| cell.trim().replace('\u{0}', "|"))
            .collect();
        assert_eq!(cells.len(), COLUMNS.len(), "line {}", index + 1);
        let is_head = cells == COLUMNS || cells.iter().all(|cell| cell == "---");
        if !is_head {
            rows.push((index + 1, cells));
        }
    }
    rows
}

/// What stands between backticks.
fn code_spans(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn no_cell_is_empty() {
    for (line, cells) in rows() {
        for (column, cell) in COLUMNS.iter().zip(&cells) {
            let says_something = cell.chars().any(char::is_alphanumeric);
            assert!(says_something, "line {line}: {column} is empty");
        }
    }
}

#[test]
fn each_member_has_one_row_and_no_row_is_about_anything_else() {
    let mut described = BTreeMap::new();
    for (line, cells) in rows() {
        let spans = code_spans(&cells[0]);
        let [member] = spans[..] else {
            panic!("line {line}: one member a row, in code");
        };
        let before = described.insert(member.to_owned(), line);
        assert_eq!(before, None, "line {line}: {member} has a row already");
    }
    let described: BTreeSet<&str> = described.keys().map(String::as_str).collect();
    let members: BTreeSet<&str> = MEMBERS.into_iter().chain(BESIDES).collect();
    assert_eq!(members.len(), MEMBERS.len() + BESIDES.len());
    let missing: Vec<_> = members.difference(&described).collect();
    assert!(missing.is_empty(), "without a row: {missing:?}");
    let unknown: Vec<_> = described.difference(&members).collect();
    assert!(unknown.is_empty(), "no member of py2p's: {unknown:?}");
}

/// Whether a source has a test of that name: in Rust a function, elsewhere a name in quotes.
fn has_test(source: &str, file: &str, test: &str) -> bool {
    if !file.ends_with(".rs") {
        return source.contains(&format!("\"{test}\""));
    }
    let name = format!("fn {test}(");
    let mut is_test = false;
    for line in source.lines().map(str::trim_start) {
        if line.starts_with("#[") {
            is_test |= line.contains("test");
        } else {
            if is_test && line.contains(&name) {
                return true;
            }
            is_test = false;
        }
    }
    false
}

#[test]
fn each_proof_exists() {
    let mut sources = BTreeMap::new();
    for (line, cells) in rows() {
        let proofs = code_spans(&cells[4]);
        assert!(!proofs.is_empty(), "line {line}: a proof is `file::test`");
        for proof in proofs {
            assert_is_test(&mut sources, proof);
        }
    }
}

#[test]
fn what_is_said_of_neighbours_has_proofs_that_exist() {
    let mut sources = BTreeMap::new();
    let page = read("docs/NEIGHBOURS.md");
    let spans = page.lines().flat_map(code_spans);
    let proofs: Vec<_> = spans.filter(|span| span.contains(".rs::")).collect();
    assert!(proofs.len() > 20, "{proofs:?}");
    for proof in proofs {
        assert_is_test(&mut sources, proof);
    }
}

fn assert_is_test(sources: &mut BTreeMap<String, String>, proof: &str) {
    let (file, test) = proof
        .split_once("::")
        .unwrap_or_else(|| panic!("{proof} is no `file::test`"));
    let source = sources.entry(file.to_owned()).or_insert_with(|| read(file));
    assert!(
        has_test(source, file, test),
        "there is no test {test} in {file}"
    );
}

#[test]
fn only_a_test_is_a_proof() {
    let source = "#[test]\nfn a_test() {}\n\nfn no_test() {}\n\n#[derive(Debug)]\nfn odd() {}";
    assert!(has_test(source, "a.rs", "a_test"));
    for other in ["no_test", "odd", "a_tes", "test", "missing"] {
        assert!(!has_test(source, "a.rs", other), "{other}");
    }
    assert!(has_test("test(\"a name\")", "a.js", "a name"));
    assert!(!has_test("a name", "a.js", "a name"));
}

/// The compiler is who refuses another signature; the documentation of `register_handler` shows it doing so.
#[test]
fn only_what_is_a_handler_compiles_as_one() {
    fn acts(message: &Message, peer: &Peer) -> bool {
        message.sender() == &peer.node
    }
    async fn acts_later(message: Message, peer: Peer) -> bool {
        message.sender() == &peer.node
    }
    fn register(socket: &MeshSocket) {
        socket.register_handler(acts);
        socket.register_async_handler(acts_later);
    }
    let register: fn(&MeshSocket) = register;
    let documented = read("src/socket/handlers.rs");
    let refused = "```compile_fail\n    /// # fn example(socket: &rs2p::MeshSocket) {\n    /// socket.register_handler(|message| true);";
    assert!(documented.contains(refused), "{register:?}");
}

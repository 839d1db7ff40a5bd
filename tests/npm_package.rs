//! The npm package as it is published, unpacked and used as it is: under Vite, webpack and esbuild, in a plain page, in a
//! worker and in Node.js. Each joins a real relay, is heard by a native node and hears it. Pages run in Chromium, driven
//! through chromedriver.
#![cfg(all(feature = "cli", not(target_arch = "wasm32")))]

mod browser {
    #![allow(dead_code, reason = "other tests use more of it")]
    pub(crate) mod chromium;
    pub(crate) mod relay;
    pub(crate) mod webdriver;
}
mod support {
    #![allow(dead_code, reason = "other tests use more of it")]
    pub(crate) mod node;
}

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use browser::chromium::Chromium;
use browser::relay::{Relay, TCP, WS};
use rs2p::mesh::DEFAULT_SUBNET;
use rs2p::{MeshSocket, Scheme};
use support::node::Node;

/// A folder of somebody's, with files of `tests/npm` and the package.
struct Project(PathBuf);

impl Project {
    /// One with the package where `package` says.
    fn new(files: &[&str], package: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("npm-package-{}-{count}", std::process::id());
        let project = Self(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name));
        fs::create_dir_all(project.0.join(package)).expect("a folder");
        unpack(&project.0.join(package));
        for name in files {
            let file = root().join("tests/npm").join(name);
            fs::copy(file, project.0.join(name)).expect("a file of tests/npm");
        }
        project.write("package.json", r#"{ "type": "module", "private": true }"#);
        project
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).expect("a file");
    }

    /// Changes what stands in a file.
    fn change(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.0.join(name)).expect("a text");
        assert!(text.contains(from), "no {from} in {name}");
        self.write(name, &text.replace(from, to));
    }

    /// Runs a program of the bundlers' packages here, and shows what it says if it fails.
    fn run(&self, program: &str, words: &[&str]) {
        let output = self.command(program, words).output();
        let output = output.expect("bundlers: run `cargo xtask setup bundlers` first");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(output.status.success(), "{program}: {said}");
    }

    fn command(&self, program: &str, words: &[&str]) -> Command {
        let folder = root().join("target/tools/bundlers/node_modules/.bin");
        let mut command = Command::new(folder.join(program));
        command.args(words).current_dir(&self.0);
        command
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        // What cannot be removed stays in the folder for what is built.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Unpacks what is published into a folder.
fn unpack(folder: &Path) {
    let packed = format!("target/npm/rs2p-{}.tgz", env!("CARGO_PKG_VERSION"));
    let unpacked = Command::new("tar")
        .args(["--extract", "--gzip", "--strip-components=1", "--file"])
        .arg(root().join(packed))
        .arg("--directory")
        .arg(folder)
        .status();
    let done = unpacked.expect("tar").success();
    assert!(done, "no package: run `cargo xtask npm` first");
}

/// A native node that has joined a relay.
async fn native(relay: &Relay) -> Node {
    let address = relay.address(Scheme::Tcp).to_string();
    let node = Node::start(
        MeshSocket::builder(DEFAULT_SUBNET)
            .hearsay(rs2p::Hearsay::Any)
            .peer(address),
    )
    .await;
    node.socket.joined().await.expect("a relay that listens");
    node
}

/// Shows the page of a folder, and has its application and a native node hear each other, without a complaint.
async fn runs(folder: &Path) {
    let relay = Relay::start_with(folder, &[WS, TCP], &[]);
    let page = relay.page();
    talks(&relay, &page).await;
}

async fn talks(relay: &Relay, page: &str) {
    let native = native(relay).await;
    let browser = Chromium::start();
    let window = browser.open(&format!("{page}?relay={}", relay.address(Scheme::Ws)));
    assert_eq!(native.hears_text().await, "hello");
    native.say("welcome").await;
    window.until("a message", "globalThis.heard?.includes('welcome')");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_page_imports_it_by_its_place() {
    let project = Project::new(&["index.html", "app.js"], "rs2p");
    project.change("app.js", "\"rs2p\"", "\"./rs2p/index.js\"");
    runs(&project.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_page_imports_one_file_and_no_other() {
    let project = Project::new(&["index.html", "app.js"], "rs2p");
    project.change("app.js", "\"rs2p\"", "\"./rs2p/inline.js\"");
    fs::remove_file(project.0.join("rs2p/rs2p_bg.wasm")).expect("a wasm of its own");
    fs::remove_file(project.0.join("rs2p/index.js")).expect("the other entry");
    runs(&project.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_runs_it() {
    let project = Project::new(&["index.html", "page.js", "worker.js"], "rs2p");
    project.change("index.html", "app.js", "page.js");
    runs(&project.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn vite_builds_it_with_the_wasm_as_an_asset() {
    let project = Project::new(&["index.html", "app.js"], "node_modules/rs2p");
    project.run("vite", &["build", "--base", "./", "--logLevel", "warn"]);
    let assets = fs::read_dir(project.0.join("dist/assets")).expect("assets");
    let is_wasm = |name: &str| {
        Path::new(name)
            .extension()
            .is_some_and(|kind| kind == "wasm")
    };
    let mut names = assets
        .flatten()
        .map(|file| file.file_name().to_string_lossy().into_owned());
    assert!(names.any(|name| is_wasm(&name)), "the wasm is an asset");
    runs(&project.0.join("dist")).await;
}

/// A server that Vite runs while somebody works on a page. Dropped, it ends.
struct ViteServer(Child);

impl Drop for ViteServer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn vite_serves_it_while_a_page_is_written() {
    let project = Project::new(&["index.html", "app.js"], "node_modules/rs2p");
    let mut command = project.command("vite", &["--host", "127.0.0.1", "--port", "0"]);
    let process = command.env("NO_COLOR", "1").stdout(Stdio::piped()).spawn();
    let mut server = ViteServer(process.expect("bundlers: run `cargo xtask setup bundlers` first"));
    let said = BufReader::new(server.0.stdout.take().expect("a pipe")).lines();
    let mut urls = said
        .map_while(Result::ok)
        .filter_map(|line| Some(line[line.find("http://")?..].trim().to_owned()));
    let page = urls.next().expect("where it listens");
    let folder = project.0.clone();
    let relay = Relay::start_with(&folder, &[WS, TCP], &[]);
    talks(&relay, &page).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webpack_builds_it_without_settings() {
    let project = Project::new(&["index.html", "app.js"], "node_modules/rs2p");
    let words = [
        "--mode=production",
        "--entry=./app.js",
        "--output-path=dist",
    ];
    project.run("webpack", &words);
    fs::copy(
        project.0.join("index.html"),
        project.0.join("dist/index.html"),
    )
    .expect("a page");
    let page = Project(project.0.join("dist"));
    page.change("index.html", "app.js", "main.js");
    runs(&page.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn esbuild_bundles_it_into_one_file() {
    let project = Project::new(&["index.html", "app.js"], "node_modules/rs2p");
    let words = [
        "app.js",
        "--bundle",
        "--format=esm",
        "--outfile=dist/app.js",
    ];
    project.run("esbuild", &words);
    fs::copy(
        project.0.join("index.html"),
        project.0.join("dist/index.html"),
    )
    .expect("a page");
    runs(&project.0.join("dist")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn node_runs_it_as_it_is() {
    let project = Project::new(&["node.js"], "node_modules/rs2p");
    let relay = Relay::start_with(&project.0, &[WS, TCP], &[]);
    let native = native(&relay).await;
    let mut program = Command::new(recent_node());
    program
        .arg("node.js")
        .arg(relay.address(Scheme::Ws).to_string());
    program.current_dir(&project.0).stdout(Stdio::piped());
    let mut process = program.spawn().expect("Node.js 22");
    let mut said = BufReader::new(process.stdout.take().expect("a pipe")).lines();
    for entry in ["rs2p", "rs2p/inline"] {
        assert_eq!(native.hears_text().await, "hello");
        native.say(&format!("welcome to {entry}")).await;
        assert_eq!(said.next().and_then(Result::ok).as_deref(), Some(entry));
    }
    assert_eq!(said.next().and_then(Result::ok).as_deref(), Some("0.7"));
    assert!(
        process.wait().expect("a process").success(),
        "it ends by itself"
    );
}

/// The Node.js that `cargo xtask setup node` installed, or the system's.
fn recent_node() -> PathBuf {
    let packages = fs::read_dir(root().join("target/tools/node22/node_modules"));
    let programs = packages.into_iter().flatten().flatten();
    let found = programs
        .map(|package| package.path().join("bin/node"))
        .find(|program| program.is_file());
    found.unwrap_or_else(|| "node".into())
}

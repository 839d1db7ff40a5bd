//! A Chromium of the test's own, with a fresh profile, behind a chromedriver of its own. Dropped, all of it ends.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value as Json, json};

use super::webdriver::{self, Session};

/// The time within which everything that a test waits for happens on a page, or the test has failed.
const DEADLINE: Duration = Duration::from_secs(20);
/// Between two looks at a page.
const LOOK: Duration = Duration::from_millis(40);
/// How often a driver is started at most.
const ATTEMPTS: u32 = 5;

/// As `wasm-tests/webdriver.json` has them, and a size for windows.
const FLAGS: [&str; 9] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
];

/// A browser. Its fields are dropped in their order: first it ends, with its driver, and then its profile goes.
pub(crate) struct Chromium {
    session: Session,
    _driver: Driver,
    _profile: Profile,
}

impl Chromium {
    /// Starts a browser.
    pub(crate) fn start() -> Self {
        let profile = Profile::new();
        let driver = Driver::start();
        let profile_flag = format!("--user-data-dir={}", profile.0.display());
        let flags: Vec<_> = FLAGS.into_iter().chain([&*profile_flag]).collect();
        let capabilities = json!({
            "goog:chromeOptions": { "args": flags },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        Self {
            session: Session::begin(driver.port, &capabilities),
            _driver: driver,
            _profile: profile,
        }
    }

    /// Opens a page in a window of its own: in a tab behind another it would be hidden, and rest.
    pub(crate) fn open(&self, url: &str) -> Window<'_> {
        let opened = self
            .session
            .post("window/new", &json!({ "type": "window" }));
        let window = Window {
            session: &self.session,
            handle: opened["handle"].as_str().expect("a handle").to_owned(),
        };
        window.go(url);
        window
    }

    /// What was written to the consoles as a warning or an error since the last look.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let log = self.session.post("se/log", &json!({ "type": "browser" }));
        let entries = log.as_array().expect("a list").iter();
        entries
            .filter(|entry| matches!(entry["level"].as_str(), Some("WARNING" | "SEVERE")))
            .map(|entry| entry["message"].to_string())
            .collect()
    }
}

/// A window with a page.
pub(crate) struct Window<'browser> {
    session: &'browser Session,
    handle: String,
}

impl Window<'_> {
    /// Loads a page, from scratch.
    pub(crate) fn go(&self, url: &str) {
        self.turn_to();
        self.session.post("url", &json!({ "url": url }));
    }

    /// Runs the body of a function, which may return a promise, in the page; gives what it returns.
    pub(crate) fn run(&self, script: &str) -> Json {
        self.turn_to();
        let call = json!({ "script": script, "args": [] });
        self.session.post("execute/sync", &call)
    }

    /// What an expression in the page is, once that is something; looks until it is.
    pub(crate) fn until(&self, what: &str, expression: &str) -> Json {
        let begun = Instant::now();
        loop {
            let found = self.run(&format!("return {expression}"));
            if !matches!(found, Json::Null | Json::Bool(false)) {
                return found;
            }
            if begun.elapsed() > DEADLINE {
                let shown = self.run("return document.body.innerText");
                panic!("{what}: not within {DEADLINE:?}. The page shows: {shown}");
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Types keys into an element.
    pub(crate) fn write(&self, selector: &str, keys: &str) {
        let element = self.element(selector);
        self.session.post(
            &format!("element/{element}/value"),
            &json!({ "text": keys }),
        );
    }

    /// Clicks on an element.
    pub(crate) fn click(&self, selector: &str) {
        let element = self.element(selector);
        self.session
            .post(&format!("element/{element}/click"), &json!({}));
    }

    fn element(&self, selector: &str) -> String {
        self.turn_to();
        let query = json!({ "using": "css selector", "value": selector });
        let found = self.session.post("element", &query);
        let id = found.as_object().and_then(|found| found.values().next());
        id.and_then(Json::as_str)
            .expect("the id of an element")
            .to_owned()
    }

    /// Closes the window, as a person closes a tab.
    pub(crate) fn close(self) {
        self.turn_to();
        self.session.delete("window");
    }

    /// Gives the page the screen of a device.
    pub(crate) fn resize(&self, width: u32, height: u32, mobile: bool) {
        let screen =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile });
        self.devtools("Emulation.setDeviceMetricsOverride", &screen);
    }

    /// Gives an order to the browser's developer tools for this page.
    pub(crate) fn devtools(&self, order: &str, parameters: &Json) -> Json {
        self.turn_to();
        let call = json!({ "cmd": order, "params": parameters });
        self.session.post("goog/cdp/execute", &call)
    }

    /// What a screen reader has for each element of these roles: the role and the name.
    pub(crate) fn spoken(&self, roles: &[&str]) -> Vec<(String, String)> {
        self.turn_to();
        let call = json!({ "cmd": "Accessibility.getFullAXTree", "params": {} });
        let tree = self.session.post("goog/cdp/execute", &call);
        let nodes = tree["nodes"].as_array().expect("a tree").iter();
        let text = |value: &Json| value["value"].as_str().unwrap_or_default().to_owned();
        nodes
            .filter(|node| node["ignored"] != true)
            .map(|node| (text(&node["role"]), text(&node["name"])))
            .filter(|(role, _)| roles.contains(&&**role))
            .collect()
    }

    /// The page as a PNG.
    pub(crate) fn picture(&self) -> Vec<u8> {
        self.turn_to();
        let encoded = self.session.get("screenshot");
        BASE64_STANDARD
            .decode(encoded.as_str().expect("a picture"))
            .expect("base64")
    }

    fn turn_to(&self) {
        self.session
            .post("window", &json!({ "handle": self.handle }));
    }
}

/// A chromedriver. Dropped, it ends with all its browsers.
struct Driver {
    process: Child,
    port: u16,
}

impl Driver {
    /// Starts a driver. One that was to choose a port may find it taken by the time it listens, and ends.
    fn start() -> Self {
        let mut attempts = (0..ATTEMPTS).map(|_| Self::try_start());
        let started = attempts.find_map(|attempt| attempt);
        started.expect("a chromedriver that listens: run `cargo xtask setup` first")
    }

    fn try_start() -> Option<Self> {
        let program = std::env::var("CHROMEDRIVER").unwrap_or_else(|_| "chromedriver".to_owned());
        let started = Command::new(&program)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut process = started.unwrap_or_else(|error| {
            panic!("{program} does not start, {error}: run `cargo xtask setup` first")
        });
        match port_in(process.stdout.take().expect("a pipe")) {
            Some(port) => Some(Self { process, port }),
            None => {
                end(&mut process);
                None
            }
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if webdriver::shut_down(self.port).is_ok() {
            let _ = self.process.wait();
        } else {
            end(&mut self.process);
        }
    }
}

/// Ends a process, which may have ended already.
fn end(process: &mut Child) {
    let _ = process.kill();
    let _ = process.wait();
}

/// The port in the line "ChromeDriver was started successfully on port 40123."
fn port_in(output: ChildStdout) -> Option<u16> {
    let mut lines = BufReader::new(output).lines().map_while(Result::ok);
    let found = lines.find_map(|line| {
        let (_, rest) = line.split_once("successfully on port ")?;
        rest.trim_end_matches('.').parse().ok()
    });
    // It goes on to write, and would fail with nobody to read.
    std::thread::spawn(move || lines.for_each(drop));
    found
}

/// A folder for what a browser keeps.
struct Profile(PathBuf);

impl Profile {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("chromium-{}-{count}", std::process::id());
        Self(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name))
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        // What cannot be removed stays in the folder for what is built.
        let _ = fs::remove_dir_all(&self.0);
    }
}

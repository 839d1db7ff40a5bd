//! One headless Chromium page as the only subscriber: with the package at a relay, and without it at the limit.
//!
//! The pages are in `benches/fanout/page`. Each tells how many messages it got, which is what the load generator's window
//! waits for, so that no page is sent more than it takes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::cell::Setting;
use super::contestant::Contestant;
use super::launch;
use super::measure::Measurer;
use super::results::Sample;
use crate::browser;
use crate::package;
use crate::process::{Failure, Outcome};

/// After how many messages a page tells.
const EVERY: u32 = 250;

/// Where the pages are put together, and where Chromium keeps what it keeps.
const FOLDER: &str = "target/bench/page";
const PROFILE: &str = "target/bench/profile";

const WRITTEN: [&str; 3] = ["package.html", "bare.html", "count.js"];

pub(crate) fn measure(
    measurer: &Measurer<'_>,
    contestant: Contestant,
    setting: &Setting,
) -> Outcome<Sample> {
    put_together(measurer)?;
    let (pages, page_server) = show(measurer)?;
    let (ports, server) = match contestant {
        Contestant::Page => (pages, None),
        _ => {
            let (ports, server) = measurer.serve(contestant, setting)?;
            (ports, Some(server))
        }
    };
    let name = if contestant == Contestant::Page {
        "package"
    } else {
        "bare"
    };
    let (host, port) = (pages.main, ports.main);
    let url = format!("http://127.0.0.1:{host}/{name}.html?every={EVERY}&port={port}");
    let profile = measurer.project.path(PROFILE);
    package::empty(&profile)?;
    let browser = measurer.start(contestant, launch::placed(&chromium(&profile, &url)?, None))?;
    let measured = server.as_ref().unwrap_or(&page_server).id();
    let sample = measurer.load(
        contestant,
        &contestant.entrances(ports),
        setting,
        &[measured],
    );
    drop(browser);
    // What Chromium holds on to is emptied before the next page.
    let _ = fs::remove_dir_all(&profile);
    sample
}

/// The pages with the package beside them, as a relay shows them.
fn put_together(measurer: &Measurer<'_>) -> Outcome {
    let project = measurer.project;
    let (from, to) = (project.path("benches/fanout/page"), project.path(FOLDER));
    package::empty(&to)?;
    for name in WRITTEN {
        package::copy(&from.join(name), &to.join(name))?;
    }
    let package = to.join("pkg");
    package::empty(&package)?;
    let built = project.path(package::FOLDER);
    for name in package::ON_A_PAGE
        .iter()
        .filter(|name| built.join(name).is_file())
    {
        package::copy(&built.join(name), &package.join(name))?;
    }
    Ok(())
}

/// A relay that shows the pages.
fn show(measurer: &Measurer<'_>) -> Outcome<(super::contestant::Ports, launch::Running)> {
    let ports = launch::free_ports()?;
    let mut relay = super::contestant::relay(measurer.project, ports);
    relay.arg("--www").arg(measurer.project.path(FOLDER));
    let mut relay = measurer.start(Contestant::Page, launch::placed(&relay, None))?;
    relay.await_port(ports.main)?;
    Ok((ports, relay))
}

fn chromium(profile: &Path, url: &str) -> Outcome<Command> {
    let program: PathBuf =
        browser::chromium().ok_or_else(|| Failure::from("Chromium is not there"))?;
    let mut chromium = Command::new(program);
    chromium.args([
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
    ]);
    chromium.arg(format!("--user-data-dir={}", profile.display()));
    chromium.arg(url);
    Ok(chromium)
}

//! Chromium and its driver: they run the wasm tests and the end-to-end tests.

use std::path::PathBuf;
use std::process::Command;

use crate::process::{self, Outcome};
use crate::tools;

const REMEDY: &str =
    "install Chromium and its driver (on Debian as root: apt-get install chromium chromium-driver)";

pub(crate) fn install() -> Outcome {
    if let Some((browser, driver)) = chromium().zip(driver()) {
        tools::present(&format!(
            "Chromium in {} and {}",
            browser.display(),
            driver.display()
        ));
        return Ok(());
    }
    tools::getting(
        "Chromium and chromedriver",
        "they run the tests of the browser side",
    );
    tools::apt_install(&["chromium", "chromium-driver"], REMEDY)?;
    match chromium().zip(driver()) {
        Some(_) => Ok(()),
        None => Err(format!("Chromium is still not in PATH; {REMEDY}").into()),
    }
}

/// The program that drives Chromium in tests.
pub(crate) fn driver() -> Option<PathBuf> {
    process::in_path(&["chromedriver", "chromium.chromedriver"])
}

/// What Chromium says of itself.
pub(crate) fn version() -> Option<String> {
    process::answer(Command::new(chromium()?).arg("--version"))
}

/// The browser.
pub(crate) fn chromium() -> Option<PathBuf> {
    process::in_path(&[
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
    ])
}

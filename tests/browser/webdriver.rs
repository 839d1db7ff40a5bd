//! The WebDriver protocol (W3C), as much of it as the tests use: one HTTP request a command, JSON in and out.
//!
//! Whatever goes wrong ends the test with the driver's own words.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use serde_json::{Value as Json, json};

/// Time for one command; a new browser on a busy machine takes longest.
const PATIENCE: Duration = Duration::from_secs(60);

/// A session: one browser.
pub(crate) struct Session {
    port: u16,
    path: String,
}

impl Session {
    /// Begins a session with the driver that listens on `port`.
    pub(crate) fn begin(port: u16, capabilities: &Json) -> Self {
        let wanted = json!({ "capabilities": { "alwaysMatch": capabilities } });
        let begun = command(port, "POST", "/session", &wanted);
        let id = begun["sessionId"].as_str().expect("the id of a session");
        Self {
            port,
            path: format!("/session/{id}"),
        }
    }

    /// Reads something.
    pub(crate) fn get(&self, what: &str) -> Json {
        command(self.port, "GET", &self.path(what), &Json::Null)
    }

    /// Has something done.
    pub(crate) fn post(&self, what: &str, with: &Json) -> Json {
        command(self.port, "POST", &self.path(what), with)
    }

    /// Has something ended.
    pub(crate) fn delete(&self, what: &str) -> Json {
        command(self.port, "DELETE", &self.path(what), &Json::Null)
    }

    fn path(&self, what: &str) -> String {
        format!("{}/{what}", self.path)
    }
}

/// Has the driver end, and with it all its browsers.
pub(crate) fn shut_down(port: u16) -> io::Result<()> {
    exchange(port, "GET", "/shutdown", "").map(drop)
}

fn command(port: u16, method: &str, path: &str, body: &Json) -> Json {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let answer = exchange(port, method, path, &body);
    let (succeeded, text) =
        answer.unwrap_or_else(|error| panic!("{method} {path}: the driver is gone: {error}"));
    let mut answer: Json = serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{method} {path}: {error} in {text}"));
    assert!(succeeded, "{method} {path}: {}", answer["value"]["message"]);
    answer["value"].take()
}

/// One request and its answer (RFC 9112), on a connection of their own: whether it succeeded, and its body.
fn exchange(port: u16, method: &str, path: &str, body: &str) -> io::Result<(bool, String)> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\
         Content-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = BufReader::new(stream);
    let mut status = String::new();
    answer.read_line(&mut status)?;
    // chromedriver says that it closes the connection, and does not.
    let mut body = vec![0; content_length(&mut answer)?];
    answer.read_exact(&mut body)?;
    let body = String::from_utf8(body).map_err(|_| io::ErrorKind::InvalidData)?;
    Ok((status.starts_with("HTTP/1.1 200"), body))
}

/// Reads the fields of a head to their end; gives the length of what follows.
fn content_length(head: &mut impl BufRead) -> io::Result<usize> {
    let mut length = Err(io::ErrorKind::InvalidData.into());
    for line in head.lines() {
        let line = line?;
        match line.split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().map_err(io::Error::other);
            }
            Some(_) => {}
            None => break,
        }
    }
    length
}

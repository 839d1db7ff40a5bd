//! The rules of a WebSocket's opening handshake for a server (RFC 6455, 4.2.1). No extension is ever agreed to, so nothing
//! is compressed behind it.

use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, StatusCode, Version};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// Length of a `Sec-WebSocket-Key`: 16 bytes in base64 (RFC 6455, 4.1).
const KEY: usize = 24;

/// Whether a request asks for a WebSocket, rightly or not.
pub(super) fn is_asked_for(headers: &HeaderMap) -> bool {
    has_token(headers, &header::UPGRADE, "websocket")
}

/// The answer to the request's key.
///
/// # Errors
/// Why it is no opening handshake.
pub(super) fn accept_key<B>(request: &Request<B>) -> Result<String, (StatusCode, &'static str)> {
    let headers = request.headers();
    let bad = |line| (StatusCode::BAD_REQUEST, line);
    if request.method() != Method::GET || request.version() != Version::HTTP_11 {
        return Err(bad("A WebSocket begins with GET in HTTP/1.1."));
    }
    if !has_token(headers, &header::CONNECTION, "upgrade") {
        return Err(bad(
            "\"Connection: Upgrade\" is missing: does a proxy drop it?",
        ));
    }
    // What a proxy takes for a body and this for frames, or the other way round, smuggles a request (RFC 9112, 11.2).
    if has_body(headers) || headers.get_all(header::HOST).into_iter().count() != 1 {
        return Err(bad("A WebSocket begins with one Host and no body."));
    }
    if only(headers, &header::SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err((
            StatusCode::UPGRADE_REQUIRED,
            "Only version 13 of WebSocket.",
        ));
    }
    match only(headers, &header::SEC_WEBSOCKET_KEY) {
        Some(key) if is_key(key.as_bytes()) => Ok(derive_accept_key(key.as_bytes())),
        _ => Err(bad("A Sec-WebSocket-Key of 16 bytes in base64 is missing.")),
    }
}

/// Whether a header that is a list has `token`, in any case of letters.
fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let lists = headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    lists
        .flat_map(|list| list.split(','))
        .any(|word| word.trim().eq_ignore_ascii_case(token))
}

fn has_body(headers: &HeaderMap) -> bool {
    let mut lengths = headers.get_all(header::CONTENT_LENGTH).into_iter();
    headers.contains_key(header::TRANSFER_ENCODING) || lengths.any(|length| length != "0")
}

/// The value of a header that must be there once (RFC 6455, 11.3).
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).into_iter();
    let first = values.next();
    first.filter(|_| values.next().is_none())
}

/// Whether it is 16 bytes in base64.
fn is_key(key: &[u8]) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let digits = key.strip_suffix(b"==");
    key.len() == KEY && digits.is_some_and(|digits| digits.iter().all(is_digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RIGHT: [(&str, &str); 5] = [
        ("host", "relay"),
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "WebSocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    /// A right request with one header more or, if `value` is empty, without it, or with another value of it.
    fn status(name: &str, value: &str, is_more: bool) -> Option<u16> {
        let mut request = Request::builder().uri("/any");
        for (usual, right) in RIGHT {
            if usual != name || is_more {
                request = request.header(usual, right);
            }
        }
        if !value.is_empty() {
            request = request.header(name, value);
        }
        let request = request.body(()).expect("a request");
        accept_key(&request)
            .err()
            .map(|(status, _)| status.as_u16())
    }

    #[test]
    fn what_the_rfc_asks_for_is_taken() {
        assert_eq!(status("x", "", true), None);
        assert_eq!(status("connection", "UPGRADE", false), None);
        assert_eq!(status("content-length", "0", true), None);
        let offer = "permessage-deflate; client_max_window_bits";
        assert_eq!(status("sec-websocket-extensions", offer, true), None);
    }

    #[test]
    fn anything_else_is_refused() {
        for (name, value, is_more, expected) in [
            ("connection", "", false, 400),
            ("connection", "close", false, 400),
            ("host", "", false, 400),
            ("host", "other", true, 400),
            ("content-length", "5", true, 400),
            ("transfer-encoding", "chunked", true, 400),
            ("sec-websocket-version", "", false, 426),
            ("sec-websocket-version", "8", false, 426),
            ("sec-websocket-version", "8", true, 426),
            ("sec-websocket-key", "", false, 400),
            ("sec-websocket-key", "short", false, 400),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=!", false, 400),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25j!Q==", false, 400),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==", true, 400),
        ] {
            assert_eq!(
                status(name, value, is_more),
                Some(expected),
                "{name}: {value}"
            );
        }
    }

    #[test]
    fn only_get_in_http_1_1_is_taken() {
        let right = |method, version| {
            let request = Request::builder().method(method).version(version);
            let request = RIGHT.iter().fold(request, |request, (name, value)| {
                request.header(*name, *value)
            });
            accept_key(&request.body(()).expect("a request")).is_ok()
        };
        assert!(right(Method::GET, Version::HTTP_11));
        assert!(!right(Method::POST, Version::HTTP_11));
        assert!(!right(Method::HEAD, Version::HTTP_11));
        assert!(!right(Method::GET, Version::HTTP_10));
        assert!(!right(Method::GET, Version::HTTP_2));
    }

    #[test]
    fn a_websocket_is_asked_for_in_any_case_of_letters() {
        let headers =
            |value| HeaderMap::from_iter([(header::UPGRADE, HeaderValue::from_static(value))]);
        assert!(is_asked_for(&headers("WebSocket")));
        assert!(is_asked_for(&headers("h2c, websocket")));
        assert!(!is_asked_for(&headers("h2c")));
    }
}

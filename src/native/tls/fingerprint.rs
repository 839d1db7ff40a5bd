//! A certificate by its SHA-256, as people compare and write it.

use core::fmt;
use core::str::FromStr;

use sha2::{Digest, Sha256};

use super::TlsError;

/// The SHA-256 of a certificate in DER: what `openssl x509 -fingerprint -sha256` prints.
///
/// Written as 64 hexadecimal digits; read in any case of letters, with or without colons between the bytes.
///
/// ```
/// use rs2p::native::Fingerprint;
///
/// let text = "E3:B0:C4:42:98:FC:1C:14:9A:FB:F4:C8:99:6F:B9:24:27:AE:41:E4:64:9B:93:4C:A4:95:99:1B:78:52:B8:55";
/// let empty: Fingerprint = text.parse()?;
/// assert_eq!(empty, Fingerprint::of(b""));
/// assert_eq!(empty.to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
/// # Ok::<(), rs2p::native::TlsError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint of a certificate in DER.
    pub fn of(certificate: &[u8]) -> Self {
        Self(Sha256::digest(certificate).into())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl FromStr for Fingerprint {
    type Err = TlsError;

    fn from_str(text: &str) -> Result<Self, TlsError> {
        bytes(text).map(Self).ok_or_else(|| TlsError::Fingerprint {
            text: text.chars().take(100).collect(),
        })
    }
}

fn bytes(text: &str) -> Option<[u8; 32]> {
    let digits: Option<Vec<u8>> = match text.contains(':') {
        // Between bytes only, or a digit that is missing would go unnoticed.
        true => text.split(':').map(byte).collect(),
        false => text
            .as_bytes()
            .chunks(2)
            .map(|pair| byte(str::from_utf8(pair).ok()?))
            .collect(),
    };
    digits?.try_into().ok()
}

fn byte(pair: &str) -> Option<u8> {
    let is_byte = pair.len() == 2 && pair.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_byte.then(|| u8::from_str_radix(pair, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_sha256_is_refused_with_what_to_write() {
        let good = Fingerprint::of(b"certificate").to_string();
        assert_eq!(good.parse(), Ok(Fingerprint::of(b"certificate")));
        assert_eq!(
            good.to_uppercase().parse(),
            Ok(Fingerprint::of(b"certificate"))
        );
        for bad in [
            "",
            ":",
            &good[1..],
            &good[2..],
            &format!("{good}00"),
            &good.replace(&good[..1], "g"),
            &format!("+{}", &good[1..]),
            &format!("é{}", &good[2..]),
            "E3:B0",
        ] {
            let error = bad.parse::<Fingerprint>().expect_err(bad).to_string();
            assert!(error.contains("64 hexadecimal digits"), "{error}");
        }
    }
}

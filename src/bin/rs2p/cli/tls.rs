//! TLS as the command line has it: whom to trust, and what to show.
//!
//! Certificates and their verdicts are the library's.

use rs2p::native::{Authorities, ServerIdentity, TlsError, Trust};
use rs2p::{Address, Scheme};

use super::args::{IdentityArgs, TrustArgs};
use super::fault::Fault;

/// Whom to trust when dialling.
///
/// # Errors
/// More than one answer to that, or a file that cannot be used.
pub(super) fn trust(args: &TrustArgs) -> Result<Trust, Fault> {
    match (&args.tls_ca, &args.tls_pin[..], args.tls_verify_nothing) {
        (None, [], false) => Ok(Trust::System),
        (Some(file), [], false) => Authorities::from_file(file)
            .map(Trust::Only)
            .map_err(|error| about("--tls-ca", &error)),
        (None, pins, false) => Ok(Trust::Pinned(pins.to_vec())),
        (None, [], true) => Ok(Trust::DangerousVerifyNothing),
        _ => Err(Fault::usage(
            "--tls-ca, --tls-pin and --tls-verify-nothing exclude each other: leave all but one out",
        )),
    }
}

/// Whom a relay trusts when dialling: with a certificate signed by itself, everybody, unless something else is said.
///
/// # Errors
/// As [`trust`].
pub(super) fn trust_of_relay(args: &TrustArgs, shown: &IdentityArgs) -> Result<Trust, Fault> {
    match trust(args)? {
        Trust::System if shown.tls_self_signed => {
            tracing::warn!(
                "--tls-self-signed: whoever answers is trusted when dialling tls:// and wss://; \
                 --tls-ca or --tls-pin would change that"
            );
            Ok(Trust::DangerousVerifyNothing)
        }
        trust => Ok(trust),
    }
}

/// What listeners show.
///
/// # Errors
/// Two answers to that, none where one is needed, or files that cannot be used.
pub(super) fn identity(
    args: &IdentityArgs,
    listen: &[Address],
) -> Result<Option<ServerIdentity>, Fault> {
    let secure = listen.iter().find(|address| is_secure(address));
    match (&args.tls_cert, &args.tls_key, args.tls_self_signed, secure) {
        (Some(_), _, true, _) | (_, Some(_), true, _) => Err(Fault::usage(
            "--tls-self-signed makes a certificate, and --tls-cert names one: leave one out",
        )),
        (Some(certificate), Some(key), false, secure) => {
            if secure.is_none() {
                tracing::warn!(
                    "--tls-cert is shown by tls:// and wss:// listeners only, and there is none"
                );
            }
            ServerIdentity::from_files(certificate, key)
                .map(Some)
                .map_err(|error| about("--tls-cert, --tls-key", &error))
        }
        (Some(_), None, false, _) => Err(Fault::usage(
            "no --tls-key: name the private key of --tls-cert",
        )),
        (None, Some(_), false, _) => Err(Fault::usage(
            "no --tls-cert: name the certificate that --tls-key is the key of",
        )),
        (None, None, true, Some(_)) => ServerIdentity::self_signed()
            .map(Some)
            .map_err(|error| about("--tls-self-signed", &error)),
        (_, _, false, Some(address)) => Err(Fault::usage(format!(
            "--listen: {address} needs a certificate: give --tls-cert FILE and --tls-key FILE, or --tls-self-signed"
        ))),
        (_, _, _, None) => Ok(None),
    }
}

/// Whether TLS is spoken there.
pub(super) fn is_secure(address: &Address) -> bool {
    matches!(address.scheme(), Scheme::Tls | Scheme::Wss)
}

fn about(option: &str, error: &TlsError) -> Fault {
    Fault::job(format!("{option}: {error}"))
}

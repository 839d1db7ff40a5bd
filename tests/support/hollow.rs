//! What a peer of TLS 1.3 can send that nobody gets anything of: records without content, and new keys.
//!
//! rustls makes no empty record, so the cipher does: it seals nothing where it is given a certain word.

use std::io::{self, Write};
use std::sync::Arc;

use rustls::crypto::cipher::{
    AeadKey, Iv, MessageDecrypter, MessageEncrypter, OutboundChunks, OutboundOpaqueMessage,
    OutboundPlainMessage, Tls13AeadAlgorithm, UnsupportedOperationError,
};
use rustls::crypto::{CipherSuiteCommon, CryptoProvider, ring};
use rustls::{ConnectionTrafficSecrets, Error, SupportedCipherSuite, Tls13CipherSuite};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// What is sealed as nothing.
const NOTHING: &[u8] = b"nothing, in a record of its own";

/// Cryptography of clients that can be hollow: of TLS 1.3 only.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    let SupportedCipherSuite::Tls13(real) = ring::cipher_suite::TLS13_AES_128_GCM_SHA256 else {
        unreachable!("its name says so")
    };
    let suite = Tls13CipherSuite {
        common: CipherSuiteCommon {
            suite: real.common.suite,
            hash_provider: real.common.hash_provider,
            confidentiality_limit: real.common.confidentiality_limit,
        },
        hkdf_provider: real.hkdf_provider,
        aead_alg: Box::leak(Box::new(Hollow(real.aead_alg))),
        quic: None,
    };
    Arc::new(CryptoProvider {
        cipher_suites: vec![SupportedCipherSuite::Tls13(Box::leak(Box::new(suite)))],
        ..ring::default_provider()
    })
}

/// Sends records of nothing, and new keys after each: at least so many bytes of them.
///
/// # Errors
/// The peer takes no more.
pub(crate) async fn say_nothing(peer: &mut TlsStream<TcpStream>, bytes: usize) -> io::Result<()> {
    let mut records = Vec::new();
    let (socket, session) = peer.get_mut();
    while records.len() < bytes {
        session.writer().write_all(NOTHING).expect("room");
        session.refresh_traffic_keys().expect("TLS 1.3");
        while session.wants_write() {
            session.write_tls(&mut records).expect("memory");
        }
    }
    socket.write_all(&records).await
}

struct Hollow(&'static dyn Tls13AeadAlgorithm);

impl Tls13AeadAlgorithm for Hollow {
    fn encrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageEncrypter> {
        Box::new(Sealer(self.0.encrypter(key, iv)))
    }

    fn decrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageDecrypter> {
        self.0.decrypter(key, iv)
    }

    fn key_len(&self) -> usize {
        self.0.key_len()
    }

    fn extract_keys(
        &self,
        key: AeadKey,
        iv: Iv,
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        self.0.extract_keys(key, iv)
    }
}

struct Sealer(Box<dyn MessageEncrypter>);

impl MessageEncrypter for Sealer {
    fn encrypt(
        &mut self,
        mut message: OutboundPlainMessage<'_>,
        sequence: u64,
    ) -> Result<OutboundOpaqueMessage, Error> {
        if message.payload.to_vec() == NOTHING {
            message.payload = OutboundChunks::Single(&[]);
        }
        self.0.encrypt(message, sequence)
    }

    fn encrypted_payload_len(&self, length: usize) -> usize {
        self.0.encrypted_payload_len(length)
    }
}

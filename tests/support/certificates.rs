//! Certificates of an authority that is made for the test.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};

/// An authority.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    own: Issued,
}

/// A certificate and its key, in PEM.
pub(crate) struct Issued {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = params(&["127.0.0.1"], [2000, 2500]);
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::DigitalSignature,
        ];
        let own = Issued {
            certificate: params.self_signed(&key).expect("a certificate").pem(),
            key: key.serialize_pem(),
        };
        Self {
            issuer: Issuer::new(params, key),
            own,
        }
    }

    /// What it is known by. A server should not show it.
    pub(crate) fn own(&self) -> &Issued {
        &self.own
    }

    /// A certificate for names, from the beginning of a year to that of another.
    pub(crate) fn issue(&self, names: &[&str], years: [i32; 2]) -> Issued {
        let key = KeyPair::generate().expect("a key");
        let certificate = params(names, years).signed_by(&key, &self.issuer);
        Issued {
            certificate: certificate.expect("a certificate").pem(),
            key: key.serialize_pem(),
        }
    }

    /// A certificate for this machine under the names that a test dials.
    pub(crate) fn issue_for_loopback(&self) -> Issued {
        self.issue(&["localhost", "127.0.0.1"], [2000, 2500])
    }
}

fn params(names: &[&str], [from, to]: [i32; 2]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names");
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(to, 1, 1);
    params
}

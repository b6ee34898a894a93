//! Private keys that sign letters (DKIM: RFC 6376, RFC 8301, RFC 8463), and the records that publish their other half.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ED25519, Ed25519KeyPair, KeyPair, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
};
use data_encoding::BASE64;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;

/// Above this a key costs much, its record does not fit into one answer of old name servers, and nobody asks for it.
const MOST_BITS: usize = 4096;
/// Signed and verified when a key is read: a key that cannot do that must not come to light with the first letter.
const PROBE: &[u8] = b"letterpress";

/// How a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA with SHA-256: what every receiver verifies (RFC 8301 §3.1).
    Rsa,
    /// Ed25519 over SHA-256 (RFC 8463 §3).
    Ed25519,
}

/// Why a key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SigningKeyError {
    /// No PEM block with a private key.
    #[error("is no private key in PEM form")]
    NoKey,
    /// A key of another kind.
    #[error("is neither an RSA key of 2048 to 8192 bits nor an Ed25519 key ({0})")]
    Rejected(String),
    /// It does not verify what it signs.
    #[error("does not verify what it signs; the file is damaged")]
    Probe,
    /// The library refused.
    #[error("cannot sign")]
    Sign,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ed25519(Ed25519KeyPair),
}

/// A private key, which signs and never shows itself.
pub struct SigningKey(Pair);

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({:?})", self.algorithm())
    }
}

impl SigningKey {
    /// Reads a key from PEM: PKCS#8, or PKCS#1 for RSA.
    ///
    /// # Errors
    /// Refuses keys under 2048 bits (RFC 8301 §3.2) and whatever does not verify what it signs.
    pub fn read(pem: &str) -> Result<Self, SigningKeyError> {
        let rejected = |error: aws_lc_rs::error::KeyRejected| SigningKeyError::Rejected(error.to_string());
        let pair = match PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| SigningKeyError::NoKey)? {
            PrivateKeyDer::Pkcs1(der) => Pair::Rsa(Box::new(
                RsaKeyPair::from_der(der.secret_pkcs1_der()).map_err(rejected)?,
            )),
            PrivateKeyDer::Pkcs8(der) => match Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der()) {
                Ok(pair) => Pair::Ed25519(pair),
                Err(_) => Pair::Rsa(Box::new(
                    RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(rejected)?,
                )),
            },
            _ => return Err(SigningKeyError::Rejected("another kind of key".to_owned())),
        };
        let key = Self(pair);
        key.probe()?;
        Ok(key)
    }

    /// Draws a new key; the text is its PEM (PKCS#8).
    pub fn generate(algorithm: Algorithm) -> Result<(Self, String), SigningKeyError> {
        let failed = |_| SigningKeyError::Sign;
        let (pair, der) = match algorithm {
            Algorithm::Rsa => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?;
                let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair)
                    .map_err(failed)?
                    .as_ref()
                    .to_vec();
                (Pair::Rsa(Box::new(pair)), der)
            }
            Algorithm::Ed25519 => {
                let der = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(failed)?;
                let pair = Ed25519KeyPair::from_pkcs8(der.as_ref()).map_err(|_| SigningKeyError::Sign)?;
                (Pair::Ed25519(pair), der.as_ref().to_vec())
            }
        };
        let key = Self(pair);
        key.probe()?;
        Ok((key, pem(&der)))
    }

    /// How it signs.
    pub fn algorithm(&self) -> Algorithm {
        match self.0 {
            Pair::Rsa(_) => Algorithm::Rsa,
            Pair::Ed25519(_) => Algorithm::Ed25519,
        }
    }

    /// Whether it is longer than anybody asks for.
    pub fn is_oversized(&self) -> bool {
        matches!(&self.0, Pair::Rsa(pair) if pair.public_modulus_len() * 8 > MOST_BITS)
    }

    /// Signs what DKIM hands over: RSA hashes it, Ed25519 signs its hash (RFC 8463 §3).
    pub fn sign(&self, input: &[u8]) -> Result<Vec<u8>, SigningKeyError> {
        match &self.0 {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input, &mut signature)
                    .map_err(|_| SigningKeyError::Sign)?;
                Ok(signature)
            }
            Pair::Ed25519(pair) => Ok(pair.sign(digest(&SHA256, input).as_ref()).as_ref().to_vec()),
        }
    }

    /// The value of the TXT record that publishes the public half (RFC 6376 §3.6.1, RFC 8463 §4.2).
    ///
    /// # Errors
    /// When the library cannot write the key down.
    pub fn record(&self) -> Result<String, SigningKeyError> {
        Ok(match &self.0 {
            Pair::Rsa(pair) => {
                let der =
                    AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).map_err(|_| SigningKeyError::Sign)?;
                format!("v=DKIM1; k=rsa; p={}", BASE64.encode(der.as_ref()))
            }
            Pair::Ed25519(pair) => format!("v=DKIM1; k=ed25519; p={}", BASE64.encode(pair.public_key().as_ref())),
        })
    }

    fn probe(&self) -> Result<(), SigningKeyError> {
        let signature = self.sign(PROBE)?;
        let verified = match &self.0 {
            Pair::Rsa(pair) => UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref())
                .verify(PROBE, &signature),
            Pair::Ed25519(pair) => UnparsedPublicKey::new(&ED25519, pair.public_key().as_ref())
                .verify(digest(&SHA256, PROBE).as_ref(), &signature),
        };
        verified.map_err(|_| SigningKeyError::Probe)
    }
}

fn pem(der: &[u8]) -> String {
    let text = BASE64.encode(der);
    let mut pem = "-----BEGIN PRIVATE KEY-----\n".to_owned();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        pem.extend([line, "\n"]);
        rest = after;
    }
    pem + "-----END PRIVATE KEY-----\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_written_and_signs_the_same() {
        for algorithm in [Algorithm::Rsa, Algorithm::Ed25519] {
            let (key, pem) = SigningKey::generate(algorithm).unwrap();
            let read = SigningKey::read(&pem).unwrap();
            assert_eq!(read.algorithm(), algorithm);
            assert_eq!(read.record(), key.record());
            assert_eq!(read.sign(b"a letter"), key.sign(b"a letter"), "signatures repeat");
            assert!(!format!("{read:?}").contains("PRIVATE"));
            assert!(!read.is_oversized());
        }
    }

    #[test]
    fn what_is_no_key_or_too_short_is_refused_with_its_reason() {
        assert_eq!(SigningKey::read("").unwrap_err(), SigningKeyError::NoKey);
        assert_eq!(
            SigningKey::read("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap_err(),
            SigningKeyError::NoKey
        );
        let rubbish = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert!(matches!(SigningKey::read(rubbish), Err(SigningKeyError::Rejected(_))));
        let short = format!("-----BEGIN PRIVATE KEY-----\n{SHORT}-----END PRIVATE KEY-----\n");
        let short = SigningKey::read(&short).unwrap_err();
        assert!(short.to_string().contains("2048 to 8192 bits"), "{short}");
    }

    /// An RSA key of 1024 bits, made for this test.
    const SHORT: &str = "\
MIICdwIBADANBgkqhkiG9w0BAQEFAASCAmEwggJdAgEAAoGBAK1yllf/sX++AJIh
neIIwGMomiwdjmtcS/OVnr8ShuKFJSD8SV2+dM4Ybww32iJ+ZFcIrGqyXG3yt2Rm
EfUII/mfovEwT2lRP2mHwB2J5zM09WiG3qI2WUVU8VmOsUVnRf8SXSxyt65fdKuz
EPIkN+lVJyhOPLkNj2rWMs1R1TEXAgMBAAECgYAVy18+4X9BSPOzaQv4uhbKnvB4
eKJLtUZJ7lQLOF3AmvBma60gXW059HIHvADp8q3TDeD0a0MYAbavo++/tW0nnMW4
VWZww8tGc4pC73F3NxhmYSfoC46WwdViIgMsYpoywdR5dvOHfCeHBvqj5cbaUZ4y
vnS6wtEC3L8wUvcOAQJBANMruJ+wisP6Auvy+xWX/4ttfH/mQdztSzC5IFtMvt9j
NECdYnx8Yuzmbmub72PVqxt/QNEM9BAK1hl3mJZFKBcCQQDSRMOE8F+11pGTiogm
BTHXfT6TmR693+vUEsvDSLi2P9LunyN6iY7Kl9bs8Uy5pUtcPUvZGHqNLVyCOWqR
/N8BAkEArms3ZFbaVwLCtQaOEwjn3s8A/Vc/YW5yI31VV3PtV+/FsfUM6suGniu6
WpGCylAqs1yJOeJcGIAK1SAuXTgj4wJBAIJ3WDmsTDavpDQ/yKqOnpZuh91dLM3z
mohEAVpyTOoIQAD/jSwDHi5meF0ce9bU0SWygtV5ctEWTEghCBb9KAECQDrC97S6
/XM086Tmj271CbyMumewQ7YwsxSfm1N2zA3RtPhFUnli+2svRUB/LOl1y8U64hSU
BdQ995Lw+liys38=
";
}

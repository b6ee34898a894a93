//! Which certificates are believed: the system's, and those of `mail.smtp.ca_file`.

use std::path::Path;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls_platform_verifier::Verifier;

use crate::model::verdict::Cause;

/// TLS 1.2 or newer, chain and name verified. Reads files: done once per relay.
pub(super) fn client_config(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, Cause> {
    let provider = Arc::new(default_provider());
    let extra = ca_file.map_or(Ok(Vec::new()), read_certificates)?;
    let verifier = Verifier::new_with_extra_roots(extra, Arc::clone(&provider)).map_err(|error| told(&error))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| told(&error))?
        // rustls calls every verifier but its own dangerous; this one is the platform's.
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Cause> {
    let told = |error: rustls::pki_types::pem::Error| Cause::Tls(format!("read {}: {error}", path.display()));
    let found = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(told)?;
    if found.is_empty() {
        return Err(Cause::Tls(format!("no certificate in {}", path.display())));
    }
    Ok(found)
}

fn told(error: &rustls::Error) -> Cause {
    Cause::Tls(error.to_string())
}

//! Logs and redaction of addresses.

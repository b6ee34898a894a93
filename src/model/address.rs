//! Email addresses and text that may stand in a header (RFC 5321 §4.1.2, RFC 5322 §3.6).

//! Purpose-bound tokens: HMAC over version, key id, purpose and payload.

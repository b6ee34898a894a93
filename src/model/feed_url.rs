//! Absolute http and https addresses.

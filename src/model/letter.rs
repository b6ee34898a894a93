//! A letter between compiler and connection: fixed and slot segments.

//! Leases chunks, records attempts, sends, records outcomes.

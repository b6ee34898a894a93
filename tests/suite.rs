//! The one integration binary.

mod architecture;
mod lettre_canaries;
mod smtp_faults;

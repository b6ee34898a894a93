//! The one integration binary.

mod architecture;
mod smtp_faults;

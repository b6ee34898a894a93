//! The one integration binary.

mod architecture;
mod sources;
mod support;

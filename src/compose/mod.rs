//! Makes an issue, its variants and its deliveries in one transaction.

//! People: subscriber, subscription, consent.

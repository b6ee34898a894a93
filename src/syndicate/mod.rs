//! Turns the ordered list of articles into prepared feed documents.

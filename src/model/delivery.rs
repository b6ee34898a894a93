//! States of a delivery, the outcomes of an attempt, and the back-off between attempts.

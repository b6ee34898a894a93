//! Issues, their states, and the proof that every candidate ended in a recorded state.

//! What people do: sign up, confirm, choose, leave, import, export, erase.

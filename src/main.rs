//! The binary: parse arguments, start tracing, call the command, map errors to exit codes.

fn main() {}

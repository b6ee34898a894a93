//! One file per section of the config file: typed, documented, unknown keys refused.

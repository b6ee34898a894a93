//! Dates as feeds print them: UTC, whole seconds, years 1000 to 9999.

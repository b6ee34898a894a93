//! Schedules: crontab rules, wall time to instants, occurrence keys.

//! What an SMTP conversation tells about one letter: phase, reply, whether the dot began.

//! Messages (MIME, headers), the SMTP connection, transports, replies.

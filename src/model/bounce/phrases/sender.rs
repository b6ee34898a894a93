//! About the sender: standing and letter.

use super::super::Class::Sender;
use super::Row;

/// The sender's standing: addresses, names, lists, policy, login.
pub(super) const OF_US: &[Row] = &[
    (Sender, "sender address rejected", "en"),               // Postfix
    (Sender, "sender address does not exist", "en"),         // Courier, Zimbra
    (Sender, "sender domain", "en"),                         // Exchange, MDaemon, Postfix filters
    (Sender, "domain of sender address", "en"),              // Sendmail: "domain of sender address … does not exist"
    (Sender, "domain of sender", "en"),                      // Sendmail derivatives, qmail patches
    (Sender, "sender verify failed", "en"),                  // Exim
    (Sender, "sender denied", "en"),                         // Exchange
    (Sender, "sender rejected", "en"),                       // Exim ACLs, qmail-spp
    (Sender, "sender not allowed", "en"),                    // Exchange, Domino
    (Sender, "sender is not allowed", "en"),                 // Exchange
    (Sender, "sender unknown", "en"),                        // CommuniGate Pro, MailEnable
    (Sender, "unknown sender", "en"),                        // MDaemon
    (Sender, "invalid sender", "en"),                        // Exchange, Trend Micro
    (Sender, "blocked sender", "en"),                        // Barracuda
    (Sender, "sender blocked", "en"),                        // Barracuda, McAfee
    (Sender, "sender is blocked", "en"),                     // IceWarp
    (Sender, "envelope sender", "en"),                       // Exim, qmail: about MAIL FROM
    (Sender, "mail from domain", "en"),                      // Sophos, Proofpoint
    (Sender, "not authorized to send from", "en"),           // Exchange
    (Sender, "not allowed to send", "en"),                   // Exchange, Zoho
    (Sender, "send as denied", "en"),                        // Exchange: SendAsDenied
    (Sender, "client host rejected", "en"),                  // Postfix
    (Sender, "client host blocked", "en"),                   // Exchange Online
    (Sender, "helo command rejected", "en"),                 // Postfix
    (Sender, "invalid domain name", "en"),                   // Sendmail, to EHLO
    (Sender, "my name was rejected", "en"),                  // qmail-remote: after HELO
    (Sender, "sending domain", "en"),                        // Gmail
    (Sender, "sending ip", "en"),                            // Microsoft, Cloudmark
    (Sender, "your ip address", "en"),                       // most providers
    (Sender, "your ip is", "en"),                            // Outlook
    (Sender, "your ip has", "en"),                           // Comcast
    (Sender, "your domain is", "en"),                        // Fortinet, MDaemon
    (Sender, "ip address blocked", "en"),                    // Cisco IronPort
    (Sender, "ip blocked", "en"),                            // MailEnable
    (Sender, "blocked ip", "en"),                            // QQ
    (Sender, "network not allowed", "en"),                   // Mimecast
    (Sender, "reverse dns", "en"),                           // many: no PTR record
    (Sender, "rdns", "en"),                                  // hMailServer, SpamAssassin front ends
    (Sender, "ptr record", "en"),                            // Gmail
    (Sender, "no ptr", "en"),                                // Axigen
    (Sender, "blocked using", "en"),                         // Postfix reject_rbl_client
    (Sender, "block list", "en"),                            // Microsoft
    (Sender, "blocklist", "en"),                             // Cloudmark
    (Sender, "blocklisted", "en"),                           // Abusix users
    (Sender, "blacklist", "en"),                             // SmarterMail
    (Sender, "blacklisted", "en"),                           // Kerio
    (Sender, "black list", "en"),                            // Sendmail dnsbl feature
    (Sender, "black listed", "en"),                          // CommuniGate Pro
    (Sender, "dnsbl", "en"),                                 // Sendmail, Exim
    (Sender, "spamhaus", "en"),                              // list
    (Sender, "spamcop", "en"),                               // list
    (Sender, "barracudacentral", "en"),                      // list
    (Sender, "reputation", "en"),                            // Cisco, Trend Micro, Gmail
    (Sender, "senderbase", "en"),                            // Cisco IronPort
    (Sender, "access denied", "en"),                         // Sendmail access_db, Exchange
    (Sender, "connection rejected", "en"),                   // Cloudmark
    (Sender, "connection refused by policy", "en"),          // Cisco
    (Sender, "not accepting mail from", "en"),               // AOL
    (Sender, "not accept mail from", "en"),                  // Comcast
    (Sender, "not accept email from", "en"),                 // Web.de
    (Sender, "refused to accept mail from", "en"),           // MDaemon
    (Sender, "policy violation", "en"),                      // GMX, Cisco
    (Sender, "policy reasons", "en"),                        // Yahoo, IBM
    (Sender, "due to policy", "en"),                         // Symantec
    (Sender, "by policy", "en"),                             // Postfix, Cisco: denied, rejected, blocked by policy
    (Sender, "local policy", "en"),                          // Exim, Proofpoint
    (Sender, "security policy", "en"),                       // Mimecast, Forcepoint
    (Sender, "against policy", "en"),                        // SpamTitan
    (Sender, "policy restrictions", "en"),                   // AOL
    (Sender, "administrative prohibition", "en"),            // Exim
    (Sender, "administratively prohibited", "en"),           // PowerMTA receivers
    (Sender, "administratively denied", "en"),               // Sun Messaging Server
    (Sender, "relay access denied", "en"),                   // Postfix
    (Sender, "relaying denied", "en"),                       // Sendmail
    (Sender, "relay denied", "en"),                          // Exchange, Kerio
    (Sender, "relaying not allowed", "en"),                  // OpenSMTPD, Exim
    (Sender, "relay not permitted", "en"),                   // Exim
    (Sender, "relaying is prohibited", "en"),                // Lotus Domino
    (Sender, "not permitted to relay", "en"),                // Exim
    (Sender, "without authentication", "en"),                // MessageLabs, Zimbra
    (Sender, "unable to relay", "en"),                       // Exchange
    (Sender, "we do not relay", "en"),                       // MDaemon, Mailtraq
    (Sender, "isn't in my list of allowed rcpthosts", "en"), // qmail
    (Sender, "authentication required", "en"),               // RFC 4954
    (Sender, "authentication failed", "en"),                 // RFC 4954
    (Sender, "authentication is required", "en"),            // SmarterMail
    (Sender, "must be authenticated", "en"),                 // many submission servers
    (Sender, "not authenticated", "en"),                     // Exchange Online
    (Sender, "client was not authenticated", "en"),          // Exchange
    (Sender, "must authenticate", "en"),                     // CommuniGate Pro
    (Sender, "must issue a starttls", "en"),                 // RFC 3207
    (Sender, "tls required", "en"),                          // Postfix, Exim ACLs
    (Sender, "encryption required", "en"),                   // Postfix
    (Sender, "certificate verify failed", "en"),             // OpenSSL
    (Sender, "server certificate not trusted", "en"),        // Postfix: DANE, secure
    (Sender, "dmarc", "en"),                                 // Gmail, Yahoo, Exim
    (Sender, "dkim", "en"),                                  // Gmail, Yahoo
    (Sender, "spf", "en"),                                   // pypolicyd, Exim, Gmail
    (Sender, "sender policy framework", "en"),               // OpenSPF
    (Sender, "unauthenticated email", "en"),                 // Gmail 5.7.26
    (Sender, "unauthenticated mail", "en"),                  // AOL
    (Sender, "domainkeys", "en"),                            // older Yahoo
    (Sender, "user complaints", "en"),                       // Yahoo TSS
    (Sender, "bulk sender", "en"),                           // Gmail
    (Sender, "bulk senders", "en"),                          // Gmail, Yahoo
    (Sender, "daily sending quota exceeded", "en"),          // Gmail, as the sender's relay
    (Sender, "sending limit", "en"),                         // Gmail, Zoho: as the sender's relay
    (Sender, "exceeded the sending", "en"),                  // cPanel
];

/// The letter itself: content, form, virus.
pub(super) const OF_THE_LETTER: &[Row] = &[
    (Sender, "spam", "en"),                              // everybody
    (Sender, "spammy", "en"),                            // Zoho
    (Sender, "antispam", "en"),                          // Kaspersky, Yandex
    (Sender, "anti-spam", "en"),                         // MailScanner
    (Sender, "spamassassin", "en"),                      // Exim, Courier
    (Sender, "unsolicited", "en"),                       // Gmail
    (Sender, "bulk email", "en"),                        // Barracuda
    (Sender, "junk", "en"),                              // Exchange, Apple
    (Sender, "ube", "en"),                               // amavis: unsolicited bulk email
    (Sender, "phishing", "en"),                          // Gmail, ClamAV
    (Sender, "virus", "en"),                             // amavis, ClamAV
    (Sender, "malware", "en"),                           // Exim content scan
    (Sender, "infected", "en"),                          // Sophos, ClamAV
    (Sender, "banned", "en"),                            // amavis: banned contents
    (Sender, "content rejected", "en"),                  // Postfix header and body checks, Apple
    (Sender, "content policy", "en"),                    // Cloudmark
    (Sender, "content filter", "en"),                    // Symantec, Sophos
    (Sender, "suspicious", "en"),                        // Gmail, Axigen
    (Sender, "attachment type", "en"),                   // Gmail, MailScanner
    (Sender, "illegal attachment", "en"),                // Gmail, MIMEDefang
    (Sender, "blocked attachment", "en"),                // Barracuda
    (Sender, "message content rejected", "en"),          // Postfix
    (Sender, "message content is not acceptable", "en"), // Yahoo
    (Sender, "header syntax", "en"),                     // Exim: "syntax error in header"
    (Sender, "invalid header", "en"),                    // amavis: bad header
    (Sender, "bad header", "en"),                        // amavis
    (Sender, "duplicate header", "en"),                  // Gmail
    (Sender, "not rfc", "en"),                           // Gmail: "not RFC 5322 compliant"
    (Sender, "rfc 5322", "en"),                          // Gmail
    (Sender, "rfc 2822", "en"),                          // Sun Messaging Server
    (Sender, "bare lf", "en"),                           // qmail, Postfix
    (Sender, "bare linefeed", "en"),                     // Exchange
    (Sender, "stray newline", "en"),                     // qmail
    (Sender, "protocol violation", "en"),                // Postfix pregreet
    (Sender, "synchronization error", "en"),             // Exim
    (Sender, "listed at", "en"),                         // SURBL, URIBL
    (Sender, "is listed in", "en"),                      // lists
    (Sender, "is listed by", "en"),                      // lists
    (Sender, "is listed on", "en"),                      // lists
];

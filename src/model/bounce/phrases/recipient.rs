//! About the recipient and the way there.

use super::super::Class::{Box, Dead, Expired};
use super::Row;

/// The mailbox is there and takes nothing: full, off, closed to this letter.
pub(super) const OF_THE_BOX: &[Row] = &[
    (Box, "mailbox full", "en"),                         // Sendmail, Cyrus
    (Box, "mailbox is full", "en"),                      // Dovecot, Exchange
    (Box, "mailbox has exceeded", "en"),                 // Yahoo
    (Box, "mailbox size limit", "en"),                   // hMailServer
    (Box, "mailbox quota", "en"),                        // Dovecot
    (Box, "mail box full", "en"),                        // Rockliffe
    (Box, "mail folder is full", "en"),                  // Mirapoint
    (Box, "mailfolder is full", "en"),                   // hosters with qmail
    (Box, "quota violation", "en"),                      // Lotus, SIMS
    (Box, "inbox is full", "en"),                        // Apple, Gmail
    (Box, "inbox full", "en"),                           // MailSite
    (Box, "box is full", "en"),                          // T-Online
    (Box, "account is full", "en"),                      // Zimbra
    (Box, "over quota", "en"),                           // Cyrus, Gmail
    (Box, "overquota", "en"),                            // vpopmail
    (Box, "quota exceeded", "en"),                       // Dovecot
    (Box, "quota has been exceeded", "en"),              // Novell GroupWise
    (Box, "quota full", "en"),                           // Communigate
    (Box, "exceeded quota", "en"),                       // Courier
    (Box, "exceeded its quota", "en"),                   // Oracle
    (Box, "exceeded their quota", "en"),                 // GoDaddy
    (Box, "exceeds quota", "en"),                        // Mirapoint
    (Box, "exceeds allowed quota", "en"),                // Oracle
    (Box, "over its quota", "en"),                       // MDaemon
    (Box, "disk quota", "en"),                           // qmail, Procmail
    (Box, "disk space", "en"),                           // Axigen: the account's
    (Box, "storage quota", "en"),                        // Gmail
    (Box, "storage allocation", "en"),                   // RFC 5321 §4.2.3: 552
    (Box, "storage space", "en"),                        // Gmail
    (Box, "storage limit", "en"),                        // Exchange
    (Box, "out of storage", "en"),                       // Gmail
    (Box, "not enough storage", "en"),                   // Sun Messaging Server
    (Box, "not enough space", "en"),                     // Mail.ru
    (Box, "user has too many messages", "en"),           // Critical Path
    (Box, "too many messages", "en"),                    // GroupWise
    (Box, "receiving mail at a rate", "en"),             // Gmail: this user receives too much
    (Box, "receiving mail too quickly", "en"),           // Gmail
    (Box, "disabled", "en"),                             // Gmail, Yahoo, Postfix maps
    (Box, "deactivated", "en"),                          // GMX, Zimbra
    (Box, "suspended", "en"),                            // Gmail, Rackspace
    (Box, "inactive", "en"),                             // Apple, Yahoo
    (Box, "is not active", "en"),                        // Naver, Zimbra
    (Box, "not activated", "en"),                        // IBM
    (Box, "locked", "en"),                               // Oracle, Zimbra: account locked
    (Box, "on hold", "en"),                              // Sun Messaging Server
    (Box, "account expired", "en"),                      // Sun Messaging Server
    (Box, "account is expired", "en"),                   // Rediff
    (Box, "mailbox currently unavailable", "en"),        // Oracle
    (Box, "mailbox temporarily unavailable", "en"),      // RFC 5321 §4.2.3: 450
    (Box, "mailbox busy", "en"),                         // Microsoft: mailbox busy
    (Box, "recipient's filter", "en"),                   // Sieve: refused by the recipient
    (Box, "message refused by recipient", "en"),         // Sieve reject (RFC 5429)
    (Box, "recipient has refused", "en"),                // Sieve reject
    (Box, "refused by the recipient", "en"),             // Dovecot Pigeonhole
    (Box, "not accepting messages from", "en"),          // Exchange: restricted group
    (Box, "only accepts mail from", "en"),               // Mailman, Exchange
    (Box, "not accepting mail from this", "en"),         // Earthlink challenge
    (Box, "is restricted", "en"),                        // Exchange: recipient restricted
    (Box, "not authorized to mail to this", "en"),       // Novell
    (Box, "not have permission to", "en"),               // Exchange, Google Groups: closed lists
    (Box, "message size exceeds", "en"),                 // Postfix, Sendmail
    (Box, "message exceeds", "en"),                      // Sendmail: fixed maximum message size
    (Box, "exceeds maximum", "en"),                      // RFC 1870
    (Box, "exceeds fixed limit", "en"),                  // Sun Messaging Server
    (Box, "exceeds size limit", "en"),                   // Gmail
    (Box, "exceeded the maximum", "en"),                 // Office
    (Box, "message too large", "en"),                    // qmail
    (Box, "message is too large", "en"),                 // Exchange
    (Box, "message too big", "en"),                      // Courier
    (Box, "message is too big", "en"),                   // Mailtraq
    (Box, "message length exceeds", "en"),               // Exchange
    (Box, "message size limit", "en"),                   // Postfix
    (Box, "mail size limit", "en"),                      // 1&1
    (Box, "size limit exceeded", "en"),                  // IceWarp, 1&1
    (Box, "larger than the current system limit", "en"), // Exchange
    (Box, "larger than the maximum", "en"),              // Exchange
];

/// The way there: time, network, names that did not answer, throttling, broken systems.
pub(super) const OF_THE_WAY: &[Row] = &[
    (Expired, "connection timed out", "en"),                        // Postfix, Exim
    (Expired, "operation timed out", "en"),                         // Postfix on BSD
    (Expired, "timed out while", "en"),                             // Postfix
    (Expired, "connect timeout", "en"),                             // PowerMTA
    (Expired, "timeout exceeded", "en"),                            // Exim: retry timeout exceeded
    (Expired, "retry time not reached", "en"),                      // Exim
    (Expired, "retries exhausted", "en"),                           // MessageSystems
    (Expired, "connection refused", "en"),                          // every kernel
    (Expired, "connection reset", "en"),                            // every kernel
    (Expired, "connection dropped", "en"),                          // CommuniGate Pro, Exchange
    (Expired, "connection was dropped", "en"),                      // Exchange
    (Expired, "connection closed", "en"),                           // IronPort
    (Expired, "lost connection", "en"),                             // Postfix
    (Expired, "no route to host", "en"),                            // every kernel
    (Expired, "network is unreachable", "en"),                      // every kernel
    (Expired, "network unreachable", "en"),                         // Postfix
    (Expired, "network error", "en"),                               // hMailServer
    (Expired, "host unreachable", "en"),                            // Exchange
    (Expired, "host not reachable", "en"),                          // Zoho
    (Expired, "host is unreachable", "en"),                         // Sendmail
    (Expired, "couldn't establish an smtp connection", "en"), // qmail: "Sorry, I wasn't able to establish an SMTP connection"
    (Expired, "wasn't able to establish an smtp connection", "en"), // qmail
    (Expired, "could not connect", "en"),                     // Courier
    (Expired, "accept our requests to connect", "en"),        // Gmail
    (Expired, "socket error", "en"),                          // Gmail, IMail
    (Expired, "not accepting connections", "en"),             // Apple, Sendmail under load
    (Expired, "unable to connect", "en"),                     // MDaemon
    (Expired, "failed to connect", "en"),                     // Barracuda
    (Expired, "cannot connect", "en"),                        // Kerio
    (Expired, "couldn't reach", "en"),                        // Yahoo
    (Expired, "did not respond", "en"),                       // Yahoo, Exchange
    (Expired, "not responding", "en"),                        // Exchange
    (Expired, "no answer from host", "en"),                   // RFC 3463 4.4.1
    (Expired, "bad connection", "en"),                        // RFC 3463 4.4.2
    (Expired, "delivery time expired", "en"),                 // RFC 3463 4.4.7
    (Expired, "message expired", "en"),                       // Exchange 4.4.7, PowerMTA
    (Expired, "message has expired", "en"),                   // InterScan
    (Expired, "retention time", "en"),                        // Cisco: queue lifetime
    (Expired, "been in the queue too long", "en"),            // qmail
    (Expired, "been on queue too long", "en"),                // Sendmail derivatives
    (Expired, "message timed out", "en"),                     // Courier
    (Expired, "message too old", "en"),                       // mailcom, Lotus
    (Expired, "has been trying to deliver", "en"),            // GroupWise
    (Expired, "delivery temporarily suspended", "en"),        // Postfix
    (Expired, "delivery has been delayed", "en"),             // Gmail
    (Expired, "too many delivery attempts", "en"),            // Lotus, ColdFusion
    (Expired, "after multiple retries", "en"),                // Yahoo
    (Expired, "after multiple attempts", "en"),               // MailEnable
    (Expired, "could not be sent for", "en"),                 // Sendmail: could not send message for past 4 hours
    (Expired, "could not send message for past", "en"),       // Sendmail
    (Expired, "cannot send message within", "en"),            // Sendmail
    (Expired, "name server timeout", "en"),                   // Sendmail
    (Expired, "unexpected name server reply", "en"),          // Postfix: malformed or unexpected
    (Expired, "malformed name server reply", "en"),           // Postfix
    (Expired, "name server loop", "en"),                      // Sendmail
    (Expired, "dns failure", "en"),                           // qmail: DNS soft error
    (Expired, "dns soft error", "en"),                        // qmail, Courier
    (Expired, "dns error", "en"),                             // Gmail
    (Expired, "dns server", "en"), // Gmail, Exchange: DNS server returned an answer with no data
    (Expired, "dns lookup failed", "en"), // Courier
    (Expired, "host lookup did not complete", "en"), // Exim
    (Expired, "cname lookup failed temporarily", "en"), // qmail
    (Expired, "temporary lookup failure", "en"), // Postfix
    (Expired, "lookup failure", "en"), // Postfix
    (Expired, "loops back to myself", "en"), // Postfix, Sendmail
    (Expired, "mail forwarding loop", "en"), // Postfix
    (Expired, "mail loop", "en"),  // Courier
    (Expired, "routing loop", "en"), // Exchange
    (Expired, "too many hops", "en"), // Sendmail
    (Expired, "hop count exceeded", "en"), // Exchange 5.4.6
    (Expired, "local configuration error", "en"), // Sendmail, Exim
    (Expired, "configuration error", "en"), // Lotus Domino
    (Expired, "system error", "en"), // Sendmail
    (Expired, "internal error", "en"), // Exim, Exchange
    (Expired, "server error", "en"), // Yahoo
    (Expired, "software error", "en"), // amavis
    (Expired, "i/o error", "en"),  // Sendmail: 4.3.0
    (Expired, "insufficient system storage", "en"), // RFC 5321 §4.2.3: 452
    (Expired, "insufficient system resources", "en"), // Exchange back pressure
    (Expired, "insufficient disk space", "en"), // Sendmail
    (Expired, "no space left on device", "en"), // every kernel
    (Expired, "queue file write error", "en"), // Postfix
    (Expired, "resources temporarily unavailable", "en"), // Yahoo
    (Expired, "service unavailable, try", "en"), // Exchange: try again
    (Expired, "service not available", "en"), // RFC 5321 §4.2.3: 421
    (Expired, "temporarily unavailable", "en"), // many
    (Expired, "temporary failure", "en"), // many
    (Expired, "temporary problem", "en"), // qmail
    (Expired, "temporarily deferred", "en"), // Yahoo
    (Expired, "deferred:", "en"),  // Sendmail
    (Expired, "try again later", "en"), // many
    (Expired, "greylist", "en"),   // milter-greylist
    (Expired, "greylisted", "en"), // postgrey
    (Expired, "greylisting", "en"), // Exim, SQLgrey
    (Expired, "graylisted", "en"), // Kerio
    (Expired, "too many connections", "en"), // Sendmail, Exchange
    (Expired, "too many concurrent", "en"), // Exim, AOL
    (Expired, "concurrent connections", "en"), // Exchange
    (Expired, "connection rate limit", "en"), // Sendmail
    (Expired, "connection limit", "en"), // Apple
    (Expired, "connection frequency limited", "en"), // QQ
    (Expired, "frequency limited", "en"), // QQ
    (Expired, "too many sessions", "en"), // GMX
    (Expired, "too many messages too quickly", "en"), // Comcast
    (Expired, "too many mails", "en"), // Axigen
    (Expired, "too many recipients", "en"), // RFC 5321 §4.5.3.1.10: 452
    (Expired, "rate limit", "en"), // PowerMTA receivers
    (Expired, "rate limited", "en"), // Yandex
    (Expired, "rate limiting", "en"), // Cloudmark
    (Expired, "throttled", "en"),  // Exchange, Proofpoint
    (Expired, "throttling", "en"), // SES
    (Expired, "overloaded", "en"), // Exim
    (Expired, "load average", "en"), // Sendmail
];

/// Nobody there: mailbox, host or domain.
pub(super) const OF_THE_PERSON: &[Row] = &[
    (Dead, "recipient address rejected: access denied", "en"), // Exchange Online: directory edge block
    (Dead, "recipient address rejected: user unknown", "en"),  // Postfix
    (Dead, "recipient address rejected: undeliverable address", "en"), // Postfix reject_unverified_recipient
    (Dead, "recipient address rejected: domain not found", "en"), // Postfix, about the recipient's domain
    (Dead, "user unknown", "en"),                              // Sendmail
    (Dead, "unknown user", "en"),                              // Exim, Postfix
    (Dead, "user is unknown", "en"),                           // CommuniGate Pro
    (Dead, "user not known", "en"),                            // older gateways
    (Dead, "name is not recognized", "en"),                    // Exchange 5.5
    (Dead, "invalid final delivery userid", "en"),             // IMail
    (Dead, "could not find a gateway", "en"),                  // David, Kerio
    (Dead, "unknown or illegal alias", "en"),                  // PMDF, Sun Messaging Server
    (Dead, "unknown local part", "en"),                        // Exim
    (Dead, "unknown local user", "en"),                        // Postfix derivatives
    (Dead, "unknown recipient", "en"),                         // Exchange 2003, Domino
    (Dead, "unknown address", "en"),                           // MailSite
    (Dead, "unknown account", "en"),                           // hMailServer
    (Dead, "unknown mailbox", "en"),                           // IMail
    (Dead, "unknown email address", "en"),                     // Rackspace
    (Dead, "address unknown", "en"),                           // XMail, 1&1
    (Dead, "recipient unknown", "en"),                         // MDaemon
    (Dead, "mailbox unknown", "en"),                           // Kerio
    (Dead, "account unknown", "en"),                           // MDaemon
    (Dead, "not our customer", "en"),                          // Critical Path
    (Dead, "no such user", "en"),                              // Gmail, OpenSMTPD, Mail.ru
    (Dead, "no such recipient", "en"),                         // Cisco
    (Dead, "no such mailbox", "en"),                           // Cyrus
    (Dead, "no such address", "en"),                           // FirstClass
    (Dead, "no such account", "en"),                           // Courier
    (Dead, "no such person", "en"),                            // Sendmail derivatives
    (Dead, "no such local user", "en"),                        // Mercury
    (Dead, "no such domain", "en"),                            // GroupWise
    (Dead, "no mailbox here by that name", "en"),              // qmail, vpopmail
    (Dead, "no mailbox by that name", "en"),                   // WebSite hosts
    (Dead, "no mailbox found", "en"),                          // Icewarp
    (Dead, "no account by that name", "en"),                   // Surgemail
    (Dead, "no valid recipient", "en"),                        // MMS gateways, Apple
    (Dead, "no valid recipients", "en"),                       // MMS gateways, Exim
    (Dead, "user not found", "en"),                            // Zimbra, Mail.ru
    (Dead, "user could not be found", "en"),                   // Lotus
    (Dead, "recipient not found", "en"),                       // Exchange
    (Dead, "recipient was not found", "en"),                   // Exchange
    (Dead, "mailbox not found", "en"),                         // QQ, IMail
    (Dead, "account not found", "en"),                         // Rediff
    (Dead, "address not found", "en"),                         // Gmail, Barracuda
    (Dead, "address couldn't be found", "en"),                 // Gmail
    (Dead, "wasn't found at", "en"),                           // Exchange Online
    (Dead, "was not found at", "en"),                          // Exchange Online
    (Dead, "not found in directory", "en"),                    // Sun Messaging Server
    (Dead, "not listed in domino directory", "en"),            // Domino
    (Dead, "not listed in public name", "en"),                 // Lotus Notes
    (Dead, "not a known user", "en"),                          // Exim ACLs
    (Dead, "not a registered", "en"),                          // gateways to proprietary mail
    (Dead, "not a valid user", "en"),                          // SunOS, MailEnable
    (Dead, "not a valid recipient", "en"),                     // Exchange, Exim
    (Dead, "not a valid mailbox", "en"),                       // Axigen
    (Dead, "not a valid address", "en"),                       // Axigen
    (Dead, "invalid recipient", "en"),                         // Trend Micro, Exchange
    (Dead, "invalid recipients", "en"),                        // Trend Micro
    (Dead, "invalid mailbox", "en"),                           // Rackspace
    (Dead, "invalid user", "en"),                              // NetEase, Exim
    (Dead, "bad destination mailbox address", "en"),           // RFC 3463 5.1.1
    (Dead, "bad address", "en"),                               // Sun Messaging Server
    (Dead, "mailbox does not exist", "en"),                    // Yahoo, Zoho
    (Dead, "user does not exist", "en"),                       // Exchange, PowerMTA
    (Dead, "user doesn't exist", "en"),                        // Cox
    (Dead, "account does not exist", "en"),                    // AOL, Gmail
    (Dead, "account that you tried to reach does not exist", "en"), // Gmail
    (Dead, "recipient does not exist", "en"),                  // Exim callouts
    (Dead, "address does not exist", "en"),                    // Exim, Naver
    (Dead, "does not exist here", "en"),                       // MailEnable
    (Dead, "does not exist", "en"),                            // everybody; longer rows above speak of the sender
    (Dead, "doesn't exist", "en"),                             // everybody
    (Dead, "do not exist", "en"),                              // Mirapoint
    (Dead, "user doesn't have", "en"),                         // Yahoo: "This user doesn't have a … account"
    (Dead, "does not have an account", "en"),                  // Comcast
    (Dead, "isn't a user here", "en"),                         // Lycos
    (Dead, "mailbox unavailable", "en"),                       // RFC 5321 §4.2.3: 550
    (Dead, "unrouteable address", "en"),                       // Exim
    (Dead, "unroutable address", "en"),                        // Exim, spelt otherwise
    (Dead, "undeliverable address", "en"),                     // Postfix
    (Dead, "undeliverable mailbox address", "en"),             // Postfix virtual
    (Dead, "no longer exists", "en"),                          // IBM
    (Dead, "no longer valid", "en"),                           // RFC 3463 5.1.6 texts
    (Dead, "no longer in use", "en"),                          // vacation-like aliases
    (Dead, "no longer in service", "en"),                      // NTT
    (Dead, "no longer available", "en"),                       // Microsoft, Rackspace
    (Dead, "no longer accepts mail", "en"),                    // GeoCities
    (Dead, "no longer accept", "en"),                          // closed services
    (Dead, "has moved", "en"),                                 // Sendmail redirect
    (Dead, "user has moved", "en"),                            // Sendmail redirect
    (Dead, "address has changed", "en"),                       // Sendmail redirect
    (Dead, "mailbox has moved", "en"),                         // RFC 3463 5.1.6
    (Dead, "account has been closed", "en"),                   // Gmail, Yahoo
    (Dead, "account closed", "en"),                            // Mail2World
    (Dead, "account has been terminated", "en"),               // Rackspace
    (Dead, "account is closed", "en"),                         // Apple
    (Dead, "account has been deleted", "en"),                  // 126
    (Dead, "host unknown", "en"),                              // Sendmail
    (Dead, "unknown host", "en"),                              // Sun, MDaemon
    (Dead, "unknown domain", "en"),                            // Lotus
    (Dead, "host not found", "en"),                            // Postfix: type=A: Host not found
    (Dead, "host or domain name not found", "en"),             // Postfix
    (Dead, "name service error for name", "en"),               // Postfix, with a permanent status
    (Dead, "couldn't find any host", "en"),                    // qmail
    (Dead, "domain not found", "en"),                          // Postfix
    (Dead, "domain name not found", "en"),                     // PowerMTA
    (Dead, "domain is not valid", "en"),                       // MDaemon
    (Dead, "no mail server", "en"),                            // Yahoo
    (Dead, "unrouteable mail domain", "en"),                   // Exim
    (Dead, "relevant mx records point to non-existent hosts", "en"), // Exim
    (Dead, "name or service not known", "en"),                 // glibc
    (Dead, "nxdomain", "en"),                                  // resolvers
    (Dead, "null mx", "en"),                                   // RFC 7505
    (Dead, "does not accept mail", "en"),                      // Postfix, for RFC 7505
    (Dead, "does not accept any mail", "en"),                  // Exim, for RFC 7505
    (Dead, "accepts no mail", "en"),                           // RFC 7504
    (Dead, "not accepting network messages", "en"),            // RFC 3463 5.3.2, RFC 7504
    (Dead, "recipient no longer on server", "en"),             // MailEnable
    (Dead, "unable to find recipient", "en"),                  // InterMail
    (Dead, "cannot find user", "en"),                          // InterScan
    (Dead, "there is no one at this address", "en"),           // Lotus
    (Dead, "unknown_user", "en"),                              // reason words of APIs
];

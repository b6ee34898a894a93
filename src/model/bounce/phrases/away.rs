//! Answers that no relay wrote.

use super::super::Class::Auto;
use super::Row;

/// Answers of people who are away, of help desks and of those who want a proof first.
pub(super) const AWAY: &[Row] = &[
    (Auto, "out of office", "en"),              // Exchange
    (Auto, "out of the office", "en"),          // everybody
    (Auto, "away from", "en"),                  // vacation(1)
    (Auto, "away until", "en"),                 // vacation(1)
    (Auto, "currently away", "en"),             // vacation(1)
    (Auto, "on vacation", "en"),                // vacation(1)
    (Auto, "on holiday", "en"),                 // everybody
    (Auto, "on leave", "en"),                   // everybody
    (Auto, "automatic reply", "en"),            // Exchange
    (Auto, "auto reply", "en"),                 // Zoho
    (Auto, "auto-reply", "en"),                 // Gmail
    (Auto, "autoreply", "en"),                  // cPanel
    (Auto, "autoresponse", "en"),               // Plesk
    (Auto, "auto response", "en"),              // help desks
    (Auto, "limited access to email", "en"),    // everybody
    (Auto, "limited access to my email", "en"), // everybody
    (Auto, "upon my return", "en"),             // everybody
    (Auto, "when i return", "en"),              // everybody
    (Auto, "will return", "en"),                // everybody
    (Auto, "ticket has been created", "en"),    // OTRS, Zendesk
    (Auto, "we have received your", "en"),      // help desks
    (Auto, "confirm that you sent", "en"),      // challenge and response
    (Auto, "abwesenheit", "de"),                // Exchange
    (Auto, "abwesenheitsnotiz", "de"),          // Exchange
    (Auto, "automatische antwort", "de"),       // Exchange
    (Auto, "nicht im büro", "de"),              // everybody
    (Auto, "nicht im haus", "de"),              // everybody
    (Auto, "im urlaub", "de"),                  // everybody
    (Auto, "réponse automatique", "fr"),        // Exchange
    (Auto, "absent du bureau", "fr"),           // Exchange
    (Auto, "en congé", "fr"),                   // everybody
    (Auto, "respuesta automática", "es"),       // Exchange
    (Auto, "fuera de la oficina", "es"),        // Exchange
    (Auto, "de vacaciones", "es"),              // everybody
    (Auto, "risposta automatica", "it"),        // Exchange
    (Auto, "fuori sede", "it"),                 // Exchange
    (Auto, "fuori ufficio", "it"),              // everybody
    (Auto, "resposta automática", "pt"),        // Exchange
    (Auto, "afwezig", "nl"),                    // Exchange
    (Auto, "автоматический ответ", "ru"),       // Exchange
    (Auto, "автоответ", "ru"),                  // Mail.ru
    (Auto, "в отпуске", "ru"),                  // everybody
    (Auto, "不在", "ja"),                       // everybody
    (Auto, "自動返信", "ja"),                   // everybody
    (Auto, "自动回复", "zh"),                   // QQ
    (Auto, "自動回覆", "zh"),                   // Exchange
];

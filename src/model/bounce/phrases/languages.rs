//! The same in other languages.

use super::super::Class::{Box, Dead, Expired, Sender};
use super::Row;

/// The same in other languages of Europe.
pub(super) const ELSEWHERE: &[Row] = &[
    (Sender, "als spam", "de"),                                  // web.de, GMX, corporate filters
    (Sender, "absender nicht", "de"),                            // Exchange: not allowed, not found
    (Sender, "absenderdomain", "de"),                            // Exchange
    (Sender, "nicht berechtigt", "de"),                          // Exchange 5.7.1
    (Box, "postfach voll", "de"),                                // T-Online
    (Box, "postfach ist voll", "de"),                            // Exchange
    (Box, "postfach des empfängers ist voll", "de"),             // Exchange
    (Box, "speicherplatz", "de"),                                // GMX: not enough of it
    (Box, "konto gesperrt", "de"),                               // hosters
    (Box, "deaktiviert", "de"),                                  // hosters
    (Box, "nachricht ist zu groß", "de"),                        // Exchange
    (Expired, "zeitüberschreitung", "de"),                       // Windows network texts
    (Expired, "verbindung verweigert", "de"),                    // glibc
    (Expired, "nicht erreichbar", "de"),                         // Tobit, Kerio
    (Dead, "benutzer unbekannt", "de"),                          // hosters
    (Dead, "unbekannter benutzer", "de"),                        // Kerio
    (Dead, "empfänger unbekannt", "de"),                         // Tobit David
    (Dead, "unbekannter empfänger", "de"),                       // Tobit David
    (Dead, "empfänger nicht gefunden", "de"),                    // Exchange
    (Dead, "wurde nicht gefunden", "de"),                        // Exchange: "wurde bei … nicht gefunden"
    (Dead, "existiert nicht", "de"),                             // T-Online, Exchange
    (Dead, "adresse ungültig", "de"),                            // Exchange
    (Sender, "courrier indésirable", "fr"),                      // Orange, Exchange
    (Sender, "expéditeur refusé", "fr"),                         // hosters
    (Sender, "non autorisé", "fr"),                              // Exchange 5.7.1
    (Box, "boîte pleine", "fr"),                                 // La Poste
    (Box, "boîte aux lettres pleine", "fr"),                     // Free, Exchange
    (Box, "boîte aux lettres est pleine", "fr"),                 // Exchange
    (Box, "quota dépassé", "fr"),                                // Orange
    (Box, "compte désactivé", "fr"),                             // hosters
    (Box, "compte suspendu", "fr"),                              // hosters
    (Expired, "délai d'attente", "fr"),                          // Exchange: time-out
    (Expired, "connexion refusée", "fr"),                        // glibc
    (Dead, "utilisateur inconnu", "fr"),                         // SFR, hosters
    (Dead, "destinataire inconnu", "fr"),                        // La Poste
    (Dead, "adresse inconnue", "fr"),                            // Free
    (Dead, "adresse d au moins un destinataire invalide", "fr"), // Orange: LPN416
    (Dead, "destinataire invalide", "fr"),                       // Orange
    (Dead, "n'existe pas", "fr"),                                // everybody
    (Dead, "introuvable", "fr"),                                 // Exchange
    (Sender, "correo no deseado", "es"),                         // Exchange, Telefónica
    (Sender, "remitente rechazado", "es"),                       // hosters
    (Box, "buzón lleno", "es"),                                  // Exchange
    (Box, "buzón está lleno", "es"),                             // Exchange
    (Box, "cuota excedida", "es"),                               // Telefónica
    (Box, "cuenta suspendida", "es"),                            // hosters
    (Box, "cuenta deshabilitada", "es"),                         // hosters
    (Expired, "tiempo de espera", "es"),                         // Exchange: time-out
    (Dead, "usuario desconocido", "es"),                         // Telefónica
    (Dead, "destinatario desconocido", "es"),                    // Exchange
    (Dead, "usuario no existe", "es"),                           // hosters
    (Dead, "no existe", "es"),                                   // everybody
    (Dead, "no se encontró", "es"),                              // Exchange
    (Sender, "posta indesiderata", "it"),                        // Exchange
    (Sender, "mittente rifiutato", "it"),                        // Libero
    (Box, "casella piena", "it"),                                // Libero, TIM
    (Box, "spazio esaurito", "it"),                              // Tiscali
    (Box, "quota superata", "it"),                               // Aruba
    (Box, "account sospeso", "it"),                              // Libero
    (Box, "account disabilitato", "it"),                         // Aruba
    (Expired, "tempo scaduto", "it"),                            // hosters
    (Dead, "utente sconosciuto", "it"),                          // Libero
    (Dead, "destinatario sconosciuto", "it"),                    // Exchange
    (Dead, "casella inesistente", "it"),                         // Aruba
    (Dead, "indirizzo inesistente", "it"),                       // TIM
    (Dead, "non esiste", "it"),                                  // everybody
    (Box, "caixa de correio cheia", "pt"),                       // UOL, Exchange
    (Box, "conta desativada", "pt"),                             // UOL
    (Dead, "usuário desconhecido", "pt"),                        // UOL, Terra
    (Dead, "usuário inexistente", "pt"),                         // Locaweb
    (Dead, "não existe", "pt"),                                  // everybody
    (Box, "postvak vol", "nl"),                                  // KPN
    (Box, "postvak is vol", "nl"),                               // Exchange
    (Dead, "gebruiker onbekend", "nl"),                          // KPN, Ziggo
    (Dead, "onbekende gebruiker", "nl"),                         // XS4ALL
    (Dead, "bestaat niet", "nl"),                                // everybody
    (Box, "skrzynka pełna", "pl"),                               // Onet
    (Dead, "nie ma takiego użytkownika", "pl"),                  // WP, Onet
    (Dead, "nie istnieje", "pl"),                                // everybody
    (Dead, "nieznany użytkownik", "pl"),                         // Interia
    (Dead, "böyle bir kullanıcı yok", "tr"),                     // Turkish hosters
    (Sender, "спам", "ru"),                                      // Mail.ru, Rambler
    (Sender, "отправитель отклонен", "ru"),                      // Yandex 360
    (Box, "ящик переполнен", "ru"),                              // Mail.ru, Rambler
    (Box, "почтовый ящик полон", "ru"),                          // Exchange
    (Box, "превышена квота", "ru"),                              // Yandex
    (Box, "ящик заблокирован", "ru"),                            // Mail.ru
    (Box, "учетная запись отключена", "ru"),                     // Exchange
    (Expired, "время ожидания", "ru"),                           // Exchange: time-out
    (Dead, "пользователь не найден", "ru"),                      // Mail.ru, Yandex
    (Dead, "нет такого пользователя", "ru"),                     // Rambler
    (Dead, "пользователь неизвестен", "ru"),                     // Exim translations
    (Dead, "неизвестный пользователь", "ru"),                    // Exim translations
    (Dead, "такого ящика нет", "ru"),                            // Mail.ru
    (Dead, "несуществующий", "ru"),                              // Mail.ru
    (Dead, "не существует", "ru"),                               // everybody
    (Dead, "получатель не найден", "ru"),                        // Exchange
    (Dead, "не найден домен", "ru"),                             // Yandex
];

/// The same in Japanese, Chinese and Korean.
pub(super) const FAR_EAST: &[Row] = &[
    (Sender, "迷惑メール", "ja"),             // providers' filters
    (Sender, "スパム", "ja"),                 // Exchange
    (Box, "受信を拒否", "ja"),                // mobile providers: refused by the recipient
    (Box, "受信拒否", "ja"),                  // mobile providers
    (Box, "メールボックスが一杯", "ja"),      // Exchange
    (Box, "メールボックスがいっぱい", "ja"),  // Exchange
    (Box, "容量を超え", "ja"),                // NTT, KDDI
    (Box, "容量オーバー", "ja"),              // hosters
    (Box, "サイズが大き", "ja"),              // Exchange: too large
    (Box, "権限がない", "ja"),                // Google Groups, Exchange: closed lists
    (Box, "停止され", "ja"),                  // hosters: account stopped
    (Expired, "タイムアウト", "ja"),          // Exchange, hosters
    (Expired, "接続できません", "ja"),        // hosters
    (Dead, "あて先不明", "ja"),               // NTT
    (Dead, "宛先不明", "ja"),                 // hosters
    (Dead, "宛先が見つかりません", "ja"),     // Exchange
    (Dead, "ユーザーが見つかりません", "ja"), // Exchange, Domino
    (Dead, "見つかりません", "ja"),           // Domino: name not found in the directory
    (Dead, "存在しません", "ja"),             // everybody
    (Dead, "存在しない", "ja"),               // everybody
    (Dead, "該当するユーザ", "ja"),           // Domino, hosters: no such user
    (Dead, "使われておりません", "ja"),       // mobile providers: address not in use
    (Sender, "垃圾邮件", "zh"),               // QQ, NetEase
    (Sender, "垃圾郵件", "zh"),               // HiNet
    (Sender, "发件人", "zh"),                 // QQ: about the sender
    (Box, "邮箱已满", "zh"),                  // NetEase, Coremail
    (Box, "郵箱已滿", "zh"),                  // Hong Kong hosters
    (Box, "信箱已滿", "zh"),                  // HiNet
    (Box, "信箱空间不足", "zh"),              // Coremail
    (Box, "邮箱空间不足", "zh"),              // QQ
    (Box, "超出配额", "zh"),                  // Coremail
    (Box, "邮箱已停用", "zh"),                // Aliyun
    (Box, "被禁用", "zh"),                    // Coremail
    (Box, "被冻结", "zh"),                    // NetEase
    (Box, "权限", "zh"),                      // Google Groups, Exchange: closed lists
    (Box, "權限", "zh"),                      // Google Groups, Exchange: closed lists
    (Box, "拒收", "zh"),                      // QQ: refused by the recipient
    (Expired, "连接超时", "zh"),              // Coremail
    (Expired, "連線逾時", "zh"),              // Exchange
    (Expired, "无法连接", "zh"),              // Coremail
    (Dead, "用户不存在", "zh"),               // NetEase, Coremail
    (Dead, "收件人不存在", "zh"),             // Exchange
    (Dead, "地址不存在", "zh"),               // QQ
    (Dead, "邮箱不存在", "zh"),               // Aliyun
    (Dead, "不存在", "zh"),                   // everybody
    (Dead, "未找到收件人", "zh"),             // Exchange
    (Dead, "无此用户", "zh"),                 // Coremail
    (Dead, "使用者未知", "zh"),               // HiNet
    (Dead, "域名不存在", "zh"),               // Coremail
    (Dead, "查無此人", "zh"),                 // HiNet
    (Dead, "존재하지 않는", "ko"),            // Naver, Daum
    (Dead, "사용자를 찾을 수 없", "ko"),      // Exchange
    (Box, "용량이 초과", "ko"),               // Naver
];

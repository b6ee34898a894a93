//! The fixed words that feeds show, in the reader's language where we know it.

use crate::model::entry::Language;

/// Fixed words in one language.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    /// Before the title of an article that is cut off.
    pub continue_reading: &'static str,
    /// What an opened feed is, and what to do with it.
    pub hint: &'static str,
    /// Link to the author's site.
    pub site: &'static str,
    /// Link to the page of all feeds.
    pub feeds: &'static str,
    /// Link to the sign-up form.
    pub sign_up: &'static str,
    /// Heading over categories.
    pub categories: &'static str,
    /// Heading over tags.
    pub tags: &'static str,
    /// Heading over authors.
    pub authors: &'static str,
    /// Heading over languages.
    pub languages: &'static str,
}

const ENGLISH: Words = Words {
    continue_reading: "Continue reading",
    hint: "This is a feed: copy its address into a feed reader, and new articles will come to you.",
    site: "To the site",
    feeds: "All feeds",
    sign_up: "Get it by email",
    categories: "Categories",
    tags: "Tags",
    authors: "Authors",
    languages: "Languages",
};

const GERMAN: Words = Words {
    continue_reading: "Weiterlesen",
    hint: "Dies ist ein Feed: Kopiere seine Adresse in einen Feedreader, und neue Artikel kommen zu dir.",
    site: "Zur Website",
    feeds: "Alle Feeds",
    sign_up: "Per E-Mail bekommen",
    categories: "Kategorien",
    tags: "Schlagwörter",
    authors: "Autoren",
    languages: "Sprachen",
};

const FRENCH: Words = Words {
    continue_reading: "Lire la suite",
    hint: "Ceci est un flux : copiez son adresse dans un lecteur de flux, et les nouveaux articles viendront à vous.",
    site: "Vers le site",
    feeds: "Tous les flux",
    sign_up: "Recevoir par courriel",
    categories: "Catégories",
    tags: "Mots-clés",
    authors: "Auteurs",
    languages: "Langues",
};

const SPANISH: Words = Words {
    continue_reading: "Seguir leyendo",
    hint: "Esto es un canal: copia su dirección en un lector de canales y los artículos nuevos llegarán a ti.",
    site: "Ir al sitio",
    feeds: "Todos los canales",
    sign_up: "Recibir por correo",
    categories: "Categorías",
    tags: "Etiquetas",
    authors: "Autores",
    languages: "Idiomas",
};

/// The words in a language; English where it has none here.
pub fn words(language: Option<&Language>) -> &'static Words {
    match language.map(Language::primary).as_deref() {
        Some("de") => &GERMAN,
        Some("fr") => &FRENCH,
        Some("es") => &SPANISH,
        _ => &ENGLISH,
    }
}

//! The colours of letters and pages, worked out from the few that an author chooses. All are `#rrggbb`.

/// Least contrast of text that people can read (WCAG 2.2, 1.4.3, level AA).
pub const READABLE: f64 = 4.5;

/// The colours of one scheme. None is pure white or black, so that plain inversion in a mail program keeps them readable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Palette {
    /// Links and buttons.
    pub accent: String,
    /// Text on a button.
    pub on_accent: String,
    /// Around the sheet.
    pub background: String,
    /// The sheet that the text stands on.
    pub surface: String,
    /// Text.
    pub text: String,
    /// Bylines and footers.
    pub muted: String,
    /// Rules and frames.
    pub border: String,
}

/// What an author chose for one scheme.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chosen {
    /// Links and buttons.
    pub accent: Option<String>,
    /// Around the sheet.
    pub background: Option<String>,
    /// Text.
    pub text: Option<String>,
}

/// A colour that is hard to read where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Faint {
    /// `accent` or `text`.
    pub role: &'static str,
    /// The colour.
    pub colour: String,
    /// What it stands on.
    pub ground: String,
    /// Their contrast.
    pub contrast: f64,
    /// The nearest colour that can be read, if any can.
    pub nearest: Option<String>,
}

impl Palette {
    /// By day.
    pub fn light(chosen: &Chosen) -> Self {
        let built_in = Self {
            accent: "#8a3b12".to_owned(),
            on_accent: "#fefcf8".to_owned(),
            background: "#f4f0e8".to_owned(),
            surface: "#fefcf8".to_owned(),
            text: "#28231e".to_owned(),
            muted: "#675e54".to_owned(),
            border: "#e2dacd".to_owned(),
        };
        built_in.with(chosen, 65)
    }

    /// By night; what was not chosen for the night follows from what was chosen for the day.
    pub fn dark(chosen: &Chosen, by_day: &Chosen) -> Self {
        let built_in = Self {
            accent: "#f0a878".to_owned(),
            on_accent: "#1b1713".to_owned(),
            background: "#171513".to_owned(),
            surface: "#211e1b".to_owned(),
            text: "#e9e2d8".to_owned(),
            muted: "#aaa194".to_owned(),
            border: "#3b3630".to_owned(),
        };
        let day = Self::light(by_day);
        let is_dark_anyway = luminance(&day.background) < 0.2;
        let follow = |own: &Option<String>, day: &Option<String>, made: &dyn Fn(&str) -> String| {
            let day = day
                .as_ref()
                .map(|colour| if is_dark_anyway { colour.clone() } else { made(colour) });
            own.clone().or(day)
        };
        let chosen = Chosen {
            background: follow(&chosen.background, &by_day.background, &|day| mix(day, "#0c0b0a", 90)),
            text: follow(&chosen.text, &by_day.text, &|day| mix(day, "#f6f2ec", 85)),
            accent: chosen.accent.clone(),
        };
        let night = built_in.with(&chosen, 6);
        match (&chosen.accent, &by_day.accent) {
            (None, Some(day)) => {
                let grounds = [night.surface.as_str(), night.background.as_str()];
                let accent = readable(day, &grounds).unwrap_or_else(|| night.accent.clone());
                night.with(
                    &Chosen {
                        accent: Some(accent),
                        ..Chosen::default()
                    },
                    0,
                )
            }
            _ => night,
        }
    }

    /// These colours with others in their place, and what follows from those. `lift` of the sheet's own colour is mixed
    /// into the background to make the sheet.
    fn with(mut self, chosen: &Chosen, lift: u32) -> Self {
        // The built-in colours go together better than any rule could make them.
        let other = |chosen: &Option<String>, built_in: &str| chosen.clone().filter(|own| own != built_in);
        let accent = other(&chosen.accent, &self.accent);
        let background = other(&chosen.background, &self.background);
        let text = other(&chosen.text, &self.text);
        let is_other_ground = background.is_some() || text.is_some();
        if let Some(accent) = accent {
            self.on_accent = text_on(&accent);
            self.accent = accent;
        }
        if let Some(text) = text {
            self.text = text;
        }
        if let Some(background) = &background {
            self.background.clone_from(background);
            let toward = if luminance(background) < 0.2 {
                &self.text
            } else {
                &self.surface
            };
            self.surface = mix(background, toward, if luminance(background) < 0.2 { 6 } else { lift });
        }
        if is_other_ground {
            self.border = mix(&self.background, &self.text, 14);
            let grounds = [self.surface.as_str(), self.background.as_str()];
            let quiet = mix(&self.text, &self.background, 36);
            let mut louder = (0..=100).map(|share| mix(&quiet, &self.text, share));
            let muted = louder.find(|muted| grounds.iter().all(|ground| is_readable(muted, ground)));
            self.muted = muted.unwrap_or_else(|| self.text.clone());
        }
        self
    }

    /// Which of the author's colours people cannot read well.
    pub fn faint(&self) -> Vec<Faint> {
        let grounds = [self.surface.as_str(), self.background.as_str()];
        let all = [("text", &self.text), ("accent", &self.accent)];
        all.into_iter()
            .filter_map(|(role, colour)| {
                let worst = |one: &&&str, other: &&&str| contrast(colour, one).total_cmp(&contrast(colour, other));
                let ground = *grounds.iter().min_by(worst)?;
                (contrast(colour, ground) < READABLE).then(|| Faint {
                    role,
                    colour: colour.clone(),
                    ground: ground.to_owned(),
                    contrast: contrast(colour, ground),
                    nearest: readable(colour, &grounds),
                })
            })
            .collect()
    }
}

/// Near-white or near-black, whichever is easier to read on `background`; pure where it must be.
fn text_on(background: &str) -> String {
    let better = |light: &'static str, dark: &'static str| {
        if contrast(background, light) >= contrast(background, dark) {
            light
        } else {
            dark
        }
    };
    let soft = better("#fefcf8", "#1b1713");
    if is_readable(soft, background) {
        soft.to_owned()
    } else {
        better("#ffffff", "#000000").to_owned()
    }
}

/// The colour nearest to `colour` that can be read on all `grounds`: made lighter or darker, whichever changes less.
fn readable(colour: &str, grounds: &[&str]) -> Option<String> {
    let mut ways = (0..=100).flat_map(|share| [mix(colour, "#000000", share), mix(colour, "#ffffff", share)]);
    ways.find(|made| grounds.iter().all(|ground| is_readable(made, ground)))
}

/// As it is, and as mail programs show it that turn light into dark by inverting it.
fn is_readable(colour: &str, ground: &str) -> bool {
    contrast(colour, ground) >= READABLE && contrast(&inverted(colour), &inverted(ground)) >= READABLE
}

/// `one` with so many percent of `other`.
fn mix(one: &str, other: &str, percent: u32) -> String {
    let part = |at: usize| {
        let mixed = channel(one, at) * (100 - percent) + channel(other, at) * percent;
        format!("{:02x}", (mixed + 50) / 100)
    };
    format!("#{}{}{}", part(1), part(3), part(5))
}

/// The colour that plain inversion makes of it.
pub fn inverted(colour: &str) -> String {
    let part = |at: usize| format!("{:02x}", 255 - channel(colour, at));
    format!("#{}{}{}", part(1), part(3), part(5))
}

/// One of the three numbers of a colour, 0 to 255.
fn channel(colour: &str, at: usize) -> u32 {
    let value = colour.get(at..at + 2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
    u32::from(value.unwrap_or(0))
}

/// Contrast of two colours (WCAG 2.2, 1.4.3), 1 to 21.
pub fn contrast(one: &str, other: &str) -> f64 {
    let (a, b) = (luminance(one), luminance(other));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn luminance(colour: &str) -> f64 {
    let part = |at: usize| {
        let share = f64::from(channel(colour, at)) / 255.0;
        if share <= 0.04045 {
            share / 12.92
        } else {
            ((share + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pairs(palette: &Palette) -> Vec<(&str, &str)> {
        let Palette {
            accent,
            on_accent,
            background,
            surface,
            text,
            muted,
            ..
        } = palette;
        vec![
            (text, surface),
            (muted, surface),
            (muted, background),
            (accent, surface),
            (accent, background),
            (on_accent, accent),
        ]
    }

    #[test]
    fn a_reader_can_read_the_default_colours_by_day_and_by_night() {
        let none = Chosen::default();
        for palette in [Palette::light(&none), Palette::dark(&none, &none)] {
            for (text, ground) in pairs(&palette) {
                assert!(contrast(text, ground) >= READABLE, "{text} on {ground}");
            }
            assert_eq!(palette.faint(), []);
        }
    }

    #[test]
    fn an_author_is_told_the_nearest_colour_that_can_be_read() {
        let pale = Chosen {
            accent: Some("#f0a878".to_owned()),
            ..Chosen::default()
        };
        let palette = Palette::light(&pale);
        let faint = palette.faint();
        assert_eq!((faint.len(), faint[0].role), (1, "accent"));
        let nearest = faint[0].nearest.clone().unwrap();
        assert!(contrast(&nearest, &palette.background) >= READABLE, "{nearest}");
    }

    #[test]
    fn a_site_that_is_dark_by_day_stays_as_it_is_by_night() {
        let day = Chosen {
            background: Some("#101418".to_owned()),
            text: Some("#d8dee4".to_owned()),
            accent: Some("#7fc8ff".to_owned()),
        };
        let night = Palette::dark(&Chosen::default(), &day);
        assert_eq!((night.background.as_str(), night.text.as_str()), ("#101418", "#d8dee4"));
        assert_eq!(night.accent, "#7fc8ff");
    }

    proptest! {
        #[test]
        fn whatever_an_author_chooses_what_follows_from_it_can_be_read(accent in "#[0-9a-f]{6}", background in "#[0-9a-f]{6}") {
            let day = Chosen { accent: Some(accent), background: Some(background), text: None };
            let night = Palette::dark(&Chosen::default(), &day);
            prop_assert!(contrast(&night.accent, &night.surface) >= READABLE || luminance(&night.background) > 0.05);
            for palette in [Palette::light(&day), night] {
                prop_assert!(contrast(&palette.on_accent, &palette.accent) >= READABLE);
                for faint in palette.faint() {
                    if let Some(nearest) = faint.nearest {
                        prop_assert!(contrast(&nearest, &faint.ground) >= READABLE);
                    }
                }
            }
        }
    }
}

//! Type: the few faces in use, and how wide words are without asking a browser.

use super::ink::Ink;

/// A face: size and weight. A well-set page needs few.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Face {
    /// The name of a lane.
    Title,
    /// The name of a box, a topic or a chart.
    Name,
    /// The same where room is short.
    SmallName,
    /// The same where it is very short.
    TinyName,
    /// Running words.
    Body,
    /// Figures under a name, captions.
    Small,
    /// Axis labels, counts beside strips.
    Tiny,
}

/// On which side of its point a text lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Align {
    /// To the right of it.
    Left,
    /// On both.
    Center,
    /// To the left of it.
    Right,
}

/// How words are set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Type {
    /// Size and weight.
    pub face: Face,
    /// Which side.
    pub align: Align,
    /// Colour.
    pub ink: Ink,
}

macro_rules! font {
    ($style:literal) => {
        concat!(
            $style,
            " system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif"
        )
    };
}

impl Face {
    /// Set to the right of a point.
    #[must_use]
    pub fn left(self, ink: Ink) -> Type {
        Type {
            face: self,
            align: Align::Left,
            ink,
        }
    }

    /// Set on both sides of a point.
    #[must_use]
    pub fn center(self, ink: Ink) -> Type {
        Type {
            face: self,
            align: Align::Center,
            ink,
        }
    }

    /// Set to the left of a point.
    #[must_use]
    pub fn right(self, ink: Ink) -> Type {
        Type {
            face: self,
            align: Align::Right,
            ink,
        }
    }

    /// Size in CSS pixels.
    #[must_use]
    pub fn size(self) -> f32 {
        match self {
            Self::Title => 15.0,
            Self::Name => 12.5,
            Self::SmallName | Self::Small => 11.0,
            Self::Body => 12.0,
            Self::TinyName | Self::Tiny => 10.0,
        }
    }

    /// Whether it is bold.
    #[must_use]
    pub fn bold(self) -> bool {
        matches!(
            self,
            Self::Title | Self::Name | Self::SmallName | Self::TinyName
        )
    }

    /// The CSS font.
    #[must_use]
    pub fn css(self) -> &'static str {
        match self {
            Self::Title => font!("600 15px"),
            Self::Name => font!("600 12.5px"),
            Self::SmallName => font!("600 11px"),
            Self::TinyName => font!("600 10px"),
            Self::Body => font!("12px"),
            Self::Small => font!("11px"),
            Self::Tiny => font!("10px"),
        }
    }

    /// How wide `words` are at most, in CSS pixels.
    #[must_use]
    pub fn width(self, words: &str) -> f32 {
        let hundredths: u32 = words.chars().map(|c| self.advance(c)).sum();
        hundredths as f32 * self.size() / 100.0
    }

    /// How many bytes of `words` fit into `width` together with an ellipsis; all of them if they
    /// fit without.
    #[must_use]
    pub fn fitting(self, words: &str, width: f32) -> usize {
        if self.width(words) <= width {
            return words.len();
        }
        let mut left = width * 100.0 / self.size() - self.advance('…') as f32;
        for (at, c) in words.char_indices() {
            left -= self.advance(c) as f32;
            if left < 0.0 {
                return at;
            }
        }
        words.len()
    }

    /// Hundredths of an em. The table is DejaVu Sans, the widest of the usual system fonts, so
    /// what fits here fits everywhere.
    fn advance(self, c: char) -> u32 {
        let table = if self.bold() { &BOLD } else { &REGULAR };
        match c {
            ' '..='~' => u32::from(table[c as usize - 32]),
            '·' | '\u{2009}' | '‹' => 40,
            '–' => 50,
            '…' | '—' => 100,
            _ => 84,
        }
    }
}

#[rustfmt::skip]
const REGULAR: [u8; 95] = [
    32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 34, 34, 84, 84, 84, 53, 100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79,
    60, 79, 69, 63, 61, 73, 68, 99, 69, 61, 69, 39, 34, 39, 84, 50, 50, 61, 63, 55, 63, 62, 35, 63,
    63, 28, 28, 58, 28, 97, 63, 61, 63, 63, 41, 52, 39, 63, 59, 82, 59, 59, 52, 64, 34, 64, 84,
];
#[rustfmt::skip]
const BOLD: [u8; 95] = [
    35, 46, 52, 84, 70, 100, 87, 31, 46, 46, 52, 84, 38, 42, 38, 37, 70, 70, 70, 70, 70, 70, 70, 70,
    70, 70, 40, 40, 84, 84, 84, 58, 100, 77, 76, 73, 83, 68, 68, 82, 84, 37, 37, 77, 64, 100, 84, 85,
    73, 85, 77, 72, 68, 81, 77, 110, 77, 72, 73, 46, 37, 46, 84, 50, 50, 67, 72, 59, 72, 68, 44, 72,
    71, 34, 34, 67, 34, 104, 71, 69, 72, 72, 49, 60, 48, 71, 65, 92, 65, 65, 58, 71, 37, 71, 84,
];

/// A count as people read it: `1 204`, with a thin space.
pub struct Count(pub u64);

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            n @ 0..1_000 => write!(f, "{n}"),
            n @ 1_000..1_000_000 => write!(f, "{}\u{2009}{:03}", n / 1_000, n % 1_000),
            n => write!(
                f,
                "{}\u{2009}{:03}\u{2009}{:03}",
                n / 1_000_000,
                n / 1_000 % 1_000,
                n % 1_000
            ),
        }
    }
}

/// A count where there is room for four characters: `999`, `1.2k`, `12k`, `3M`.
pub struct Brief(pub u64);

impl std::fmt::Display for Brief {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            n @ 0..1_000 => write!(f, "{n}"),
            n @ 1_000..10_000 => write!(f, "{}.{}k", n / 1_000, n / 100 % 10),
            n @ 10_000..1_000_000 => write!(f, "{}k", n / 1_000),
            n => write!(f, "{}M", n / 1_000_000),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_are_cut_where_an_ellipsis_still_fits() {
        let words = "orders.payment.dead-letters";
        for width in 0..200 {
            let width = width as f32;
            let cut = Face::Name.fitting(words, width);
            if cut < words.len() && cut > 0 {
                assert!(Face::Name.width(&words[..cut]) + Face::Name.width("…") <= width);
            }
        }
        assert_eq!(Face::Name.fitting("né", 1.0), 0);
        assert_eq!(Face::Name.fitting("né", 100.0), 3);
    }

    #[test]
    fn counts_are_grouped_and_brief_ones_stay_brief() {
        assert_eq!(Count(1_204).to_string(), "1\u{2009}204");
        assert_eq!(Count(7_000_012).to_string(), "7\u{2009}000\u{2009}012");
        for n in [0, 999, 1_000, 9_999, 10_000, 999_999, 1_000_000] {
            assert!(Brief(n).to_string().len() <= 4, "{}", Brief(n));
        }
    }
}

//! The colours of the design, as names. Painting says what a thing is; only the canvas knows light
//! from dark.

/// Light or dark paper.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Theme {
    /// Dark ink on light paper.
    #[default]
    Light,
    /// Light ink on dark paper.
    Dark,
}

/// A design token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ink {
    /// What everything lies on.
    Paper,
    /// The inside of a box.
    Card,
    /// Words and numbers to read first, and what belongs to the synchronous shop.
    Main,
    /// Words to read next.
    Muted,
    /// Axis labels, hints.
    Faint,
    /// Thin rules.
    Rule,
    /// Borders, arrows.
    StrongRule,
    /// What the person chose or is doing.
    Accent,
    /// Its background.
    AccentSoft,
    /// What went well.
    Good,
    /// What to look at, and what belongs to the asynchronous shop's records.
    Warn,
    /// Its background.
    WarnSoft,
    /// What stopped.
    Bad,
    /// Its background.
    BadSoft,
    /// The area under the people who wait.
    Mass,
    /// A window that is open, and the one beside it.
    Window(bool),
    /// A key, 0..6.
    Key(u8),
    /// The outline of a key's cell: darker on light paper, lighter on dark.
    KeyEdge(u8),
    /// The outline of a cell that has been read: the same hue, receding.
    KeySoft(u8),
}

const KEYS: [&str; 6] = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9",
];
const EDGES_LIGHT: [&str; 6] = [
    "#00568a", "#a64900", "#007857", "#a8517f", "#a87400", "#1f82ba",
];
const EDGES_DARK: [&str; 6] = [
    "#3d9bd6", "#ef8a3c", "#35c79c", "#e0a0c4", "#f2bf4d", "#8fd0f5",
];
const SOFT_LIGHT: [&str; 6] = [
    "#78aecb", "#dfa077", "#70bda4", "#d0a0ba", "#d3b067", "#85bcdb",
];
const SOFT_DARK: [&str; 6] = [
    "#2d6a90", "#94592d", "#2a8067", "#8d6a80", "#937437", "#5a8299",
];

impl Ink {
    /// How many hues there are.
    pub const HUES: u8 = 6;

    /// The CSS colour.
    #[must_use]
    pub fn css(self, theme: Theme) -> &'static str {
        let (light, dark) = match self {
            Self::Paper => ("#faf8f4", "#12161c"),
            Self::Card => ("#ffffff", "#1a2028"),
            Self::Main => ("#1d2430", "#e6eaf0"),
            Self::Muted => ("#5b6575", "#a3adbb"),
            Self::Faint => ("#646c79", "#8a94a3"),
            Self::Rule => ("#e3ded4", "#2a323d"),
            Self::StrongRule => ("#cfc8ba", "#3a4553"),
            Self::Accent => ("#0b5c6b", "#5cc4d4"),
            Self::AccentSoft => ("#e0eef0", "#16343b"),
            Self::Good => ("#187545", "#5fc58f"),
            Self::Warn => ("#955000", "#e5a04a"),
            Self::WarnSoft => ("#fdf1e0", "#2e2415"),
            Self::Bad => ("#b3261e", "#f2857c"),
            Self::BadSoft => ("#fbecea", "#31201f"),
            Self::Mass => ("#dcdbd9", "#2b313a"),
            Self::Window(false) => ("#f1ede2", "#1a212a"),
            Self::Window(true) => ("#ebe5d7", "#222b36"),
            Self::Key(hue) => return KEYS[usize::from(hue % Self::HUES)],
            Self::KeyEdge(hue) => {
                let hue = usize::from(hue % Self::HUES);
                (EDGES_LIGHT[hue], EDGES_DARK[hue])
            }
            Self::KeySoft(hue) => {
                let hue = usize::from(hue % Self::HUES);
                (SOFT_LIGHT[hue], SOFT_DARK[hue])
            }
        };
        match theme {
            Theme::Light => light,
            Theme::Dark => dark,
        }
    }
}

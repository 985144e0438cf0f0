//! The Sketches page: a stream, one of five sketches that watches it, and what there is to see.
//!
//! [`Setup`] is what a person chose and what a link carries. [`Bench`] plays it: the sketch as it is
//! after so many steps, with the exact answer kept beside. The rest makes pictures, tables and words
//! of a bench.

mod answers;
mod bench;
mod how;
mod picture;
mod stream;
mod tables;
mod words;

pub use answers::answers;
pub use bench::{Bench, Point};
pub use how::how;
pub use picture::{Cell, Picture, Row, Shade};
pub use stream::{MOST_STEPS, Own};
pub use tables::{chart, tables};
pub use words::{asked, explain, title};

use serde::{Deserialize, Serialize};

/// The sketches of the page, in the order of the notes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A fair sample.
    Reservoir,
    /// One register for all items.
    Register,
    /// Many registers.
    #[default]
    Hll,
    /// Membership.
    Bloom,
    /// Frequency.
    CountMin,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Reservoir,
        Self::Register,
        Self::Hll,
        Self::Bloom,
        Self::CountMin,
    ];

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Reservoir => "Reservoir",
            Self::Register => "One register",
            Self::Hll => "HyperLogLog",
            Self::Bloom => "Bloom filter",
            Self::CountMin => "Count-Min",
        }
    }

    /// The question it answers.
    #[must_use]
    pub fn question(self) -> &'static str {
        match self {
            Self::Reservoir => "Which few items speak for all?",
            Self::Register => "How many different items, in one number?",
            Self::Hll => "How many different items, in a few bytes?",
            Self::Bloom => "Was this item ever there?",
            Self::CountMin => "How often did this item come?",
        }
    }

    /// The streams there are for it.
    #[must_use]
    pub fn streams(self) -> &'static [Stream] {
        match self {
            Self::Hll => &[
                Stream::Visitors,
                Stream::Skewed,
                Stream::Distinct,
                Stream::Same,
                Stream::Adversary,
                Stream::Own,
            ],
            Self::Reservoir => &[
                Stream::Notes,
                Stream::Proof,
                Stream::Visitors,
                Stream::Skewed,
                Stream::Adversary,
                Stream::Own,
            ],
            Self::Register | Self::Bloom | Self::CountMin => &[
                Stream::Notes,
                Stream::Visitors,
                Stream::Skewed,
                Stream::Distinct,
                Stream::Same,
                Stream::Adversary,
                Stream::Own,
            ],
        }
    }

    /// Its sizes: what each is called, the least and the most.
    #[must_use]
    pub fn sizes(self) -> &'static [(&'static str, u32, u32)] {
        match self {
            Self::Reservoir => &[("Slots, S", 1, 40)],
            Self::Register => &[],
            Self::Hll => &[("Precision, p", 4, 10)],
            Self::Bloom => &[("Bits, m", 8, 512), ("Hashes, k", 1, 10)],
            Self::CountMin => &[("Counters in a row, w", 2, 64), ("Rows, d", 1, 6)],
        }
    }

    /// What can be switched on, if anything.
    #[must_use]
    pub fn variant(self) -> Option<&'static str> {
        match self {
            Self::Reservoir => Some("Skip by algorithm L"),
            Self::Register => None,
            Self::Hll => Some("Estimate as in 2007"),
            Self::Bloom => Some("Count in each place"),
            Self::CountMin => Some("Conservative update"),
        }
    }

    fn usual_sizes(self) -> [u32; 2] {
        match self {
            Self::Reservoir => [10, 0],
            Self::Register => [0, 0],
            Self::Hll => [6, 0],
            Self::Bloom => [128, 4],
            Self::CountMin => [32, 4],
        }
    }
}

/// What comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// The example of the notes.
    Notes,
    /// The proof of the notes, for a reservoir of 4.
    Proof,
    /// Some of many visitors, each as likely as any other.
    #[default]
    Visitors,
    /// A few often, most seldom.
    Skewed,
    /// Each once.
    Distinct,
    /// One again and again, after a few others.
    Same,
    /// Items chosen by somebody who knows the hash.
    Adversary,
    /// A person's own.
    Own,
}

impl Stream {
    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Notes => "The notes’ example",
            Self::Proof => "The notes’ proof, S = 4",
            Self::Visitors => "Visitors at random",
            Self::Skewed => "A few come often",
            Self::Distinct => "All different",
            Self::Same => "The same again and again",
            Self::Adversary => "An adversary",
            Self::Own => "Your own data",
        }
    }

    /// Whether it is played as the notes have it, with their sizes.
    #[must_use]
    pub fn is_example(self) -> bool {
        matches!(self, Self::Notes | Self::Proof)
    }
}

/// What a person chose: all that a link carries.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Setup {
    /// The sketch.
    pub kind: Kind,
    /// What comes.
    pub stream: Stream,
    /// How many items come, where the stream does not say.
    pub items: u32,
    /// As [`Kind::sizes`].
    pub sizes: [u32; 2],
    /// Whether [`Kind::variant`] is switched on.
    pub variant: bool,
    /// Which stream, and which sample.
    pub seed: u64,
    /// How many steps were played.
    pub at: u32,
    /// The item that is asked for; the latest, if none is.
    pub item: Option<u64>,
}

impl Default for Setup {
    fn default() -> Self {
        Self::of(Kind::default(), Stream::default())
    }
}

/// The numbers of items that a person may choose from.
pub const ITEMS: [u32; 6] = [20, 50, 100, 200, 500, 1_000];

impl Setup {
    /// The beginning of a stream under a sketch of the usual size.
    #[must_use]
    pub fn of(kind: Kind, stream: Stream) -> Self {
        let mut setup = Self {
            kind,
            stream,
            items: match kind {
                Kind::Bloom => 50,
                _ => 200,
            },
            sizes: kind.usual_sizes(),
            variant: false,
            seed: 1,
            at: 0,
            item: None,
        };
        setup.hold();
        setup
    }

    /// The first that a sketch is shown with.
    #[must_use]
    pub fn first_of(kind: Kind) -> Self {
        Self::of(kind, kind.streams()[0])
    }

    /// Brings everything within what there is. What a link says is a person's, and may be anything.
    pub fn hold(&mut self) {
        if !self.kind.streams().contains(&self.stream) {
            self.stream = self.kind.streams()[0];
        }
        if let Some(sizes) = self.example_sizes() {
            self.sizes = sizes;
            self.variant = false;
        }
        for (size, &(_, least, most)) in self.sizes.iter_mut().zip(self.kind.sizes()) {
            *size = (*size).clamp(least, most);
        }
        self.items = self.items.clamp(1, ITEMS[ITEMS.len() - 1]);
        self.variant &= self.kind.variant().is_some();
    }

    /// The sizes of the notes' examples.
    #[must_use]
    pub fn example_sizes(&self) -> Option<[u32; 2]> {
        match (self.kind, self.stream) {
            (Kind::Reservoir, Stream::Notes) => Some([10, 0]),
            (Kind::Reservoir, Stream::Proof) => Some([4, 0]),
            (Kind::Bloom, Stream::Notes) => Some([12, 3]),
            (Kind::CountMin, Stream::Notes) => Some([12, 4]),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;

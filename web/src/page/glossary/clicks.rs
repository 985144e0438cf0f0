//! Words of clickstreams.

use super::{See, Term, see, term};
use crate::ui::{Page, Tab};

const fn clicks(at_s: u64, tab: Tab) -> See {
    See {
        page: Page::Clickstream,
        ..see("clickstream", at_s, tab)
    }
}

pub(super) const CLICKS: [Term; 6] = [
    term(
        "Clickstream",
        "What visitors click, one after the other, as a page sends it home: late now and then, and sometimes not at all.",
        clicks(2_400, Tab::Explain),
    ),
    term(
        "Session window",
        "A visitor’s clicks with no more than a gap between them. It ends a gap after the last, so each click may move its end.",
        clicks(3_960, Tab::Explain),
    ),
    term(
        "Retraction",
        "What was told is taken back, since a late click makes it another: a tombstone for the row that is no more.",
        clicks(4_680, Tab::Explain),
    ),
    term(
        "Symbolization",
        "Each click becomes one of six symbols. All that a model reads of a session is their order.",
        clicks(3_000, Tab::Models),
    ),
    term(
        "Horizontal visibility graph",
        "Two clicks are linked if every click between them is lower than both. Four in a row make one of six motifs.",
        clicks(4_860, Tab::Models),
    ),
    term(
        "Purchase intent",
        "Whether a session will end in a purchase, asked while it goes on. The purchase itself must not be seen, or it tells.",
        clicks(5_100, Tab::Models),
    ),
];

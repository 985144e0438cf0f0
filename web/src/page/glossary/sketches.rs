//! Words of sketches.

use super::{Term, sketch, term};
use millrace::view::sketches::{Kind, Stream};

pub(super) const SKETCHES: [Term; 8] = [
    term(
        "Sketch",
        "A small summary of a stream too big to keep. Its answers are nearly right, and it says how nearly.",
        sketch(Kind::Hll, Stream::Visitors, 200),
    ),
    term(
        "Reservoir sampling",
        "Keeps S items of a stream of unknown length, so that each of the N seen is kept with probability S/N.",
        sketch(Kind::Reservoir, Stream::Notes, 11),
    ),
    term(
        "Cardinality",
        "How many different items there are. To know it exactly one must remember them all.",
        sketch(Kind::Register, Stream::Notes, 64),
    ),
    term(
        "HyperLogLog",
        "Estimates how many different items came from the longest run of zeros in their hashes, in many registers. An item seen again changes nothing.",
        sketch(Kind::Hll, Stream::Distinct, 100),
    ),
    term(
        "Bloom filter",
        "Says whether an item may have been put in, in a few bits for each. No is certain, yes is not.",
        sketch(Kind::Bloom, Stream::Notes, 3),
    ),
    term(
        "False positive",
        "A yes for an item that never came: others set all of its bits. The more bits are set, the more of them.",
        sketch(Kind::Bloom, Stream::Adversary, 50),
    ),
    term(
        "Count-Min sketch",
        "Says how often an item came: the least of its counters, one in each row. Never too low, sometimes too high.",
        sketch(Kind::CountMin, Stream::Notes, 5),
    ),
    term(
        "Heavy hitter",
        "An item that makes up a good part of a stream. Count-Min tells those well: a few items are most of the noise.",
        sketch(Kind::CountMin, Stream::Skewed, 200),
    ),
];

//! Words of two architectures over one log.

use super::{Term, layers, term};

pub(super) const LAYERS: [Term; 7] = [
    term(
        "Lambda architecture",
        "A batch layer counts everything at set times, a speed layer what came since, and a serving layer adds the two.",
        layers("lambda-kappa", 31),
    ),
    term(
        "Batch layer",
        "Scheduled and thorough: it counts every record again. Its answer is as old as its last run, and a run takes longer the more there is.",
        layers("batch-stream", 64),
    ),
    term(
        "Speed layer",
        "Continuous and recent: it counts each record as it comes, until a batch view has it too.",
        layers("lambda-kappa", 45),
    ),
    term(
        "Kappa architecture",
        "One streaming job over a log that is kept. To count again, a second job reads the log from its start.",
        layers("lambda-kappa", 90),
    ),
    term(
        "Reprocessing",
        "Counting again what was counted before, because the code was wrong. It takes N / (μ − λ) to catch up.",
        layers("lambda-kappa", 75),
    ),
    term(
        "Allowed lateness",
        "How long a stream waits for late events. What comes later it drops; a batch takes it in.",
        layers("late-events", 70),
    ),
    term(
        "Freshness",
        "How old the newest event is that an answer knows of.",
        layers("batch-stream", 50),
    ),
];

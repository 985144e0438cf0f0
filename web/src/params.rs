//! What the address asks for: `?embed=1&exam=1&lock=rate,seek&theme=dark&bench=1`.

/// Light, dark, or as the system has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Theme {
    /// As the system has it.
    #[default]
    System,
    /// Paper.
    Light,
    /// Night.
    Dark,
}

impl Theme {
    /// The attribute on the root element, which style.css reads.
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// From that name.
    pub fn by_name(name: &str) -> Option<Self> {
        [Self::System, Self::Light, Self::Dark]
            .into_iter()
            .find(|theme| theme.name() == name)
    }
}

/// The controls that a teacher may freeze, by the names `lock=` takes, and what each covers.
pub const LOCKS: [(&str, &str); 34] = [
    ("play", "play and pause"),
    ("step", "one step back or forward"),
    ("speed", "the speed"),
    ("seek", "the time line"),
    ("fork", "two runs side by side"),
    ("seed", "the seed, the scene and the hunt"),
    ("load", "loading one’s own orders"),
    ("whatif", "the What if… buttons"),
    ("rate", "the arrival rate and bursts"),
    ("skew", "how even the keys are"),
    ("work", "how long work takes"),
    ("workers", "how many workers there are"),
    ("decline", "how often payment declines"),
    ("failure", "how often a service fails"),
    ("stop", "stopping and starting nodes"),
    ("flaw", "the mistakes of the past"),
    ("sending", "how the producer sends"),
    ("acks", "acks"),
    ("partitioning", "how partitions are chosen"),
    ("commit", "when consumers commit"),
    ("wiring", "how the services are wired"),
    ("pause", "pausing consumers"),
    ("rewind", "rewinding a group"),
    ("topics", "making, growing and deleting topics"),
    ("network", "cuts, losses, who chooses what arrives"),
    ("disk", "slow and full disks"),
    ("size", "the size of a sketch, and how many items come"),
    ("window", "windows, engines and their settings"),
    ("events", "moving, adding and removing events"),
    ("code", "the bug, its fix, and counting again"),
    ("batch", "how often the batch layer runs"),
    ("late", "late events, and how long streams wait"),
    ("delivery", "what streams count after a crash"),
    ("retention", "how long the log keeps records"),
];

/// What the address asks for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Params {
    /// One scene with slim controls, in somebody's page.
    pub embed: bool,
    /// No Explain, no seek, no fork.
    pub exam: bool,
    /// Frozen controls: names of [`LOCKS`], or `all`.
    pub lock: Vec<String>,
    /// The theme the address sets, over what the person chose before.
    pub theme: Option<Theme>,
    /// Whether to keep frame times for the bench.
    pub bench: bool,
    /// The seed to begin with, where there is no link.
    pub seed: Option<u64>,
    /// The scenario to begin with, where there is no link.
    pub scenario: Option<String>,
}

impl Params {
    /// Reads a query, with or without its `?`. What it does not know it leaves alone.
    pub fn read(query: &str) -> Self {
        let mut params = Self::default();
        for pair in query.trim_start_matches('?').split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, "1"));
            let on = !matches!(value, "0" | "false" | "no");
            match name {
                "embed" => params.embed = on,
                "exam" => params.exam = on,
                "bench" => params.bench = on,
                "theme" => params.theme = Theme::by_name(value),
                "seed" => params.seed = value.parse().ok(),
                "scenario" => params.scenario = Some(value.to_owned()),
                "lock" => {
                    let names = value.replace("%2C", ",").replace("%2c", ",");
                    let names = names
                        .split(',')
                        .map(|name| name.trim().to_ascii_lowercase());
                    params.lock.clear();
                    params.lock.extend(names.filter(|name| !name.is_empty()));
                }
                _ => {}
            }
        }
        params
    }

    /// Whether a control of this name may not be used.
    pub fn locked(&self, name: &str) -> bool {
        self.lock.iter().any(|lock| lock == name || lock == "all")
            || self.exam && matches!(name, "seek" | "step" | "seed" | "fork")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read() {
        let params = Params::read("?embed=1&theme=dark&lock=rate,%20,Seek%2Cwork&seed=7&x=y&exam");
        assert!(params.embed && params.exam && !params.bench);
        assert_eq!(params.theme, Some(Theme::Dark));
        assert_eq!(params.seed, Some(7));
        assert!(params.locked("rate") && params.locked("work"));
        assert!(!params.locked("sending"));
        assert_eq!(Params::read(""), Params::default());
        assert_eq!(Params::read("embed=0&theme=pink"), Params::default());
    }

    #[test]
    fn an_exam_has_no_way_through_time() {
        let params = Params::read("?exam=1");
        assert!(params.locked("seek") && params.locked("step") && params.locked("seed"));
        assert!(params.locked("fork"));
        assert!(!params.locked("work") && !params.locked("play"));
        assert!(Params::read("?lock=all").locked("work"));
    }
}

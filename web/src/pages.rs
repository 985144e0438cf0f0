//! The pages there are, and the tabs of their side panels.

use millrace::feed::Values;
use millrace::scenario::{self, Scenario};

/// The pages that exist.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Page {
    /// The order pipeline.
    #[default]
    Orders,
    /// Brokers, replicas, controllers.
    Cluster,
    /// Windows over a stream, and what is late.
    Windows,
    /// Sketches of streams too big to keep.
    Sketches,
    /// Lambda against Kappa.
    Layers,
    /// Clicks that become sessions.
    Clickstream,
    /// Glossary, miniatures, exercise.
    Notes,
}

impl Page {
    /// All of them, in the order of the header.
    pub const ALL: [Self; 7] = [
        Self::Orders,
        Self::Cluster,
        Self::Windows,
        Self::Sketches,
        Self::Layers,
        Self::Clickstream,
        Self::Notes,
    ];

    /// In links.
    pub fn name(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Cluster => "cluster",
            Self::Windows => "windows",
            Self::Sketches => "sketches",
            Self::Layers => "layers",
            Self::Clickstream => "clickstream",
            Self::Notes => "notes",
        }
    }

    /// In the header.
    pub fn title(self) -> &'static str {
        match self {
            Self::Orders => "Orders",
            Self::Cluster => "Cluster",
            Self::Windows => "Windows",
            Self::Sketches => "Sketches",
            Self::Layers => "Lambda · Kappa",
            Self::Clickstream => "Clickstream",
            Self::Notes => "Notes",
        }
    }

    /// From its name in links.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|page| page.name() == name)
    }

    /// The page whose scene this is.
    pub fn home(scenario: &Scenario) -> Self {
        match &scenario.feed {
            Some(_) if scenario.layers.is_some() => Self::Layers,
            Some(feed) if matches!(feed.values, Values::Clicks { .. }) => Self::Clickstream,
            Some(_) => Self::Cluster,
            None => Self::Orders,
        }
    }

    /// Its scenes, in the order offered; a page without scenes has no stage.
    pub fn scenes(self) -> Vec<Scenario> {
        match self {
            Self::Orders => scenario::orders::all(),
            Self::Cluster => scenario::cluster::all(),
            Self::Layers => scenario::layers::all(),
            Self::Clickstream => scenario::clickstream::all(),
            Self::Windows | Self::Sketches | Self::Notes => Vec::new(),
        }
    }

    /// Whether it has a stage, on which a run is shown.
    pub fn has_stage(self) -> bool {
        matches!(
            self,
            Self::Orders | Self::Cluster | Self::Layers | Self::Clickstream
        )
    }

    /// Whether it shows something that plays, to link to and to embed.
    pub fn plays(self) -> bool {
        self != Self::Notes
    }

    /// The tabs of its side panel, in order.
    pub fn tabs(self) -> &'static [Tab] {
        match self {
            Self::Cluster => &[
                Tab::Explain,
                Tab::Partition,
                Tab::Topic,
                Tab::Faults,
                Tab::Network,
            ],
            Self::Windows => &[
                Tab::Explain,
                Tab::Results,
                Tab::Events,
                Tab::Work,
                Tab::Code,
            ],
            Self::Layers => &[Tab::Explain, Tab::Topic, Tab::Metrics, Tab::Faults],
            Self::Clickstream => &[Tab::Explain, Tab::Topic, Tab::Models, Tab::Data],
            Self::Sketches => &[Tab::Explain, Tab::How, Tab::Tables, Tab::Data],
            Self::Orders | Self::Notes => &[
                Tab::Explain,
                Tab::Topic,
                Tab::Metrics,
                Tab::Faults,
                Tab::Code,
            ],
        }
    }
}

/// The tabs of the side panel.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Tab {
    /// What is happening now.
    #[default]
    Explain,
    /// One partition: its replicas, its epochs, who keeps what.
    Partition,
    /// The live table of a topic.
    Topic,
    /// Numbers, lag, promises, and every picture as a table.
    Metrics,
    /// Everything a person can do to the shops.
    Faults,
    /// The same as client code.
    Code,
    /// What came out of windows.
    Results,
    /// The events that go into them, and one's own.
    Events,
    /// What windows cost.
    Work,
    /// Which message arrives next.
    Network,
    /// How a sketch answered.
    How,
    /// A sketch as tables.
    Tables,
    /// A person's own data.
    Data,
    /// What models make of a session.
    Models,
}

impl Tab {
    const ALL: [Self; 14] = [
        Self::Explain,
        Self::Partition,
        Self::Topic,
        Self::Metrics,
        Self::Faults,
        Self::Code,
        Self::Results,
        Self::Events,
        Self::Work,
        Self::Network,
        Self::How,
        Self::Tables,
        Self::Data,
        Self::Models,
    ];

    /// In links and element ids.
    pub fn name(self) -> &'static str {
        match self {
            Self::Explain => "explain",
            Self::Partition => "partition",
            Self::Topic => "topic",
            Self::Metrics => "metrics",
            Self::Faults => "faults",
            Self::Code => "code",
            Self::Results => "results",
            Self::Events => "events",
            Self::Work => "work",
            Self::Network => "network",
            Self::How => "how",
            Self::Tables => "tables",
            Self::Data => "data",
            Self::Models => "models",
        }
    }

    /// On the tab.
    pub fn title(self) -> &'static str {
        match self {
            Self::Explain => "Explain",
            Self::Partition => "Partition",
            Self::Topic => "Topic",
            Self::Metrics => "Metrics",
            Self::Faults => "Faults",
            Self::Code => "Code",
            Self::Results => "Results",
            Self::Events => "Events",
            Self::Work => "Work",
            Self::Network => "Network",
            Self::How => "How",
            Self::Tables => "Tables",
            Self::Data => "Your data",
            Self::Models => "Models",
        }
    }

    /// From its name in links; the first tab for any other.
    pub fn by_name(name: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|tab| tab.name() == name)
            .unwrap_or_default()
    }
}

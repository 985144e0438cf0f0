//! Every term of the notes' glossaries that exists in Millrace so far: a sentence each, and the
//! moment of a run that shows it.

mod clicks;
mod layers;
mod sketches;

use crate::ui::{Page, Tab};
use millrace::link::{ENGINE, Link};
use millrace::protocol::{OffsetSpec, Service, Stop};
use millrace::scenario::{CommitMode, Sending};
use millrace::sim::{Acted, Command};
use millrace::time::Time;
use millrace::view::sketches::{Kind, Setup, Stream};
use millrace::view::windows::{Change, Play, Saved, Scene};
use yew::prelude::*;

/// A term.
struct Term {
    name: &'static str,
    says: &'static str,
    see: See,
}

/// The moment that shows it.
struct See {
    scenario: &'static str,
    at_ms: u64,
    page: Page,
    tab: Tab,
    topic: &'static str,
    /// A sketch, what comes, and how much of it.
    sketch: Option<(Kind, Stream, u32)>,
    /// A scene of windows.
    windows: Option<Scene>,
    /// What is done before it, with times in milliseconds.
    doing: fn() -> Vec<(u64, Command)>,
}

fn nothing() -> Vec<(u64, Command)> {
    Vec::new()
}

const fn see(scenario: &'static str, at_s: u64, tab: Tab) -> See {
    See {
        scenario,
        at_ms: at_s * 1_000,
        page: Page::Orders,
        tab,
        topic: "",
        sketch: None,
        windows: None,
        doing: nothing,
    }
}

const fn topic(scenario: &'static str, at_s: u64, topic: &'static str) -> See {
    See {
        topic,
        ..see(scenario, at_s, Tab::Topic)
    }
}

const fn cluster(scenario: &'static str, at_s: u64, tab: Tab) -> See {
    See {
        page: Page::Cluster,
        ..see(scenario, at_s, tab)
    }
}

const fn layers(scenario: &'static str, at_min: u64) -> See {
    See {
        page: Page::Layers,
        ..see(scenario, at_min * 60, Tab::Explain)
    }
}

const fn windows(scene: Scene, at_s: u64) -> See {
    See {
        page: Page::Windows,
        windows: Some(scene),
        ..see(crate::lab::FIRST, at_s, Tab::Explain)
    }
}

const fn sketch(kind: Kind, stream: Stream, at: u32) -> See {
    See {
        page: Page::Sketches,
        sketch: Some((kind, stream, at)),
        ..see(crate::lab::FIRST, 0, Tab::Explain)
    }
}

const fn after(at_s: u64, tab: Tab, doing: fn() -> Vec<(u64, Command)>) -> See {
    See {
        doing,
        ..see("orders", at_s, tab)
    }
}

const fn term(name: &'static str, says: &'static str, see: See) -> Term {
    Term { name, says, see }
}

fn sends(sending: Sending) -> Vec<(u64, Command)> {
    vec![(2_000, Command::SetSending { sending })]
}

const STREAMS: [Term; 13] = [
    term(
        "Event",
        "A fact: something happened, at a time, and that stays true. “Order 813 was placed”, not “place an order”.",
        topic("orders", 8, "orders"),
    ),
    term(
        "Stream",
        "Records that keep coming, in an order, with no last one.",
        see("orders", 10, Tab::Explain),
    ),
    term(
        "Immutable data",
        "What is written is never changed. A correction is another record; read the same offset again and it says the same.",
        topic("orders", 12, "orders"),
    ),
    term(
        "Append-only log",
        "A file that grows at its end only. Here each strip is one: new cells come in at the right, and no cell ever changes.",
        see("orders", 15, Tab::Explain),
    ),
    term(
        "Log-structured storage",
        "Storage built of such logs. Look at a record’s bytes: a batch in Kafka’s own format, as it would lie on disk.",
        topic("orders", 15, "orders"),
    ),
    term(
        "Data store",
        "Where data is kept. A topic is one: what has been read is still in it, which is why a group can be rewound.",
        after(20, Tab::Topic, rewound),
    ),
    term(
        "Stream processing",
        "Work at each record as it comes, and often a new record of what was done: payment reads orders and writes payments.",
        topic("orders", 15, "payments"),
    ),
    term(
        "Stream processing application",
        "A program downstream of a topic. Payment, warehouse and shipping are three of them.",
        see("orders", 15, Tab::Metrics),
    ),
    term(
        "Real-time",
        "Soon after it happened; how soon is part of the task. See how long an answer takes, and how long the shipment.",
        see("orders", 20, Tab::Metrics),
    ),
    term(
        "Message queue",
        "What stands between one who has work and one who does it. A log is one that forgets nothing by being read.",
        see("slow-payment", 30, Tab::Explain),
    ),
    term(
        "Decoupling",
        "One part slow or down, and the others go on. Payment is stopped here; the asynchronous shop answers as ever.",
        see("payment-stops", 16, Tab::Explain),
    ),
    term(
        "Source",
        "Where data comes from: a producer, seen from the log. Here, the asynchronous shop.",
        topic("orders", 6, "orders"),
    ),
    term(
        "Sink",
        "Where data goes to: a consumer that takes it out of the log. Here, shipping.",
        topic("orders", 12, "shipments"),
    ),
];

fn rewound() -> Vec<(u64, Command)> {
    vec![(
        15_000,
        Command::Rewind {
            service: Service::Payment,
            to: OffsetSpec::Earliest,
            partition: None,
        },
    )]
}

const CLUSTER: [Term; 9] = [
    term(
        "Topic",
        "A named log of one kind of event, in partitions. It cannot be queried as a table can, only read.",
        topic("orders", 10, "orders"),
    ),
    term(
        "Partition",
        "One log of a topic. Order is promised inside a partition and nowhere else; a key’s hash says which one.",
        see("hot-key", 25, Tab::Explain),
    ),
    term(
        "Broker",
        "A server that keeps partitions and answers producers and consumers. Here there are three; kill one that leads and see who minds.",
        see("fire-and-forget", 12, Tab::Explain),
    ),
    term(
        "Cluster",
        "Brokers that work together. This one has three, each with a copy of every partition: one may die, and nothing accepted with acks=all is lost.",
        see("orders", 5, Tab::Faults),
    ),
    term(
        "Node",
        "One running machine or process: a broker, a shop, each consumer of a group.",
        see("orders", 5, Tab::Faults),
    ),
    term(
        "Message serialization",
        "From what a program holds to bytes. The shop writes an order as JSON; ask for a record’s bytes to see them.",
        topic("orders", 9, "orders"),
    ),
    term(
        "Message deserialization",
        "From bytes back to what a program holds. The table shows values decoded; the bytes are one press away.",
        topic("orders", 9, "payments"),
    ),
    term(
        "Automatic topic creation",
        "A misspelt name makes a new topic, and nobody complains. The notes say: do not; here is why.",
        see("typo", 15, Tab::Explain),
    ),
    term(
        "Adding partitions",
        "Easy, and it moves keys: a customer’s later orders go to another partition than the earlier ones.",
        see("more-partitions", 25, Tab::Explain),
    ),
];

const PRODUCERS: [Term; 7] = [
    term(
        "Producer",
        "A client that appends records to topics. It learns what became of them only if it asks.",
        see("orders", 6, Tab::Code),
    ),
    term(
        "Synchronous production",
        "Send one record, wait for its acknowledgement, then the next. Safe to reason about, and slow.",
        after(10, Tab::Explain, || sends(Sending::Synchronous)),
    ),
    term(
        "Asynchronous production",
        "Send and go on; a callback tells later what became of the record.",
        after(10, Tab::Explain, || sends(Sending::Callback)),
    ),
    term(
        "Fire and forget",
        "Send and never look. What is still in the buffer when the process dies is gone, and nobody is told.",
        see("fire-and-forget", 20, Tab::Metrics),
    ),
    term(
        "acks",
        "How many copies must have a record before the producer is told: none (0), the leader (1), all in sync (all). Here it is all, of three; with fewer than two in sync the leader refuses.",
        see("orders", 6, Tab::Code),
    ),
    term(
        "Batch size",
        "How many bytes a producer gathers for a partition before it sends (batch.size), unless linger.ms is over first.",
        after(12, Tab::Topic, || {
            vec![(
                10_000,
                Command::Burst {
                    factor: 10.0,
                    for_us: 5_000_000,
                },
            )]
        }),
    ),
    term(
        "Retries",
        "Sending again what was not acknowledged, until delivery.timeout.ms is over. An answer that was lost makes a duplicate.",
        after(14, Tab::Metrics, lost_packets),
    ),
];

fn lost_packets() -> Vec<(u64, Command)> {
    let brokers = || "broker".to_owned();
    vec![
        (
            8_000,
            Command::Stop {
                node: brokers(),
                how: Stop::Killed,
            },
        ),
        (10_000, Command::Start { node: brokers() }),
    ]
}

const CONSUMERS: [Term; 9] = [
    term(
        "Consumer",
        "A client that pulls records at its own pace. Nobody pushes: one that is paused just stops asking.",
        after(15, Tab::Explain, || {
            vec![(
                8_000,
                Command::Pause {
                    service: Service::Payment,
                },
            )]
        }),
    ),
    term(
        "Topic subscription",
        "The topics a consumer says it wants. Payment subscribes to orders, warehouse to payments, shipping to shipments.",
        see("orders", 6, Tab::Code),
    ),
    term(
        "Consumer group",
        "Consumers with one group.id that share a topic’s partitions. Each partition has one reader in the group at a time.",
        see("orders", 12, Tab::Metrics),
    ),
    term(
        "Consumer offset",
        "The next offset a group will read in a partition: the bar on the strip. It is the group’s, and committed by its consumers.",
        see("slow-payment", 20, Tab::Metrics),
    ),
    term(
        "Consumer lag",
        "How many records lie between that position and the end. It is where the wait went.",
        see("slow-payment", 35, Tab::Metrics),
    ),
    term(
        "Rebalance",
        "Members come or go, and the partitions are shared out anew.",
        after(14, Tab::Explain, || {
            vec![(
                12_000,
                Command::SetWorkers {
                    service: Service::Payment,
                    workers: 8,
                },
            )]
        }),
    ),
    term(
        "Group coordinator",
        "The broker that keeps a group’s members and positions, and calls a rebalance.",
        see("auto-commit", 20, Tab::Explain),
    ),
    term(
        "Group leader",
        "The member that works out the assignment; the coordinator only hands it on.",
        after(14, Tab::Explain, || {
            vec![(
                12_000,
                Command::SetWorkers {
                    service: Service::Payment,
                    workers: 3,
                },
            )]
        }),
    ),
    term(
        "Auto-commit",
        "Positions are committed every five seconds, not after each record. Kill a consumer between two commits and its successor does some again.",
        after(18, Tab::Metrics, || {
            vec![
                (
                    2_000,
                    Command::SetCommit {
                        commit: CommitMode::Auto,
                    },
                ),
                (
                    12_000,
                    Command::Stop {
                        node: "payment-1".to_owned(),
                        how: Stop::Killed,
                    },
                ),
            ]
        }),
    ),
];

const COPIES: [Term; 9] = [
    term(
        "Replication",
        "Every partition is kept by several brokers. Nobody forwards: followers fetch from the leader, as consumers do.",
        cluster("cluster", 6, Tab::Explain),
    ),
    term(
        "Leader replica",
        "The copy that takes all writes of its partition, and here all reads. Another takes over when its broker dies.",
        cluster("leader-killed", 20, Tab::Explain),
    ),
    term(
        "In-sync replicas",
        "The copies that have kept up with the leader. With acks=all a record counts when all of them have it; one that falls behind is taken out.",
        cluster("slow-follower", 20, Tab::Partition),
    ),
    term(
        "Committed record",
        "One below the high watermark: every in-sync copy has it, and only then is it given to consumers.",
        cluster("cluster", 8, Tab::Partition),
    ),
    term(
        "Leader epoch",
        "Counts the leaders of a partition. It is how a copy that comes back finds out which of its records were never committed.",
        cluster("acks-one", 32, Tab::Partition),
    ),
    term(
        "Controller",
        "Decides who leads and who is in sync. Three of them keep one log of decisions; while two are up, decisions go on.",
        cluster("no-quorum", 20, Tab::Explain),
    ),
    term(
        "ZooKeeper",
        "What kept the members, the controller and the topics before controllers kept a log of their own. The Partition tab has what it would hold.",
        cluster("cluster", 6, Tab::Partition),
    ),
    term(
        "Retention",
        "How long, or how much of it, a log keeps (retention.ms, retention.bytes). Whole segments go, whether anybody has read them or not.",
        cluster("retention", 45, Tab::Explain),
    ),
    term(
        "Eligible leader replicas",
        "Copies that left the in-sync set with everything that was committed. When the set is empty, one of them may lead (KIP-966).",
        cluster("eligible-leader", 30, Tab::Partition),
    ),
];

/// The chapters.
const CHAPTERS: [(&str, &[Term]); 9] = [
    ("Streams", &STREAMS),
    ("Topics and brokers", &CLUSTER),
    ("Copies", &COPIES),
    ("Producers", &PRODUCERS),
    ("Consumers", &CONSUMERS),
    ("Lambda and Kappa", &layers::LAYERS),
    ("Clickstream", &clicks::CLICKS),
    ("Windows", &WINDOWS),
    ("Sketches", &sketches::SKETCHES),
];

const WINDOWS: [Term; 4] = [
    term(
        "Tumbling window",
        "One after the other, each event in one. It may answer when the watermark has passed its end.",
        windows(Scene::OnTime, 40),
    ),
    term(
        "Sliding window",
        "One begins every so often and they overlap: the last minute, updated every 5 seconds.",
        windows(Scene::Minute, 90),
    ),
    term(
        "Punctuation",
        "The application sends a mark that says: this window is over. Its length is anybody’s guess.",
        windows(Scene::Marks, 39),
    ),
    term(
        "Out-of-order delivery",
        "What happened sooner comes later. Within the watermark’s delay nothing is lost by it.",
        windows(Scene::Late, 78),
    ),
];

/// Terms of the notes that are not here yet.
const LATER: &str = "Compaction and access control come with the pages that show them.";

/// The link to a term's moment.
fn fragment(see: &See) -> Option<String> {
    let commands = (see.doing)();
    let commands = commands.into_iter().map(|(ms, command)| Acted {
        at_us: Time(ms * 1_000),
        instant: None,
        command,
    });
    let link = Link {
        engine: ENGINE.to_owned(),
        scenario: see.scenario.to_owned(),
        seed: crate::lab::FIRST_SEED,
        commands: commands.collect(),
        at_us: Time(see.at_ms * 1_000),
        page: see.page.name().to_owned(),
        tab: see.tab.name().to_owned(),
        topic: see.topic.to_owned(),
        sketch: see.sketch.map(|(kind, stream, at)| Setup {
            at,
            ..Setup::of(kind, stream)
        }),
        windows: see.windows.map(|scene| {
            let mut play = Play::new(scene.setup(), None);
            let at = play.range().from + see.at_ms as i64;
            let _ = play.change(Change::At(at));
            Saved::of(play.setup(), None)
        }),
        ..Link::default()
    };
    link.encode().ok()
}

/// The glossary.
pub fn glossary() -> Html {
    html! {
        <section>
            <h2>{ "Glossary" }</h2>
            { for CHAPTERS.iter().map(|(title, terms)| html! {
                <>
                    <h3>{ *title }</h3>
                    <dl class="terms">{ for terms.iter().map(entry) }</dl>
                </>
            }) }
            <p class="hint">{ LATER }</p>
        </section>
    }
}

fn entry(term: &Term) -> Html {
    let href = fragment(&term.see).map(|fragment| format!("#{fragment}"));
    html! {
        <div>
            <dt>{ term.name }</dt>
            <dd>{ term.says }{ " " }<a {href} aria-label={format!("See it happen: {}", term.name)}>{ "See it happen" }</a></dd>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use millrace::scenario;
    use millrace::sim::Timeline;

    #[test]
    fn every_term_leads_to_a_moment_whose_commands_act() {
        for (_, terms) in CHAPTERS {
            for term in terms {
                let text = fragment(&term.see).expect(term.name);
                let link = Link::open(&text).link.expect(term.name);
                let scenario = scenario::by_name(&link.scenario);
                let scenario = scenario
                    .unwrap_or_else(|| panic!("{}: no scenario {}", term.name, link.scenario));
                let mut timeline = Timeline::new(scenario, link.seed).expect(term.name);
                for acted in link.commands {
                    assert!(acted.at_us < link.at_us, "{}", term.name);
                    timeline.run_until(acted.at_us, u64::MAX);
                    let what = timeline.act(acted.command);
                    assert!(what.is_ok(), "{}: {what:?}", term.name);
                }
                assert!(timeline.run_until(link.at_us, u64::MAX), "{}", term.name);
            }
        }
    }

    #[test]
    fn terms_are_named_once_and_said_in_a_breath() {
        let mut names: Vec<&str> = CHAPTERS
            .iter()
            .flat_map(|(_, terms)| terms.iter())
            .map(|t| t.name)
            .collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        for term in CHAPTERS.iter().flat_map(|(_, terms)| terms.iter()) {
            assert!(term.says.len() < 190, "{}", term.name);
        }
    }
}

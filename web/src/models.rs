//! From the moment shown to what the panels show: the only place that calls the core's views.

mod two;

use crate::aside::{Aside, Chase};
use crate::beside::{Beside, Compared};
use crate::host::Scenes;
use crate::lab::Lab;
use crate::ui::{
    ClicksModels, ClicksNow, ClusterFaultsData, ClusterNow, CodeData, ExplainData, FaultsData,
    MetricsData, NetworkData, NodeState, OwnClicks, Page, PanelData, PartitionData, Snapshot, Tab,
    TopicData, TopicView, Transport,
};
use millrace::id::{OrderId, TopicId, TopicPartition};
use millrace::protocol::Service;
use millrace::sim::{Node, Status, World};
use millrace::time::Time;
use millrace::view::cluster::ClusterScene;
use millrace::view::orders::OrdersScene;
use millrace::view::panel::{Asked, Explain, Text};
use millrace::view::topics::Wanted;
use millrace::view::{
    biography, clickstream, cluster, code, describe, explain, layers, numbers, predict, proposal,
    scene, topics,
};
use std::rc::Rc;

/// How many rows the topic table shows.
const ROWS: usize = 100;
/// How many rows of numbers the Explain tab shows; the Metrics tab has them all.
const NUMBERS: usize = 7;
/// How many rows the short table of the Explain tab shows.
const LIVE: usize = 6;

/// Where a person looks.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Look {
    /// The open tab.
    pub tab: Tab,
    /// The topic table.
    pub topic: TopicView,
    /// The partition whose replicas are shown.
    pub partition: u32,
    /// The record of that partition whose way is shown, by its offset.
    pub record: Option<i64>,
    /// The order whose life is shown.
    pub order: Option<OrderId>,
    /// The session that is looked at.
    pub clicks: clickstream::Look,
    /// The place of the first user shown, of a person's own clicks.
    pub first_user: usize,
}

/// Makes what the panels show. `scenes` has the picture on the stage, already made for this moment,
/// `aside` what is played beside it; `before` is what they show now: what has not changed stays the same value.
pub fn snapshot(
    lab: &Lab,
    look: &Look,
    scenes: &Scenes,
    aside: &Aside,
    before: Option<&Snapshot>,
) -> Snapshot {
    let timeline = lab.timeline();
    let asked = predict::asked(timeline, lab.answers());
    let score = predict::score(&asked);
    let scenario = timeline.scenario();
    let beside = lab.beside().filter(|_| scenes.page == Page::Cluster);
    // Who compares has found something to try.
    let proposed = beside.map_or(proposal::proposal(timeline), |_| "");
    Snapshot {
        transport: transport(lab, before.map(|b| &b.transport)),
        scenario: (scenario.name.clone(), scenario.title.clone()),
        watch: match scenes.own() {
            Some(own) if scenes.page == Page::Clickstream => (own.told(), String::new()),
            _ => (caption(lab), proposed.to_owned()),
        },
        summary: match scenes.page {
            Page::Cluster => cluster::explain::summary(&timeline.moment().world, &scenes.cluster),
            Page::Layers => layers::explain::summary(timeline),
            Page::Clickstream => match scenes.own() {
                Some(own) => own.told(),
                None => clickstream::summary(&scenes.clicks),
            },
            Page::Orders | Page::Windows | Page::Sketches | Page::Notes => summary(&scenes.orders),
        },
        console: match scenes.page {
            Page::Cluster => console(&timeline.moment().world, &scenes.cluster.topic),
            _ => String::new(),
        },
        panel: panel(lab, look, scenes, aside, asked, before.map(|b| &b.panel)),
        score,
        opening: lab.opening(),
        compared: beside.map(|beside| {
            let old = before.and_then(|before| before.compared.as_ref());
            kept(old, compared(lab, beside, scenes))
        }),
        mistaken: timeline.moment().world.flaw().is_some(),
        file: lab.file().map(|file| (file.name.clone(), file.speed)),
    }
}

/// What differs between the two runs.
fn compared(lab: &Lab, beside: &Beside, scenes: &Scenes) -> Compared {
    let (own, other) = (&scenes.cluster, &scenes.beside);
    let both = if beside.is_first() {
        [other, own]
    } else {
        [own, other]
    };
    let runs = beside.sides(lab.timeline());
    Compared {
        first: !beside.is_first(),
        comparison: cluster::compare::compare(runs, both, beside.parting()),
        summary: cluster::explain::summary(&beside.run().moment().world, other),
    }
}

/// The scenario's sentence for this time.
fn caption(lab: &Lab) -> String {
    let (now, scenario) = (lab.timeline().now(), lab.timeline().scenario());
    let latest = scenario.captions.iter().rfind(|c| c.at <= now);
    latest.map_or_else(|| scenario.watch.clone(), |c| c.text.clone())
}

fn transport(lab: &Lab, before: Option<&Transport>) -> Transport {
    let timeline = lab.timeline();
    let (player, played) = (lab.player(), timeline.played());
    let markers = millrace::view::markers::markers(timeline);
    let forks: Vec<Time> = timeline.forks().iter().map(|fork| fork.at).collect();
    Transport {
        now: timeline.now(),
        played,
        end: lab.end(),
        latest: timeline.scenario().latest(),
        hours: timeline.scenario().hours,
        playing: player.playing(),
        speed: player.speed(),
        behind: player.behind(),
        seed: timeline.seed(),
        markers: kept(before.map(|b| &b.markers), markers),
        forks: kept(before.map(|b| &b.forks), forks),
    }
}

/// The old value if the new one is the same, so that a comparison is one of addresses.
fn kept<T: PartialEq>(old: Option<&Rc<T>>, new: T) -> Rc<T> {
    match old {
        Some(old) if **old == new => old.clone(),
        _ => Rc::new(new),
    }
}

fn panel(
    lab: &Lab,
    look: &Look,
    scenes: &Scenes,
    aside: &Aside,
    asked: Vec<Asked>,
    before: Option<&PanelData>,
) -> PanelData {
    macro_rules! same {
        ($kind:ident, $new:expr) => {{
            let old = match before {
                Some(PanelData::$kind(old)) => Some(old),
                _ => None,
            };
            PanelData::$kind(kept(old, $new))
        }};
    }
    let scene = &scenes.orders;
    if scenes.page == Page::Cluster {
        match look.tab {
            Tab::Partition => return same!(Partition, partition_data(lab, look, &scenes.cluster)),
            Tab::Faults => {
                return same!(ClusterFaults, cluster_faults(lab, &scenes.cluster, aside));
            }
            Tab::Network => return same!(Network, network_data(lab, look)),
            Tab::Topic => {}
            _ => {
                return same!(ClusterNow, cluster_now(lab, look, &scenes.cluster, asked));
            }
        }
    }
    if scenes.page == Page::Layers {
        match look.tab {
            Tab::Topic => {}
            Tab::Metrics => return same!(LayersMetrics, two::metrics(lab, &scenes.layers)),
            Tab::Faults => return same!(LayersFaults, two::faults(lab)),
            _ => return same!(LayersNow, two::now(lab, asked)),
        }
    }
    if scenes.page == Page::Clickstream {
        match look.tab {
            Tab::Topic => {}
            Tab::Models => return same!(ClicksModels, clicks_models(lab, scenes)),
            Tab::Data => return same!(ClicksOwn, own_clicks(look, scenes)),
            _ => return same!(ClicksNow, clicks_now(lab, look, scenes, asked)),
        }
    }
    match look.tab {
        Tab::Topic => {
            let old = match before {
                Some(PanelData::Topic(old)) => Some(&**old),
                _ => None,
            };
            same!(Topic, topic_data(lab, look, old))
        }
        Tab::Metrics => same!(Metrics, metrics_data(lab, scene)),
        Tab::Faults => same!(Faults, faults_data(lab, scene)),
        Tab::Code => same!(Code, code_data(lab)),
        // The others are of other pages.
        _ => same!(Explain, explain_data(lab, asked)),
    }
}

fn explain_data(lab: &Lab, asked: Vec<Asked>) -> ExplainData {
    let timeline = lab.timeline();
    let moment = timeline.moment();
    let live_topic = first_topic(&moment.world);
    let wanted = Wanted {
        most: LIVE,
        ..Wanted::default()
    };
    let mut numbers = numbers::numbers(moment, timeline.now());
    numbers.rows.truncate(NUMBERS);
    let mut explain = explain::explain(timeline);
    if explain.hint == timeline.scenario().try_this {
        // It stands under the stage already.
        explain.hint.clear();
    }
    ExplainData {
        explain,
        asked,
        what_if: explain::what_if(timeline),
        numbers,
        live: topics::topic_rows(&moment.world, &live_topic, &wanted),
        live_topic,
        promises: numbers::promises(moment),
    }
}

fn first_topic(world: &World) -> String {
    let first = scene::topic_order(world).first().copied();
    first.map_or_else(String::new, |topic| world.topic_name(topic).to_string())
}

fn all_topics(world: &World) -> Vec<(String, u32)> {
    let topics = scene::topic_order(world).into_iter();
    topics
        .map(|topic| (world.topic_name(topic).to_string(), world.partitions(topic)))
        .collect()
}

/// The partition looked at.
pub fn partition(world: &World, look: &Look) -> TopicPartition {
    let named = world.topic_id(&look.topic.topic);
    let first = || scene::topic_order(world).first().copied();
    let topic = named.or_else(first).unwrap_or(TopicId(0));
    cluster::scene::chosen(world, TopicPartition::new(topic, look.partition))
}

fn cluster_now(lab: &Lab, look: &Look, scene: &ClusterScene, asked: Vec<Asked>) -> ClusterNow {
    let timeline = lab.timeline();
    let moment = timeline.moment();
    let at = partition(&moment.world, look);
    ClusterNow {
        explain: cluster::explain::explain(timeline, at),
        asked,
        what_if: cluster::explain::what_if(timeline, at),
        replicas: cluster::tables::replicas(scene),
        if_it_died: cluster::fate::if_it_died(&moment.world, at),
        promises: numbers::promises(moment),
    }
}

fn clicks_now(lab: &Lab, look: &Look, scenes: &Scenes, asked: Vec<Asked>) -> ClicksNow {
    let (timeline, scene) = (lab.timeline(), &scenes.clicks);
    let users = scene.rows.iter().map(|row| row.user.clone()).collect();
    let (visitor, courses) = (
        look.clicks.visitor,
        scene.chosen.as_ref().map(clickstream::course_table),
    );
    let sessions = clickstream::sessions_table(scene);
    if let Some(own) = scenes.own() {
        let explain = Explain {
            heading: own.name().to_owned(),
            now: Text::default().say(own.told()),
            hint:
                "Press a session to see it in its three layers. The tab Your data has the totals."
                    .into(),
        };
        return ClicksNow {
            explain,
            users,
            visitor,
            courses,
            sessions,
            own: true,
            ..ClicksNow::default()
        };
    }
    let moment = timeline.moment();
    ClicksNow {
        explain: clickstream::explain(timeline, scene),
        asked,
        what_if: clickstream::what_if(timeline),
        users,
        visitor,
        courses,
        live: clickstream::live_table(timeline, LIVE),
        sessions,
        promises: numbers::promises(moment),
        own: false,
    }
}

fn own_clicks(look: &Look, scenes: &Scenes) -> OwnClicks {
    let Some(own) = &scenes.own else {
        return OwnClicks::default();
    };
    if !own.is_done() {
        return OwnClicks {
            progress: Some(own.progress()),
            ..OwnClicks::default()
        };
    }
    OwnClicks {
        progress: None,
        told: own.told(),
        tables: own.tables(),
        bad: own.bad(),
        first: look.first_user,
        users: own.users(),
    }
}

fn clicks_models(lab: &Lab, scenes: &Scenes) -> ClicksModels {
    let chosen = scenes.clicks.chosen.as_ref();
    ClicksModels {
        courses: chosen.map(clickstream::course_table),
        moved: chosen.map(|chosen| clickstream::moved_table(chosen, 12)),
        totals: match scenes.own() {
            Some(own) => own.tables(),
            None => clickstream::totals(lab.timeline()),
        },
        measured: scenes.heavy.tables(),
        missing: scenes.heavy.missing.clone(),
    }
}

fn network_data(lab: &Lab, look: &Look) -> NetworkData {
    let moment = lab.timeline().moment();
    let world = &moment.world;
    let at = partition(world, look);
    NetworkData {
        choices: cluster::network::choices(moment, at),
        if_it_died: cluster::fate::if_it_died(world, at),
        what_if: cluster::explain::what_if(lab.timeline(), at),
        now: lab.timeline().now(),
        acks: world.settings().acks,
    }
}

fn partition_data(lab: &Lab, look: &Look, scene: &ClusterScene) -> PartitionData {
    let (moment, now) = (lab.timeline().moment(), lab.timeline().now());
    let world = &moment.world;
    let topic = world.topic_id(&scene.topic);
    let at = partition(world, look);
    PartitionData {
        tables: cluster::tables::tables(world, scene),
        record: look
            .record
            .map(|offset| cluster::record::story(moment, now, at, offset)),
        znodes: cluster::zookeeper::znodes(world, scene),
        partitions: topic.map_or(0, |topic| world.partitions(topic)),
        console: console(world, &scene.topic),
        scene: scene.clone(),
    }
}

fn cluster_faults(lab: &Lab, scene: &ClusterScene, aside: &Aside) -> ClusterFaultsData {
    let world = &lab.timeline().moment().world;
    let topic = world.topic_id(&scene.topic);
    let stays = |node: &Node| {
        matches!(
            node,
            Node::Broker(_) | Node::Controller(_) | Node::StreamWorker(_)
        )
    };
    ClusterFaultsData {
        settings: world.settings().clone(),
        disks: cluster::disks::ailing(world)
            .map(|(name, what)| (name.to_owned(), what))
            .collect(),
        nodes: world
            .nodes()
            .filter(|(.., node)| stays(node))
            .map(|(id, name, status, _)| {
                let state = match status {
                    Status::Up if world.is_frozen(id) => NodeState::Frozen,
                    Status::Up => NodeState::Up,
                    _ => NodeState::Down,
                };
                (name.to_owned().into(), state)
            })
            .collect(),
        topic: (
            scene.topic.clone(),
            topic.map_or(0, |topic| world.partitions(topic)),
        ),
        flaw: world.flaw(),
        hunt: aside.hunt.as_ref().map(Chase::data),
        crashes: aside
            .strip
            .as_ref()
            .and_then(|strip| strip.data(lab.timeline())),
    }
}

fn topic_data(lab: &Lab, look: &Look, old: Option<&TopicData>) -> TopicData {
    let moment = lab.timeline().moment();
    let world = &moment.world;
    let mut view = look.topic.clone();
    let topics = all_topics(world);
    if !topics.iter().any(|(name, _)| *name == view.topic) {
        view.topic = first_topic(world);
    }
    let wanted = Wanted {
        partition: None,
        key: view.filter.clone(),
        from: view.from,
        most: ROWS,
    };
    let rows = match old {
        Some(old) if view.frozen && old.view.topic == view.topic => old.rows.clone(),
        _ => topics::topic_rows(world, &view.topic, &wanted),
    };
    let bytes = view.bytes.map(|(partition, offset)| {
        let dump = topics::record_bytes(world, &view.topic, partition, offset);
        dump.unwrap_or_else(|| format!("{}-{partition} has no offset {offset}.", view.topic))
    });
    let life = look.order.map(|order| topics::life(moment, order));
    let now = lab.timeline().now();
    let courses = look
        .order
        .map(|order| biography::courses(moment, now, order));
    TopicData {
        topics,
        describe: described(&moment.world, &view.topic),
        view,
        rows,
        bytes,
        order: look.order,
        life: life.unwrap_or_default(),
        courses: courses.unwrap_or_default(),
    }
}

/// As `kafka-topics.sh --describe` prints it; nothing while there is no topic to show.
fn described(world: &World, topic: &str) -> String {
    if topic.is_empty() {
        return String::new();
    }
    describe::describe(world, topic).unwrap_or_else(|why| why.to_string())
}

/// A console in which somebody asks for the topic.
fn console(world: &World, topic: &str) -> String {
    let described = described(world, topic);
    format!(
        "$ kafka-topics --bootstrap-server broker-1:9092 --describe --topic {topic}\n{described}"
    )
}

fn metrics_data(lab: &Lab, scene: &OrdersScene) -> MetricsData {
    let timeline = lab.timeline();
    let (moment, now) = (timeline.moment(), timeline.now());
    MetricsData {
        numbers: numbers::numbers(moment, now),
        lag: numbers::lag(&moment.world),
        lags: moment.metrics.samples().map(|sample| sample.lag).collect(),
        load: numbers::load(&moment.world),
        promises: numbers::promises(moment),
        scene: Rc::new(scene.clone()),
        unfinished: scene::unfinished(&moment.metrics),
        answers: scene::answers(&moment.metrics, now),
    }
}

fn faults_data(lab: &Lab, scene: &OrdersScene) -> FaultsData {
    let world = &lab.timeline().moment().world;
    let settings = world.settings();
    let station = |n: usize| scene.async_.stations.get(n + 1);
    FaultsData {
        up: std::array::from_fn(|n| station(n).map_or(0, |s| s.up)),
        nodes: world
            .nodes()
            .filter(|(.., node)| !matches!(node, Node::Customers(_)))
            .map(|(_, name, status, _)| (name.to_owned().into(), status == Status::Up))
            .collect(),
        partitions: Service::ALL.map(|service| {
            let topic = world.read_by(service);
            topic.map_or(0, |topic| world.partitions(topic))
        }),
        paused: settings.paused,
        settings: settings.clone(),
    }
}

fn code_data(lab: &Lab) -> CodeData {
    let listings = code::listings(&lab.timeline().moment().world);
    CodeData { listings }
}

/// The picture in one sentence.
fn summary(scene: &OrdersScene) -> String {
    let waiting = |n: u32| {
        if n == 1 {
            "1 customer".to_owned()
        } else {
            format!("{n} customers")
        }
    };
    let behind: i64 = scene
        .topics
        .iter()
        .flat_map(|topic| &topic.strips)
        .map(|strip| strip.log_end - strip.committed.iter().min().unwrap_or(&strip.log_end))
        .sum();
    format!(
        "At {}: {} waiting in the synchronous shop, {} in the asynchronous shop, and {behind} records not yet read by the group that is furthest behind in each partition.",
        scene.now,
        waiting(scene.sync.waiting_total),
        waiting(scene.async_.waiting_total),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use millrace::view::orders::{Strip, TopicScene};

    #[test]
    fn the_picture_has_a_sentence() {
        let mut scene = OrdersScene::default();
        scene.sync.waiting_total = 1;
        scene.topics.push(TopicScene {
            strips: vec![Strip {
                log_end: 20,
                committed: vec![12, 15],
                ..Default::default()
            }],
            ..Default::default()
        });
        let text = summary(&scene);
        assert!(text.contains("1 customer waiting"), "{text}");
        assert!(text.contains("8 records"), "{text}");
    }
}

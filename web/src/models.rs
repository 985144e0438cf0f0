//! From the moment shown to what the panels show: the only place that calls the core's views.

use crate::lab::Lab;
use crate::ui::{
    CodeData, ExplainData, FaultsData, MetricsData, PanelData, Snapshot, Tab, TopicData, TopicView,
    Transport,
};
use millrace::id::OrderId;
use millrace::protocol::Service;
use millrace::sim::{Node, Status, World};
use millrace::time::Time;
use millrace::view::orders::OrdersScene;
use millrace::view::panel::Asked;
use millrace::view::topics::Wanted;
use millrace::view::{
    biography, code, describe, explain, numbers, predict, proposal, scene, topics,
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
    /// The order whose life is shown.
    pub order: Option<OrderId>,
}

/// Makes what the panels show. `scene` is the picture on the stage, already made for this moment;
/// `before` is what they show now: what has not changed stays the same value.
pub fn snapshot(
    lab: &Lab,
    look: &Look,
    scene: &OrdersScene,
    before: Option<&Snapshot>,
) -> Snapshot {
    let timeline = lab.timeline();
    let asked = predict::asked(timeline, lab.answers());
    let score = predict::score(&asked);
    let scenario = timeline.scenario();
    Snapshot {
        transport: transport(lab, before.map(|b| &b.transport)),
        scenario: (scenario.name.clone(), scenario.title.clone()),
        watch: (caption(lab), proposal::proposal(timeline).to_owned()),
        summary: summary(scene),
        panel: panel(lab, look, scene, asked, before.map(|b| &b.panel)),
        score,
        opening: lab.opening(),
        file: lab.file().map(|file| (file.name.clone(), file.speed)),
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
    scene: &OrdersScene,
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
    match look.tab {
        Tab::Explain => same!(Explain, explain_data(lab, scene, asked)),
        Tab::Topic => {
            let old = match before {
                Some(PanelData::Topic(old)) => Some(&**old),
                _ => None,
            };
            same!(Topic, topic_data(lab, look, scene, old))
        }
        Tab::Metrics => same!(Metrics, metrics_data(lab, scene)),
        Tab::Faults => same!(Faults, faults_data(lab, scene)),
        Tab::Code => same!(Code, code_data(lab)),
    }
}

fn explain_data(lab: &Lab, scene: &OrdersScene, asked: Vec<Asked>) -> ExplainData {
    let timeline = lab.timeline();
    let moment = timeline.moment();
    let live_topic = first_topic(scene);
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

fn first_topic(scene: &OrdersScene) -> String {
    let first = scene.topics.first();
    first.map_or_else(String::new, |t| t.name.clone())
}

fn all_topics(scene: &OrdersScene) -> Vec<(String, u32)> {
    let topics = scene.topics.iter();
    topics
        .map(|topic| (topic.name.clone(), topic.strips.len() as u32))
        .collect()
}

fn topic_data(lab: &Lab, look: &Look, scene: &OrdersScene, old: Option<&TopicData>) -> TopicData {
    let moment = lab.timeline().moment();
    let world = &moment.world;
    let mut view = look.topic.clone();
    if !scene.topics.iter().any(|t| t.name == view.topic) {
        view.topic = first_topic(scene);
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
        topics: all_topics(scene),
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

//! Who leads, what is committed, what would be lost: one partition in words and tables, made from
//! the run's own numbers.

use super::ClusterScene;
use super::fate::replica;
use super::scene::{number, numbers, parts_at, stopped};
use crate::cluster::election::PartitionState;
use crate::id::{NodeId, TopicPartition};
use crate::protocol::{Acks, Stop};
use crate::sim::{Command, Happening, Leadership, Moment, Status, Timeline, World};
use crate::time::{Span, Time};
use crate::view::panel::{Explain, Table, Text, WhatIf};

/// How long an election stays the news.
const NEWS: Span = Span::secs(20);

/// Explains the moment shown as far as it concerns one partition.
#[must_use]
pub fn explain(timeline: &Timeline, at: TopicPartition) -> Explain {
    let Some(view) = View::new(timeline, at) else {
        return Explain {
            heading: "There is no topic".into(),
            ..Explain::default()
        };
    };
    let mut told = view
        .no_controller()
        .or_else(|| view.no_leader())
        .or_else(|| view.leader_down())
        .or_else(|| view.elected())
        .or_else(|| view.too_few())
        .or_else(|| view.shrunk())
        .unwrap_or_else(|| view.calm());
    for words in [view.divergent(), view.committed()].into_iter().flatten() {
        told.now = told.now.say(format!(" {words}"));
    }
    told
}

/// Every replica of a partition: what it is, where it ends, what it knows to be committed.
#[must_use]
pub fn replicas(scene: &ClusterScene) -> Table {
    let rows = scene.ruler().map(|(broker, replica)| {
        let role = match broker.status {
            Status::Down if broker.fenced => "down, fenced".to_owned(),
            Status::Down => format!("{}, down", replica.role.words()),
            _ if broker.fenced => "fenced".to_owned(),
            _ => replica.role.words().to_owned(),
        };
        vec![
            format!("broker {}", broker.number),
            role,
            replica.log_end.to_string(),
            replica.high_watermark.to_string(),
            replica.leader_epoch.to_string(),
        ]
    });
    Table {
        caption: format!("The replicas of {}", scene.chosen_name()),
        heads: ["replica", "role", "log end", "HW", "epoch"]
            .map(String::from)
            .into(),
        rows: rows.collect(),
    }
}

struct View<'a> {
    timeline: &'a Timeline,
    moment: &'a Moment,
    world: &'a World,
    at: TopicPartition,
    state: &'a PartitionState,
    name: String,
}

impl<'a> View<'a> {
    fn new(timeline: &'a Timeline, at: TopicPartition) -> Option<Self> {
        let moment = timeline.moment();
        let world = &moment.world;
        Some(Self {
            timeline,
            moment,
            world,
            at,
            state: world.cluster().partition(at)?,
            name: format!("{}-{}", world.topic_name(at.topic), at.partition),
        })
    }

    fn number(&self, node: NodeId) -> u32 {
        number(self.world, node)
    }

    /// `broker 2`, `brokers 2 and 3`, `nobody`.
    fn brokers(&self, nodes: impl IntoIterator<Item = NodeId>) -> String {
        let mut numbers: Vec<String> = nodes
            .into_iter()
            .map(|n| self.number(n).to_string())
            .collect();
        match numbers.pop() {
            None => "nobody".into(),
            Some(only) if numbers.is_empty() => format!("broker {only}"),
            Some(last) => format!("brokers {} and {last}", numbers.join(", ")),
        }
    }

    /// How long the controller waits for a broker's heartbeat.
    fn timeout(&self) -> Span {
        Span::millis(self.timeline.scenario().cluster.broker_session_timeout_ms)
    }

    /// When and how a broker's process last ended.
    fn ended(&self, node: NodeId) -> Option<(Time, Stop)> {
        let mut entries = self.moment.chronicle.entries().rev();
        entries.find_map(|(stamp, what)| match *what {
            Happening::Stopped(who, how) if who == node => Some((stamp.at, how)),
            _ => None,
        })
    }

    fn no_controller(&self) -> Option<Explain> {
        let controllers = self.world.controller_ids();
        if self.world.active_controller().is_some() {
            return None;
        }
        let up = controllers
            .iter()
            .filter(|&&c| self.world.status(c) != Status::Down)
            .count();
        let (all, most) = (controllers.len(), controllers.len() / 2 + 1);
        Some(Explain {
            heading: "Who decides who leads?".into(),
            now: Text::default()
                .stress("No controller is active: ")
                .say(format!(
                    "{up} of {all} run, and {most} of them must agree. Brokers go on serving what \
                     they lead, but nobody can be fenced, elected, or taken into an in-sync set."
                )),
            hint: "Start a controller: the quorum elects one within seconds.".into(),
        })
    }

    fn no_leader(&self) -> Option<Explain> {
        if self.state.leader.is_some() {
            return None;
        }
        let eligible = self.brokers(self.state.elr.iter().copied());
        let words = if self.state.elr.is_empty() {
            let last = self.brokers(self.state.isr.iter().copied());
            format!(" Only {last}, the last in sync, can lead without losing anything.")
        } else {
            format!(
                " The in-sync set is empty, but {eligible} had everything committed when it left it, \
                 and nothing was committed since: an eligible leader replica (KIP-966) may lead as soon \
                 as it is back."
            )
        };
        Some(Explain {
            heading: format!("Why does nobody lead {}?", self.name),
            now: Text::default()
                .stress(format!("{} has no leader.", self.name))
                .say(" Nobody who has all committed records is alive, and an unclean election is not allowed.")
                .say(words),
            hint: "Start a broker that was in sync last, or that is eligible.".into(),
        })
    }

    fn leader_down(&self) -> Option<Explain> {
        let leader = self
            .state
            .leader
            .filter(|&l| self.world.status(l) == Status::Down)?;
        let (at, how) = self.ended(leader)?;
        let timeout = self.timeout();
        Some(Explain {
            heading: format!("Who leads {} now?", self.name),
            now: Text::default()
                .say(format!("Broker {} {} at {at}. ", self.number(leader), was(how)))
                .stress("The controller does not know it yet")
                .say(format!(
                    ": it fences a broker from which it has heard nothing for {timeout} \
                     (broker.session.timeout.ms). Until then broker {} is still the leader on paper, \
                     and nobody can write to {} or read from it.",
                    self.number(leader),
                    self.name
                )),
            hint: "Play on, and watch the metadata log.".into(),
        })
    }

    /// The last change of this partition's leader.
    fn election(&self) -> Option<(Time, Option<Leadership>, Leadership)> {
        let mut entries = self.moment.chronicle.entries().rev();
        entries.find_map(|(stamp, what)| match *what {
            Happening::Changed { at, was, is } if at == self.at && is.begins_epoch(was) => {
                Some((stamp.at, was, is))
            }
            _ => None,
        })
    }

    fn elected(&self) -> Option<Explain> {
        let (at, _, is) = self.election()?;
        let leader = is.leader?;
        if self.timeline.now().since(at) > NEWS || Some(leader) != self.state.leader {
            return None;
        }
        let before = self.before(at);
        let mut now = Text::default();
        if let Some(before) = before.filter(|&before| before != leader) {
            let old = self.number(before);
            let ended = self.ended(before).filter(|(ended, _)| *ended <= at);
            let fenced = self.fenced(before).filter(|fenced| *fenced <= at);
            now = match (ended, fenced) {
                (Some((ended, how)), Some(fenced)) if fenced >= ended => now.say(format!(
                    "Broker {old} {} at {ended}. At {fenced}, after {} without a heartbeat, the \
                     controller fenced it. ",
                    was(how),
                    self.timeout()
                )),
                (_, Some(fenced)) => now.say(format!(
                    "At {fenced} the controller fenced broker {old}, from which it no longer heard. "
                )),
                _ => now.say(format!("Broker {old} handed over before it stopped. ")),
            };
        }
        let why = if is.unclean {
            "although it was not in sync: the election was unclean"
        } else if self.state.preferred() == Some(leader) {
            "the first of its replicas, which leads whenever it can"
        } else {
            "the first of its replicas that is alive and in sync"
        };
        now = now
            .stress(format!("Broker {} leads since {at}", self.number(leader)))
            .say(format!(", {why}."));
        let began = replica(self.world, self.at, leader)
            .and_then(|r| r.epoch_log().epochs().start_of(is.leader_epoch));
        if let Some(began) = began {
            now = now.say(format!(
                " Epoch {} began at offset {began}.",
                is.leader_epoch
            ));
        }
        Some(Explain {
            heading: format!("Who leads {} now?", self.name),
            now,
            hint: String::new(),
        })
    }

    /// Who led before the last election.
    fn before(&self, election: Time) -> Option<NodeId> {
        let mut entries = self.moment.chronicle.entries().rev();
        entries
            .find_map(|(stamp, what)| match *what {
                Happening::Changed { at, was, .. } if at == self.at && stamp.at <= election => {
                    was.and_then(|was| was.leader)
                }
                _ => None,
            })
            // Nothing was told of how it began: the first of the assignment led.
            .or_else(|| self.state.preferred())
    }

    fn fenced(&self, node: NodeId) -> Option<Time> {
        let mut entries = self.moment.chronicle.entries().rev();
        entries.find_map(|(stamp, what)| (*what == Happening::Fenced(node)).then_some(stamp.at))
    }

    fn too_few(&self) -> Option<Explain> {
        let (isr, least) = (self.state.isr.len(), self.world.cluster().min_isr(self.at));
        if isr >= least || self.world.settings().acks != Acks::All {
            return None;
        }
        Some(Explain {
            heading: "Why is nothing acknowledged?".into(),
            now: Text::default()
                .say(format!("Only {} is in sync, and ", self.brokers(self.state.isr.iter().copied())))
                .stress(format!("min.insync.replicas is {least}"))
                .say(
                    ": with acks=all the leader refuses every send with NOT_ENOUGH_REPLICAS before it \
                     appends anything. The producer tries again until delivery.timeout.ms. Readers go on.",
                ),
            hint: "Start one of the others: it catches up and joins the in-sync set.".into(),
        })
    }

    fn shrunk(&self) -> Option<Explain> {
        let state = self.state;
        let out: Vec<NodeId> = state
            .replicas
            .iter()
            .copied()
            .filter(|r| !state.isr.contains(r))
            .collect();
        if out.is_empty() {
            return None;
        }
        let down = out
            .iter()
            .all(|&node| self.world.status(node) == Status::Down);
        let lag = Span::millis(self.timeline.scenario().cluster.replica_lag_time_max_ms);
        let why = if down {
            "down and fenced".to_owned()
        } else {
            format!(
                "out of the in-sync set: not caught up within {lag} (replica.lag.time.max.ms), or not yet back"
            )
        };
        let are = if out.len() == 1 { "is" } else { "are" };
        Some(Explain {
            heading: format!("What is committed in {}?", self.name),
            now: Text::default().say(format!(
                "{} {are} {why}. A record is committed when {} has it.",
                capital(&self.brokers(out)),
                self.brokers(state.isr.iter().copied())
            )),
            hint: String::new(),
        })
    }

    fn calm(&self) -> Explain {
        let state = self.state;
        let leader = state.leader.map_or(0, |leader| self.number(leader));
        let followers: Vec<NodeId> = state
            .isr
            .iter()
            .copied()
            .filter(|&n| Some(n) != state.leader)
            .collect();
        let all = state.isr.len();
        Explain {
            heading: format!("Who leads {}?", self.name),
            now: Text::default()
                .stress(format!("Broker {leader} leads"))
                .say(format!(
                    ", epoch {}: clients write to it and read from it. {} fetch from it, as consumers \
                     do. A record is committed when all {all} have it.",
                    state.leader_epoch,
                    capital(&self.brokers(followers)),
                )),
            hint: String::new(),
        }
    }

    /// Records that only one replica has and that will be cut off.
    fn divergent(&self) -> Option<String> {
        let leads = self.world.partition(self.at)?;
        self.world.brokers().find_map(|broker| {
            let replica = broker.replica(self.at)?;
            let from = parts_at(replica, leads)?;
            let last = replica.log().log_end_offset() - 1;
            let epoch = replica.epoch_log().epochs().epoch_of(from)?;
            let range = if last == from {
                format!("{from}")
            } else {
                format!("{from} to {last}")
            };
            Some(format!(
                "Broker {} holds {range} of epoch {epoch}, which the leader does not have: it cuts \
                 them off when it follows again.",
                self.number(broker.node())
            ))
        })
    }

    /// Why the high watermark is where it is.
    fn committed(&self) -> Option<String> {
        let leader = self
            .state
            .leader
            .filter(|&l| self.world.status(l) != Status::Down)?;
        let replica = replica(self.world, self.at, leader).filter(|r| r.leads())?;
        let (hw, end) = (replica.high_watermark(), replica.log().log_end_offset());
        let above = match end - hw {
            0 => String::new(),
            1 => " One record lies above it.".into(),
            n => format!(" {n} records lie above it."),
        };
        let least = self.world.cluster().min_isr(self.at);
        if self.state.isr.len() < least && end > hw {
            return Some(format!(
                "The high watermark stays at {hw} while fewer than {least} are in sync.{above}"
            ));
        }
        Some(format!(
            "The high watermark is {hw}: every in-sync replica has all offsets below {hw}.{above}"
        ))
    }
}

fn was(how: Stop) -> String {
    match how {
        Stop::Crashed => stopped(how).to_owned(),
        _ => format!("was {}", stopped(how)),
    }
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// The interventions that teach most here.
#[must_use]
pub fn what_if(timeline: &Timeline, at: TopicPartition) -> Vec<WhatIf> {
    let world = &timeline.moment().world;
    let Some(state) = world.cluster().partition(at) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    let mut offer = |label: String, command: Command| {
        let commands = vec![command];
        all.push(WhatIf { label, commands });
    };
    let name = |node: NodeId| world.name(node).to_owned();
    let stop = |node, how| Command::Stop {
        node: name(node),
        how,
    };
    for broker in world.broker_ids().iter().copied() {
        if world.status(broker) == Status::Down {
            let start = Command::Start { node: name(broker) };
            offer(format!("Start broker {}", number(world, broker)), start);
        }
    }
    let leads = |node: &NodeId| world.status(*node) != Status::Down;
    if let Some(leader) = state.leader.filter(leads) {
        let n = number(world, leader);
        offer(format!("Kill broker {n}"), stop(leader, Stop::Killed));
        offer(format!("Stop broker {n}"), stop(leader, Stop::Clean));
        let follower = state.isr.iter().copied().find(|&f| f != leader);
        if let Some(follower) = follower {
            let (a, b) = (name(leader), name(follower));
            let label = format!("Cut {n} from {}", number(world, follower));
            offer(label, Command::Cut { a, b });
        }
    }
    if timeline
        .carried_out()
        .iter()
        .any(|acted| matches!(acted.command, Command::Cut { .. }))
    {
        offer("Mend the network".into(), Command::Heal);
    }
    all
}

/// The picture in one sentence.
#[must_use]
pub fn summary(world: &World, scene: &ClusterScene) -> String {
    let up = scene
        .brokers
        .iter()
        .filter(|broker| broker.serves())
        .count();
    let leads = scene
        .ruler()
        .next()
        .filter(|(_, r)| r.role == super::Role::Leader);
    let leader = leads.map_or_else(
        || "nobody leads".to_owned(),
        |(broker, replica)| {
            format!(
                "broker {} leads in epoch {}, with offsets below {} committed and its log ending at {}",
                broker.number, replica.leader_epoch, replica.high_watermark, replica.log_end
            )
        },
    );
    let state = world.topic_id(&scene.topic).and_then(|topic| {
        world
            .cluster()
            .partition(TopicPartition::new(topic, scene.chosen))
    });
    let isr = state.map_or_else(String::new, |s| numbers(world, s.isr.iter().copied()));
    format!(
        "At {}: {up} of {} brokers serve. In {}, {leader}; in sync: {isr}.",
        scene.now,
        scene.brokers.len(),
        scene.chosen_name()
    )
}

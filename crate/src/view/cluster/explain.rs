//! Who leads, what is committed, what would be lost: one partition in words and tables, made from
//! the run's own numbers.

use super::ClusterScene;
use super::fate::replica;
use super::scene::{leading, number, numbers, parts_at, stopped};
use super::{disks, tasks};
use crate::cluster::{Flaw, PartitionState};
use crate::id::{NodeId, TopicPartition};
use crate::protocol::{Acks, Stop};
use crate::sim::{Command, Happening, Leadership, Moment, Status, Timeline, World};
use crate::time::{Span, Time};
use crate::view::numbers::witness;
use crate::view::panel::{Explain, Text, WhatIf};

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
        .or_else(|| view.leader_frozen())
        .or_else(|| view.too_few())
        .or_else(|| tasks::news(timeline))
        .or_else(|| view.elected())
        .or_else(|| view.shrunk())
        .unwrap_or_else(|| view.calm());
    if let Some(flaw) = view.world.flaw() {
        let mut now =
            Text::default().stress(format!("A mistake is switched on: {}. ", flaw.text()));
        if let Some(breach) = view.moment.promises.broken() {
            let shown = witness(view.world, breach.witness);
            now = now.say(format!(
                "It broke “{}” at {}: {shown}. ",
                breach.promise.text(),
                breach.stamp.at
            ));
        }
        told.now.0.splice(..0, now.0);
    }
    let more = [view.divergent(), view.committed(), disks::words(view.world)];
    let tasks = tasks::words(view.world);
    for words in more.into_iter().chain([tasks]).flatten() {
        told.now = told.now.say(format!(" {words}"));
    }
    told
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

    /// Whether a broker's process runs and is awake.
    fn runs(&self, node: NodeId) -> bool {
        self.world.status(node) != Status::Down && !self.world.is_frozen(node)
    }

    /// Whether a follower runs, is awake, and can be heard by the leader.
    fn follows(&self, node: NodeId) -> bool {
        let cut =
            |leader: NodeId| self.world.is_cut(node, leader) || self.world.is_cut(leader, node);
        self.runs(node) && !self.state.leader.is_some_and(cut)
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
            hint: if up >= most {
                "They elect one as soon as most of them hear each other.".into()
            } else {
                "Start a controller: the quorum elects one within seconds.".into()
            },
        })
    }

    fn no_leader(&self) -> Option<Explain> {
        if self.state.leader.is_some() {
            return None;
        }
        let eligible = self.brokers(self.state.elr.iter().copied());
        let state = self.state;
        let words = if state.elr.is_empty() && state.isr.is_empty() {
            let last = self.brokers(state.last_known_elr.iter().copied());
            format!(
                " Nobody is known to have everything that is committed. Led last: {last}. Back again it \
                 leads, uncleanly, with what its disk kept (KIP-966)."
            )
        } else if state.elr.is_empty() {
            let last = self.brokers(state.isr.iter().copied());
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
                .say(" Nobody is alive of whom it is known that they have all committed records.")
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

    fn leader_frozen(&self) -> Option<Explain> {
        let leader = self.state.leader.filter(|&l| self.world.is_frozen(l))?;
        Some(Explain {
            heading: format!("Who leads {} now?", self.name),
            now: Text::default()
                .say(format!("Broker {} leads on paper and ", self.number(leader)))
                .stress("does nothing")
                .say(format!(
                    ", as in a long garbage collection: it answers nobody and sends no heartbeat. \
                     After {} without one the controller fences it. When it wakes it may believe for \
                     a moment that it still leads; the epochs tell the others that it does not.",
                    self.timeout()
                )),
            hint: "Play on until it wakes.".into(),
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
        let (at, before_it, is) = self.election()?;
        let leader = is.leader?;
        if self.timeline.now().since(at) > NEWS || Some(leader) != self.state.leader {
            return None;
        }
        let before = self.before(at);
        let mut now = Text::default();
        if let Some(before) = before.filter(|&before| before != leader) {
            let old = self.number(before);
            let ended = self.ended(before).filter(|(ended, _)| *ended <= at);
            let left = self.leaderless(at);
            let fenced = self.fenced(before).filter(|fenced| *fenced == left);
            now = match (ended, fenced) {
                (Some((ended, how)), Some(fenced)) if fenced >= ended => now.say(format!(
                    "Broker {old} {} at {ended}. At {fenced}, {} after its last heartbeat, the \
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
            "which led last: nobody was in sync or eligible, so the election was unclean, and what it \
             lacks is lost (KIP-966)"
        } else if before_it.is_some_and(|was| was.elr.has(leader) && !was.isr.has(leader)) {
            "as an eligible replica: out of sync, but it had everything committed (KIP-966)"
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

    /// When the leader before the last election was lost: then, or when nobody led.
    fn leaderless(&self, election: Time) -> Time {
        let mut entries = self.moment.chronicle.entries().rev();
        let lost = entries.find_map(|(stamp, what)| match *what {
            Happening::Changed { at, was, .. }
                if at == self.at
                    && stamp.at <= election
                    && was.is_none_or(|was| was.leader.is_some()) =>
            {
                Some(stamp.at)
            }
            _ => None,
        });
        lost.unwrap_or(election)
    }

    /// Who led before the last election.
    fn before(&self, election: Time) -> Option<NodeId> {
        let mut entries = self.moment.chronicle.entries().rev();
        entries
            .find_map(|(stamp, what)| match *what {
                Happening::Changed { at, was, is }
                    if at == self.at && stamp.at <= election && is.begins_epoch(was) =>
                {
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
                .say(match isr {
                    0 => "Nobody is in sync, and ".to_owned(),
                    1 => format!("Only {} is in sync, and ", self.brokers(self.state.isr.iter().copied())),
                    _ => format!("Only {} are in sync, and ", self.brokers(self.state.isr.iter().copied())),
                })
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
        let out = state.replicas.iter().copied();
        let out = out.filter(|r| !state.isr.contains(r));
        let (down, late): (Vec<NodeId>, Vec<NodeId>) =
            out.partition(|&node| self.world.status(node) == Status::Down);
        let mut words = Vec::new();
        let mut tell = |who: Vec<NodeId>, what: String| {
            if !who.is_empty() {
                let are = if who.len() == 1 { "is" } else { "are" };
                words.push(format!("{} {are} {what}.", capital(&self.brokers(who))));
            }
        };
        tell(down, "down".into());
        let lag = Span::millis(self.timeline.scenario().cluster.replica_lag_time_max_ms);
        tell(
            late,
            format!(
                "out of the in-sync set: it has not had everything within {lag} (replica.lag.time.max.ms), or has yet to catch up"
            ),
        );
        if words.is_empty() {
            return None;
        }
        let have = if state.isr.len() == 1 { "has" } else { "have" };
        words.push(format!(
            "A record is committed when {} {have} it.",
            self.brokers(state.isr.iter().copied())
        ));
        Some(Explain {
            heading: format!("What is committed in {}?", self.name),
            now: Text::default().say(words.join(" ")),
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
        let (awake, silent): (Vec<NodeId>, Vec<NodeId>) =
            followers.into_iter().partition(|&node| self.follows(node));
        let mut copies = match awake.len() {
            0 if silent.is_empty() => "Nobody else has a copy.".to_owned(),
            0 => String::new(),
            1 => format!("{} follows it.", capital(&self.brokers(awake))),
            _ => format!("{} follow it.", capital(&self.brokers(awake))),
        };
        if !silent.is_empty() {
            let not = if silent.len() == 1 { "does" } else { "do" };
            copies.push_str(&format!(
                " {} {not} not reach it any more, but the controller does not know it yet.",
                capital(&self.brokers(silent))
            ));
        }
        let committed = match self.world.flaw() {
            Some(Flaw::HighWatermarkAheadOfIsr) => String::new(),
            _ if all == 1 => String::new(),
            _ => format!(" A record is committed when all {all} have it."),
        };
        Explain {
            heading: format!("Who leads {}?", self.name),
            now: Text::default()
                .stress(format!("Broker {leader} leads"))
                .say(format!(
                    ", epoch {}: clients write to it and read from it. {copies}{committed}",
                    state.leader_epoch,
                )),
            hint: String::new(),
        }
    }

    /// Records that only one replica has and that will be cut off.
    fn divergent(&self) -> Option<String> {
        let leads = leading(self.world, self.at)?;
        let parted = |node: NodeId| {
            let replica = replica(self.world, self.at, node)?;
            let from = parts_at(replica, leads)?;
            let last = replica.log().log_end_offset() - 1;
            Some((from, last, replica.epoch_log().epochs().epoch_of(from)?))
        };
        let all = || self.world.broker_ids().iter().copied();
        let (from, last, epoch) = all().find_map(parted)?;
        // Whoever has the same is told of with the first.
        let who: Vec<NodeId> = all()
            .filter(|&node| parted(node) == Some((from, last, epoch)))
            .collect();
        let range = if last == from {
            format!("{from}")
        } else {
            format!("{from} to {last}")
        };
        let (holds, does) = match (who.len(), self.world.flaw()) {
            (1, Some(Flaw::KeepDivergentRecords)) => {
                ("holds", "it keeps them, which is the mistake")
            }
            (_, Some(Flaw::KeepDivergentRecords)) => {
                ("hold", "they keep them, which is the mistake")
            }
            (1, _) => ("holds", "it cuts them off when it follows again"),
            _ => ("hold", "they cut them off when they follow again"),
        };
        Some(format!(
            "{} {holds} {range} of epoch {epoch}, which the leader does not have: {does}.",
            capital(&self.brokers(who)),
        ))
    }

    /// Why the high watermark is where it is.
    fn committed(&self) -> Option<String> {
        let Some(leader) = self.state.leader.filter(|&leader| self.runs(leader)) else {
            return self.committed_last();
        };
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
        if self.world.flaw() == Some(Flaw::HighWatermarkAheadOfIsr) {
            return Some(format!("The leader's high watermark is {hw}."));
        }
        let has_all = |&node: &NodeId| {
            let end = super::fate::replica(self.world, self.at, node);
            end.is_some_and(|replica| replica.log().log_end_offset() >= hw)
        };
        let whose = if self.state.isr.iter().all(has_all) {
            format!("every in-sync replica has all offsets below {hw}")
        } else {
            format!("but not every in-sync replica still has all offsets below {hw}")
        };
        Some(format!("The high watermark is {hw}: {whose}.{above}"))
    }

    /// What is committed while nobody who runs leads: as far as the one who knew most.
    fn committed_last(&self) -> Option<String> {
        let known = self.world.brokers().filter_map(|broker| {
            let replica = broker.replica(self.at)?;
            Some((replica.high_watermark(), broker.node()))
        });
        let (hw, node) = known.max_by_key(|&(hw, node)| (hw, std::cmp::Reverse(node)))?;
        Some(format!(
            "Committed are the offsets below {hw}, as far as broker {} knew.",
            self.number(node)
        ))
    }
}

fn was(how: Stop) -> String {
    match how {
        Stop::Crashed => stopped(how).to_owned(),
        Stop::DiskFull => "halted, its disk full".to_owned(),
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
    let mut nodes = world.nodes();
    if nodes.any(|(a, ..)| world.nodes().any(|(b, ..)| world.is_cut(a, b))) {
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
                "broker {} is {} in epoch {}, with offsets below {} committed and its log ending at {}",
                broker.number, broker.role(replica), replica.leader_epoch, replica.high_watermark, replica.log_end
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

//! Who leads a partition, who is in sync, who may lead: what the controller makes of a change.
//!
//! A pure function of the partition's state, the change that is asked for, and who is alive, as
//! `PartitionChangeBuilder` in Kafka's controller; what it makes is one record of the metadata log.
//! Rules: KIP-966 (eligible leader replicas), KAFKA-15021 (no new epoch when only the ISR shrinks),
//! KIP-455 (reassignment).

use crate::id::NodeId;
use serde::{Deserialize, Serialize};

/// A partition as the metadata log has it (`PartitionRegistration`).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct PartitionState {
    /// The brokers that keep a copy, the preferred leader first. During a reassignment, the new ones
    /// and then those that go.
    pub replicas: Vec<NodeId>,
    /// The in-sync replicas: each has everything that is committed.
    pub isr: Vec<NodeId>,
    /// The eligible leader replicas (KIP-966): out of sync, but they had everything committed when
    /// they left, and nothing was committed since.
    #[serde(default)]
    pub elr: Vec<NodeId>,
    /// With [`Rules::last_known_leader`], who led when the ISR became empty; otherwise who was eligible
    /// once and may have lost something since.
    #[serde(default)]
    pub last_known_elr: Vec<NodeId>,
    /// The leader, if there is one.
    pub leader: Option<NodeId>,
    /// Counts leaders; none counts as one.
    pub leader_epoch: i32,
    /// Counts changes of this state.
    pub partition_epoch: i32,
    /// Whether the leader was elected uncleanly and has not said yet that it recovered
    /// (`LeaderRecoveryState.RECOVERING`, KIP-704).
    #[serde(default)]
    pub recovering: bool,
    /// The replicas that a reassignment adds.
    #[serde(default)]
    pub adding: Vec<NodeId>,
    /// The replicas that a reassignment removes.
    #[serde(default)]
    pub removing: Vec<NodeId>,
}

impl PartitionState {
    /// A new partition: everyone in sync, the first leads, both epochs 0.
    #[must_use]
    pub fn new(replicas: Vec<NodeId>) -> Self {
        Self {
            isr: replicas.clone(),
            leader: replicas.first().copied(),
            replicas,
            ..Self::default()
        }
    }

    /// The replica that leads if it can: the first of the assignment.
    #[must_use]
    pub fn preferred(&self) -> Option<NodeId> {
        self.replicas.first().copied()
    }

    /// The ISR without `gone`: the target when a broker is fenced, shuts down or has lost its disk.
    #[must_use]
    pub fn isr_without(&self, gone: NodeId) -> Vec<NodeId> {
        let stay = self.isr.iter().copied();
        stay.filter(|&replica| replica != gone).collect()
    }
}

/// How a leader is looked for (`PartitionChangeBuilder.Election`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Election {
    /// The first replica if it may lead, else as [`Election::Online`].
    Preferred,
    /// The present leader if it may go on, else the first replica that is in sync (or eligible, if
    /// none is in sync) and alive, else the last known leader.
    #[default]
    Online,
    /// As [`Election::Online`], and if all that fails the first replica that is alive.
    Unclean,
}

/// What is asked for; `None` and empty leave things as they are.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Change<'a> {
    /// The ISR to be.
    pub target_isr: Option<Vec<NodeId>>,
    /// The replicas to be.
    pub target_replicas: Option<Vec<NodeId>>,
    /// What a reassignment is to add.
    pub target_adding: Option<Vec<NodeId>>,
    /// What a reassignment is to remove.
    pub target_removing: Option<Vec<NodeId>>,
    /// Whether the leader is still recovering from an unclean election.
    pub recovering: Option<bool>,
    /// How to look for a leader.
    pub election: Election,
    /// Brokers that came back without having shut down cleanly: they may have lost what they had, so
    /// they are eligible no more.
    pub unclean_shutdown: &'a [NodeId],
}

impl Change<'_> {
    /// A reassignment to `target`, the preferred leader first (KIP-455): until all of them are in
    /// sync the partition has the old replicas too (`PartitionReassignmentReplicas`). It completes in
    /// the same change if it can, and later in whatever change brings the last one into the ISR.
    #[must_use]
    pub fn reassign(state: &PartitionState, target: &[NodeId]) -> Self {
        let adding = without(target, &state.replicas);
        let removing = without(&state.replicas, target);
        Self {
            target_replicas: Some([target, &removing].concat()),
            target_adding: Some(adding).filter(|adding| !adding.is_empty()),
            target_removing: Some(removing).filter(|removing| !removing.is_empty()),
            ..Self::default()
        }
    }
}

/// The nodes that are not among the others, each once, by number.
fn without(nodes: &[NodeId], others: &[NodeId]) -> Vec<NodeId> {
    let mut rest: Vec<NodeId> = nodes.to_vec();
    rest.retain(|node| !others.contains(node));
    rest.sort_by_cached_key(|node| u64::from(node.0));
    rest.dedup();
    rest
}

/// What holds for a partition when it changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rules {
    /// `min.insync.replicas` of the topic, not above the number of replicas.
    pub min_isr: usize,
    /// Whether eligible leader replicas are on (feature `eligible.leader.replicas.version` 1). Off,
    /// the ISR keeps its last member.
    pub elr: bool,
    /// Whether the last known leader is elected when no one is in sync or eligible, as the first step
    /// of a "balanced" recovery. Kafka's controller has this on wherever `elr` is.
    pub last_known_leader: bool,
    /// `unclean.leader.election.enable` of the topic: [`Election::Online`] is [`Election::Unclean`].
    pub unclean_allowed: bool,
    /// Whether the leader epoch rises when the ISR shrinks: with `metadata.version` below 3.6, and
    /// where ZooKeeper keeps the state (KAFKA-15021).
    pub bump_on_isr_shrink: bool,
    /// A mistake: whoever is alive may lead ([`Flaw::ElectOutsideIsr`](super::Flaw)).
    pub outside_isr: bool,
}

impl Rules {
    /// As a new cluster of Kafka 4.1 has them.
    #[must_use]
    pub fn new(min_isr: usize) -> Self {
        Self {
            min_isr,
            elr: true,
            last_known_leader: true,
            unclean_allowed: false,
            bump_on_isr_shrink: false,
            outside_isr: false,
        }
    }
}

/// Why an election that somebody asked for changed nothing (`kafka-leader-election`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ElectionError {
    /// `ELECTION_NOT_NEEDED`: the preferred replica leads; for an unclean one, anybody does.
    NotNeeded,
    /// `PREFERRED_LEADER_NOT_AVAILABLE`: it is not in sync, or not alive.
    PreferredLeaderNotAvailable,
    /// `ELIGIBLE_LEADERS_NOT_AVAILABLE`: no replica is alive.
    EligibleLeadersNotAvailable,
}

/// An election that somebody asked for (`ReplicationControlManager.electLeader`): the state after it.
///
/// # Errors
/// It is not needed, or finds nobody.
pub fn elect(
    state: &PartitionState,
    election: Election,
    rules: &Rules,
    is_alive: impl Fn(NodeId) -> bool,
) -> Result<PartitionState, ElectionError> {
    let preferred = election == Election::Preferred;
    let led = match state.leader {
        Some(_) if !preferred => true,
        leader => leader.is_some() && leader == state.preferred(),
    };
    if led {
        return Err(ElectionError::NotNeeded);
    }
    let change = Change {
        election,
        ..Change::default()
    };
    apply(state, &change, rules, is_alive).ok_or(if preferred {
        ElectionError::PreferredLeaderNotAvailable
    } else {
        ElectionError::EligibleLeadersNotAvailable
    })
}

/// What `change` makes of `state`; `None` if nothing. `is_alive` is asked of replicas: neither fenced
/// nor shutting down (`isAcceptableLeader`).
#[must_use]
pub fn apply(
    state: &PartitionState,
    change: &Change<'_>,
    rules: &Rules,
    is_alive: impl Fn(NodeId) -> bool,
) -> Option<PartitionState> {
    let mut target = Target::new(state, change);
    target.complete_reassignment();
    target.populate_elr(state, change, rules);

    let found = target.find_leader(state, change, rules, &is_alive);
    let mut leader_changes = found.leader != state.leader;
    let mut recovering = change.recovering.unwrap_or(state.recovering);
    let mut isr = target.isr;
    if leader_changes && let Some(leader) = found.leader {
        if target.elr.contains(&leader) {
            isr = vec![leader];
            target.elr.retain(|&replica| replica != leader);
        }
        if found.unclean {
            // What others have beyond it is lost, so it alone is in sync, and nobody eligible.
            isr = vec![leader];
            target.elr.clear();
            target.last_known_elr.clear();
            recovering = change
                .recovering
                .is_none_or(|asked| asked || !state.recovering);
        }
    }
    // Replicas that go may not be believed any more.
    leader_changes |= !contains_all(&target.replicas, &state.replicas);
    if isr.is_empty() && !rules.elr {
        isr.clone_from(&state.isr);
    }
    leader_changes |= rules.bump_on_isr_shrink && !contains_all(&isr, &state.isr);
    if !rules.elr {
        target.elr.clear();
    }

    let last_known_elr = last_known(state, &isr, found.leader, target.last_known_elr, rules);
    let mut after = PartitionState {
        replicas: target.replicas,
        isr,
        elr: target.elr,
        last_known_elr,
        leader: found.leader,
        leader_epoch: state.leader_epoch,
        partition_epoch: state.partition_epoch,
        recovering,
        adding: target.adding,
        removing: target.removing,
    };
    if !leader_changes && after == *state {
        return None;
    }
    after.leader_epoch += i32::from(leader_changes);
    after.partition_epoch += 1;
    Some(after)
}

/// What `last_known_elr` becomes. `known` are the former eligible replicas, which it holds only
/// without [`Rules::last_known_leader`]; with it, it holds who led when the ISR became empty, until
/// there is a leader again.
fn last_known(
    state: &PartitionState,
    isr: &[NodeId],
    leader: Option<NodeId>,
    known: Vec<NodeId>,
    rules: &Rules,
) -> Vec<NodeId> {
    if !rules.last_known_leader {
        return if rules.elr { known } else { Vec::new() };
    }
    if !rules.elr {
        return state.last_known_elr.clone();
    }
    if isr.is_empty() && !state.isr.is_empty() {
        return state.leader.into_iter().collect();
    }
    if leader.is_some() {
        Vec::new()
    } else {
        state.last_known_elr.clone()
    }
}

struct Found {
    leader: Option<NodeId>,
    unclean: bool,
}

/// What the state is to be, before a leader is found.
struct Target {
    replicas: Vec<NodeId>,
    isr: Vec<NodeId>,
    adding: Vec<NodeId>,
    removing: Vec<NodeId>,
    elr: Vec<NodeId>,
    last_known_elr: Vec<NodeId>,
}

impl Target {
    fn new(state: &PartitionState, change: &Change<'_>) -> Self {
        let or = |asked: &Option<Vec<NodeId>>, present: &Vec<NodeId>| {
            asked.as_ref().unwrap_or(present).clone()
        };
        Self {
            replicas: or(&change.target_replicas, &state.replicas),
            isr: or(&change.target_isr, &state.isr),
            adding: or(&change.target_adding, &state.adding),
            removing: or(&change.target_removing, &state.removing),
            elr: state.elr.clone(),
            last_known_elr: state.last_known_elr.clone(),
        }
    }

    /// Ends a reassignment once all replicas that stay are in sync
    /// (`PartitionReassignmentReplicas.maybeCompleteReassignment`).
    fn complete_reassignment(&mut self) {
        if self.adding.is_empty() && self.removing.is_empty() {
            return;
        }
        let stays = |replica: &&NodeId| !self.removing.contains(replica);
        let replicas: Vec<NodeId> = self.replicas.iter().filter(stays).copied().collect();
        let isr: Vec<NodeId> = self.isr.iter().filter(stays).copied().collect();
        if isr.is_empty() || replicas.is_empty() || !contains_all(&isr, &replicas) {
            return;
        }
        self.replicas = replicas;
        self.isr = isr;
        self.adding.clear();
        self.removing.clear();
    }

    /// Who is eligible: nobody while the ISR has its minimum. Below it nothing can be committed, so
    /// whoever leaves the ISR stays eligible, until it comes back from an unclean shutdown.
    fn populate_elr(&mut self, state: &PartitionState, change: &Change<'_>, rules: &Rules) {
        if !rules.elr {
            return;
        }
        if self.isr.len() >= rules.min_isr {
            self.elr.clear();
            self.last_known_elr.clear();
            return;
        }
        let known = [&self.elr[..], &state.isr].concat();
        let lost = [&self.isr[..], change.unclean_shutdown].concat();
        let elr = without(&known, &lost);
        let known = [&known[..], &self.last_known_elr].concat();
        self.last_known_elr = without(&known, &[&self.isr[..], &elr].concat());
        self.elr = elr;
    }

    fn find_leader(
        &self,
        state: &PartitionState,
        change: &Change<'_>,
        rules: &Rules,
        is_alive: &impl Fn(NodeId) -> bool,
    ) -> Found {
        let among = if self.isr.is_empty() {
            &self.elr
        } else {
            &self.isr
        };
        let may_lead =
            |replica: &NodeId| (among.contains(replica) || rules.outside_isr) && is_alive(*replica);
        let preferred = match change.election {
            Election::Preferred => self.replicas.first().copied().filter(may_lead),
            Election::Online | Election::Unclean => None,
        };
        let clean = preferred
            .or_else(|| state.leader.filter(may_lead))
            .or_else(|| self.replicas.iter().copied().find(may_lead));
        if clean.is_some() {
            return Found {
                leader: clean,
                unclean: false,
            };
        }
        let unclean = match change.election {
            Election::Preferred => false,
            Election::Online => rules.unclean_allowed,
            Election::Unclean => true,
        };
        let leader = self
            .last_known_leader(state, rules)
            .filter(|&leader| is_alive(leader))
            .or_else(|| {
                let mut alive = self.replicas.iter().copied().filter(|&r| is_alive(r));
                alive.next().filter(|_| unclean)
            });
        Found {
            leader,
            unclean: leader.is_some(),
        }
    }

    /// Who led last, if nobody is in sync or eligible. More than one name are former eligible
    /// replicas, noted without [`Rules::last_known_leader`], and say nothing of a leader.
    fn last_known_leader(&self, state: &PartitionState, rules: &Rules) -> Option<NodeId> {
        let lost = self.isr.is_empty() && self.elr.is_empty();
        match state.last_known_elr[..] {
            [leader] if lost && rules.elr && rules.last_known_leader => Some(leader),
            _ => None,
        }
    }
}

fn contains_all(all: &[NodeId], these: &[NodeId]) -> bool {
    these.iter().all(|replica| all.contains(replica))
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

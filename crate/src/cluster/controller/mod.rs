//! A controller: one of the quorum that keeps the metadata log. Its leader, the active controller,
//! registers brokers, fences those that fall silent, and elects partition leaders
//! (`QuorumController`, `ClusterControlManager`, `ReplicationControlManager`).

mod balance;
mod brokers;
mod partitions;
mod telling;
mod tools;

use super::Flaw;
use super::admin::{Admin, NewTopic};
use super::call::Asker;
use super::metadata::{Image, MetadataRecord, batch_of, records_of};
use super::quorum::{Quorum, QuorumConfig};
use crate::id::NodeId;
use crate::log::Batch;
use crate::map::Map;
use crate::protocol::{
    Alarm, Body, ControlRequest, ControlResponse, ErrorCode, Input, Out, Request, Response, Timer,
};
use crate::rng::{Rng, Salt};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use telling::Told;

/// Settings of a controller, by their real names and with the defaults of Kafka 4.0.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ControllerConfig {
    /// Of the metadata quorum.
    pub quorum: QuorumConfig,
    /// A broker that sends no heartbeat for so long, in milliseconds, is fenced.
    #[serde(rename = "broker.session.timeout.ms")]
    pub broker_session_timeout_ms: u64,
    /// Whether eligible leader replicas are kept (KIP-966).
    #[serde(rename = "eligible.leader.replicas.version")]
    pub eligible_leader_replicas: bool,
    /// How many partitions a topic has if nobody says.
    #[serde(rename = "num.partitions")]
    pub num_partitions: u32,
    /// How many replicas a partition has if nobody says.
    #[serde(rename = "default.replication.factor")]
    pub default_replication_factor: u32,
    /// Whether leadership goes back to preferred leaders by itself.
    #[serde(rename = "auto.leader.rebalance.enable")]
    pub auto_leader_rebalance: bool,
    /// How often the active controller looks for partitions that another than the preferred leader
    /// leads, in seconds, 1 or more.
    #[serde(rename = "leader.imbalance.check.interval.seconds")]
    pub leader_imbalance_check_interval_s: u64,
}

impl Default for ControllerConfig {
    fn default() -> Self {
        Self {
            quorum: QuorumConfig::default(),
            broker_session_timeout_ms: 9_000,
            eligible_leader_replicas: false,
            num_partitions: 1,
            default_replication_factor: 1,
            auto_leader_rebalance: true,
            leader_imbalance_check_interval_s: 300,
        }
    }
}

/// A controller.
#[derive(Clone, Debug)]
pub struct Controller {
    config: ControllerConfig,
    flaw: Option<Flaw>,
    quorum: Quorum,
    /// The records below `applied` add up to this. The active controller runs ahead of what is
    /// committed; the others do not.
    image: Image,
    applied: i64,
    active: Option<Active>,
    rng: Rng,
    alarm: Alarm,
}

/// What only the active controller has; gone with its leadership.
#[derive(Clone, Debug)]
struct Active {
    epoch: i32,
    /// When each unfenced broker was last heard of.
    heard: Map<NodeId, Time>,
    /// How far each broker's metadata has come, and from where on it may shut down.
    applied: Map<NodeId, i64>,
    stopping: Map<NodeId, i64>,
    /// When it looks next for partitions that their preferred leader does not lead.
    balance_at: Option<Time>,
    /// Answers that wait until what they tell of is committed.
    deferred: Vec<Deferred>,
    told: Told,
}

#[derive(Clone, Debug)]
struct Deferred {
    after: i64,
    to: NodeId,
    id: u32,
    response: ControlResponse,
}

impl Controller {
    /// A controller that was never started.
    #[must_use]
    pub fn new(me: NodeId, voters: Arc<[NodeId]>, config: ControllerConfig, seed: u64) -> Self {
        Self {
            config,
            flaw: None,
            quorum: Quorum::new(me, voters, config.quorum, seed),
            image: Image::default(),
            applied: 0,
            active: None,
            // One stream for whoever is active: placement does not depend on who it is.
            rng: Rng::new(seed, Salt::Placement, 0),
            alarm: Alarm::default(),
        }
    }

    /// The cluster has these records from the beginning.
    pub fn found(&mut self, batch: &Batch) {
        self.quorum.found(batch.clone());
        self.apply_committed();
    }

    /// Makes a mistake from now on, or none.
    pub fn set_flaw(&mut self, flaw: Option<Flaw>) {
        self.flaw = flaw;
    }

    /// The cluster as this controller knows it.
    #[must_use]
    pub fn image(&self) -> &Image {
        &self.image
    }

    /// Its part in the quorum.
    #[must_use]
    pub fn quorum(&self) -> &Quorum {
        &self.quorum
    }

    /// Whether it is the active controller.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.active.is_some()
    }

    /// One step.
    pub fn handle(&mut self, now: Time, input: Input, out: &mut Out) {
        match input {
            Input::Start => {
                self.crash();
                self.quorum.start(now, out);
            }
            Input::Stop => {
                self.quorum.resign(now, out);
                return out.exit();
            }
            Input::Settings => {}
            Input::Message { from, body } => match body {
                Body::Request { id, request } => self.request(now, from, id, *request, out),
                Body::Response { id, response } => {
                    if let Response::Control(response) = *response
                        && Asker::of(id) == Asker::Quorum
                    {
                        self.quorum.on_response(now, from, id, response, out);
                    }
                }
                Body::Shop(_) | Body::Layers(_) => {}
            },
            Input::Timer(_) => {
                self.alarm.rang(now);
                self.quorum.on_timer(now, out);
                self.keep_up(now, out);
                self.fence_silent(now, out);
                self.balance_leaders(now, out);
            }
            Input::Disconnected { peer } => self.quorum.on_disconnect(now, peer, out),
        }
        self.keep_up(now, out);
        let balance_at = self.active.as_ref().and_then(|active| active.balance_at);
        let deadlines = [self.quorum.next_deadline(), self.session_ends(), balance_at];
        let deadline = deadlines.into_iter().flatten().min();
        self.alarm.set(deadline, Timer::Broker, out);
    }

    /// The process died. The metadata log is on disk.
    pub fn crash(&mut self) {
        self.quorum.crash();
        self.active = None;
        self.alarm = Alarm::default();
        self.begin_again();
    }

    /// What was not committed may be taken away: the image is made anew of what is.
    fn begin_again(&mut self) {
        self.image = Image::default();
        self.applied = 0;
        self.apply_committed();
    }

    fn apply_committed(&mut self) {
        self.apply_to(self.quorum.high_watermark());
    }

    fn apply_to(&mut self, end: i64) {
        if self.applied >= end {
            return;
        }
        let log = self.quorum.log().log();
        let batches = log.read(self.applied, usize::MAX, end);
        for batch in batches.expect("the log has what it was applied to") {
            for record in records_of(batch) {
                self.image.replay(&record);
            }
            self.applied = batch.next_offset();
        }
    }

    /// Follows the quorum: becomes active or ceases to be, applies what was committed, answers what
    /// waited for it.
    fn keep_up(&mut self, now: Time, out: &mut Out) {
        let leads = self.quorum.leads();
        let still = self
            .active
            .as_ref()
            .map(|a| leads && a.epoch == self.quorum.epoch());
        if still == Some(false)
            && let Some(active) = self.active.take()
        {
            for waiting in active.deferred {
                let response = refusal(&waiting.response, ErrorCode::NotController);
                out.respond(waiting.to, waiting.id, Response::Control(response));
            }
            self.begin_again();
        }
        self.apply_committed();
        if !leads {
            return;
        }
        let finds = self.active.is_none();
        let found = finds.then(|| Told::found(self.applied, &self.image, out));
        self.apply_to(self.quorum.log().end());
        let balance_at = self.balances_after(now);
        let active = self.active.get_or_insert_with(|| Active {
            epoch: self.quorum.epoch(),
            // Nobody is fenced for the silence of the controller before.
            heard: self
                .image
                .brokers
                .iter()
                .filter(|(_, broker)| !broker.fenced)
                .map(|(&broker, _)| (broker, now))
                .collect(),
            applied: Map::new(),
            stopping: Map::new(),
            balance_at,
            deferred: Vec::new(),
            told: found.unwrap_or_default(),
        });
        let committed = self.quorum.high_watermark();
        active.told.up_to(committed, &self.quorum, out);
        for done in active.deferred.extract_if(.., |d| d.after <= committed) {
            out.respond(done.to, done.id, Response::Control(done.response));
        }
    }

    fn request(&mut self, now: Time, from: NodeId, id: u32, request: Request, out: &mut Out) {
        let Request::Control(request) = request else {
            return;
        };
        let end = self.quorum.log().end();
        let response = match request {
            ControlRequest::RegisterBroker {
                incarnation,
                rack,
                previous_epoch,
            } => {
                ControlResponse::RegisterBroker(self.when_active().and_then(|()| {
                    self.register(now, from, incarnation, rack, previous_epoch, out)
                }))
            }
            ControlRequest::BrokerHeartbeat {
                broker_epoch,
                metadata_offset,
                want_fence,
                want_shutdown,
            } => ControlResponse::BrokerHeartbeat(self.when_active().and_then(|()| {
                let wants = (want_fence, want_shutdown);
                self.heartbeat(now, from, broker_epoch, metadata_offset, wants, out)
            })),
            ControlRequest::AlterPartition {
                broker_epoch,
                changes,
            } => ControlResponse::AlterPartition(
                self.when_active()
                    .and_then(|()| self.alter_partitions(now, from, broker_epoch, &changes, out)),
            ),
            ControlRequest::CreateTopics { topics } => {
                if self.is_active() {
                    for (topic, name) in topics {
                        // A name that collides is never made, and never said to be wrong either.
                        let _ = self.create_topic(now, topic, &name, &NewTopic::default(), out);
                    }
                }
                ControlResponse::CreateTopics
            }
            quorum => return self.quorum.on_request(now, from, id, &quorum, out),
        };
        let after = self.quorum.log().end();
        match &mut self.active {
            Some(active) if after > end => active.deferred.push(Deferred {
                after,
                to: from,
                id,
                response,
            }),
            _ => out.respond(from, id, Response::Control(response)),
        }
    }

    fn when_active(&self) -> Result<(), ErrorCode> {
        if self.is_active() {
            Ok(())
        } else {
            Err(ErrorCode::NotController)
        }
    }

    /// Writes records, all or none of which are committed, and applies them.
    fn write(&mut self, now: Time, records: &[MetadataRecord], out: &mut Out) {
        if records.is_empty() {
            return;
        }
        for record in records {
            self.image.replay(record);
        }
        self.applied = self.quorum.append(now, batch_of(now, records), out);
        if let Some(active) = &mut self.active {
            let committed = self.quorum.high_watermark();
            active.told.up_to(committed, &self.quorum, out);
        }
    }

    fn admin(&self) -> Admin<'_> {
        Admin {
            image: &self.image,
            eligible_leader_replicas: self.config.eligible_leader_replicas,
            num_partitions: self.config.num_partitions,
            default_replication_factor: self.config.default_replication_factor,
            flaw: self.flaw,
        }
    }
}

/// The answer of the same kind that says no.
fn refusal(response: &ControlResponse, error: ErrorCode) -> ControlResponse {
    match response {
        ControlResponse::RegisterBroker(_) => ControlResponse::RegisterBroker(Err(error)),
        ControlResponse::BrokerHeartbeat(_) => ControlResponse::BrokerHeartbeat(Err(error)),
        ControlResponse::AlterPartition(_) => ControlResponse::AlterPartition(Err(error)),
        other => other.clone(),
    }
}

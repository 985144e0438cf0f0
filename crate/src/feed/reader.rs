//! A member of a consumer group that reads a topic and commits.

use crate::client::{Consumer, ConsumerConfig};
use crate::id::{GroupId, NodeId, TopicId};
use crate::protocol::{Body, Input, Out, Timer};
use crate::rng::{Rng, Salt};
use crate::shop::{CommitMode, Settings, Worker};
use crate::time::Time;
use std::sync::Arc;

/// What a reader is made of, whichever process of it runs.
#[derive(Clone, Debug)]
pub struct ReaderKit {
    /// The group it reads in.
    pub group: GroupId,
    /// The topic.
    pub topic: TopicId,
    /// Its name.
    pub name: Arc<str>,
    /// Whom to ask first.
    pub bootstrap: Arc<[NodeId]>,
    /// The run's seed.
    pub seed: u64,
}

/// The program: a loop that polls, is done with what it got at once, commits if that is its to do,
/// and polls again.
#[derive(Clone, Debug)]
pub struct Reader {
    node: NodeId,
    kit: Arc<ReaderKit>,
    consumer: Consumer,
    /// It waits until its position is kept.
    committing: bool,
    stopping: bool,
}

impl Reader {
    /// A reader of `node`, not yet started.
    #[must_use]
    pub fn new(node: NodeId, kit: ReaderKit) -> Self {
        Self {
            node,
            consumer: new_consumer(node, &kit, &Settings::default()),
            kit: Arc::new(kit),
            committing: false,
            stopping: false,
        }
    }

    /// Its consumer, which knows what it is assigned and where it stands.
    #[must_use]
    pub fn consumer(&self) -> &Consumer {
        &self.consumer
    }

    /// The process dies.
    pub fn crash(&mut self) {
        self.consumer =
            new_consumer(self.node, &self.kit, &Settings::default()).after(&self.consumer);
        self.committing = false;
        self.stopping = false;
    }

    /// One step.
    pub fn handle(&mut self, now: Time, input: Input, settings: &Settings, out: &mut Out) {
        match input {
            Input::Start => {
                self.consumer = new_consumer(self.node, &self.kit, settings).after(&self.consumer);
                let topic = (self.kit.topic, Arc::clone(&self.kit.name));
                self.consumer.subscribe([topic]);
            }
            Input::Stop => self.stopping = true,
            Input::Message {
                from,
                body: Body::Response { id, response },
            } => self.consumer.on_response(now, from, id, *response, out),
            Input::Timer(Timer::Consumer) => self.consumer.on_timer(now, out),
            Input::Disconnected { peer } => self.consumer.on_disconnect(now, peer, out),
            _ => {}
        }
        while self.consumer.next_commit().is_some() {
            // Where the commit failed the records may come again, to this reader or to another.
            self.committing = false;
        }
        if self.stopping && !self.committing {
            self.consumer.close(now, out);
            if self.consumer.is_closed() {
                out.exit();
            }
            return;
        }
        while !self.committing && self.read(now, settings, out) {}
    }

    /// Polls, and commits what came. `true` if anything did.
    fn read(&mut self, now: Time, settings: &Settings, out: &mut Out) -> bool {
        if self.consumer.is_polling() && !self.consumer.is_ready() {
            return false;
        }
        // An error here would be a mistake of ours: the subscription is valid and starts over at the
        // beginning by itself.
        let polled = self.consumer.poll(now, out);
        debug_assert!(polled.is_ok(), "a reader's poll failed: {polled:?}");
        let came = matches!(polled, Ok(Some(_)));
        if came && settings.commit == CommitMode::EachRecord {
            self.consumer.commit_sync(now, None, out);
            self.committing = true;
        }
        came
    }
}

/// As the services' consumers are set, but for `max.poll.records`, which is Kafka's.
fn new_consumer(node: NodeId, kit: &ReaderKit, settings: &Settings) -> Consumer {
    let config = ConsumerConfig {
        max_poll_records: 500,
        ..Worker::consumer_config(kit.group, settings.commit)
    };
    let rng = Rng::new(kit.seed, Salt::Client, u64::from(node.0) << 1);
    Consumer::new(node, config, Arc::clone(&kit.bootstrap), rng)
}

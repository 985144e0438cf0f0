//! A cluster that was there before the run: its brokers are registered, its topics made, and
//! everyone knows.

use super::admin::{Admin, NewTopic, TopicError};
use super::broker::Broker;
use super::controller::{Controller, ControllerConfig};
use super::metadata::{Image, MetadataRecord, batch_of};
use crate::id::{NodeId, TopicId};
use crate::protocol::Out;
use crate::rng::{Rng, Salt};
use crate::time::Time;
use std::sync::Arc;

/// What the metadata log begins with.
#[derive(Clone, Debug)]
pub struct Founding {
    config: ControllerConfig,
    image: Image,
    records: Vec<MetadataRecord>,
    rng: Rng,
}

impl Founding {
    /// Brokers, each with its rack, and nothing else.
    #[must_use]
    pub fn new(brokers: &[(NodeId, Option<u32>)], config: ControllerConfig, seed: u64) -> Self {
        let mut founding = Self {
            config,
            image: Image::default(),
            records: Vec::new(),
            rng: Rng::new(seed, Salt::Placement, 1),
        };
        for (epoch, &(broker, rack)) in (0..).zip(brokers) {
            founding.add(MetadataRecord::RegisterBroker {
                broker,
                incarnation: 1,
                epoch,
                rack,
            });
        }
        for &(broker, _) in brokers {
            founding.add(MetadataRecord::BrokerRegistrationChange {
                broker,
                fenced: false,
                in_controlled_shutdown: false,
            });
        }
        founding
    }

    fn add(&mut self, record: MetadataRecord) {
        self.image.replay(&record);
        self.records.push(record);
    }

    /// A topic that is there from the beginning.
    ///
    /// # Errors
    /// As `kafka-topics --create`.
    pub fn create_topic(
        &mut self,
        id: TopicId,
        name: &Arc<str>,
        new: &NewTopic,
    ) -> Result<(), TopicError> {
        let admin = Admin {
            image: &self.image,
            eligible_leader_replicas: self.config.eligible_leader_replicas,
            num_partitions: self.config.num_partitions,
            default_replication_factor: self.config.default_replication_factor,
            flaw: None,
        };
        for record in admin.create_topic(id, name, new, &mut self.rng)? {
            self.add(record);
        }
        Ok(())
    }

    /// Tells a controller.
    pub fn tell_controller(&self, controller: &mut Controller) {
        controller.found(&batch_of(Time::ZERO, &self.records));
    }

    /// Tells a broker, which leads and follows from now on.
    pub fn tell_broker(&self, broker: &mut Broker, out: &mut Out) {
        let known = self.image.brokers.get(&broker.node());
        let epoch = known.map_or(-1, |known| known.epoch);
        let batch = batch_of(Time::ZERO, &self.records);
        broker.found(Time::ZERO, &batch, epoch, out);
    }
}

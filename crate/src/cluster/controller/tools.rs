//! What the admin tools ask the active controller for.

use super::super::admin::{NewTopic, TopicError};
use super::super::election::Election;
use super::super::metadata::MetadataRecord;
use super::Controller;
use crate::id::{NodeId, TopicId, TopicPartition};
use crate::protocol::Out;
use crate::time::Time;
use std::sync::Arc;

impl Controller {
    fn act<T>(
        &mut self,
        now: Time,
        records: Result<(Vec<MetadataRecord>, T), TopicError>,
        out: &mut Out,
    ) -> Result<T, TopicError> {
        if !self.is_active() {
            return Err(TopicError::NoController);
        }
        let (records, result) = records?;
        self.write(now, &records, out);
        self.keep_up(now, out);
        Ok(result)
    }

    /// Makes a topic, as `kafka-topics --create` does.
    ///
    /// # Errors
    /// As [`Admin::create_topic`]; this is not the active controller.
    pub fn create_topic(
        &mut self,
        now: Time,
        id: TopicId,
        name: &Arc<str>,
        new: &NewTopic,
        out: &mut Out,
    ) -> Result<(), TopicError> {
        let mut rng = self.rng.clone();
        let records = self.admin().create_topic(id, name, new, &mut rng);
        let done = self.act(now, records.map(|records| (records, ())), out);
        if done.is_ok() {
            self.rng = rng;
        }
        done
    }

    /// Deletes a topic. Returns its number.
    ///
    /// # Errors
    /// There is none of that name; this is not the active controller.
    pub fn delete_topic(
        &mut self,
        now: Time,
        name: &str,
        out: &mut Out,
    ) -> Result<TopicId, TopicError> {
        let records = self.admin().delete_topic(name);
        self.act(now, records, out)
    }

    /// Raises a topic's number of partitions to `to`. Records stay where they are; keys move.
    ///
    /// # Errors
    /// As [`Admin::add_partitions`]; this is not the active controller.
    pub fn add_partitions(
        &mut self,
        now: Time,
        name: &str,
        to: u32,
        out: &mut Out,
    ) -> Result<(), TopicError> {
        let mut rng = self.rng.clone();
        let records = self.admin().add_partitions(name, to, &mut rng);
        let done = self.act(now, records.map(|records| (records, ())), out);
        if done.is_ok() {
            self.rng = rng;
        }
        done
    }

    /// Changes one setting of a topic, or with `None` unsets it.
    ///
    /// # Errors
    /// As [`Admin::alter_config`]; this is not the active controller.
    pub fn alter_config(
        &mut self,
        now: Time,
        name: &str,
        setting: &str,
        value: Option<&str>,
        out: &mut Out,
    ) -> Result<(), TopicError> {
        let records = self.admin().alter_config(name, setting, value);
        self.act(now, records.map(|records| (records, ())), out)
    }

    /// Elects a leader, as `kafka-leader-election` does.
    ///
    /// # Errors
    /// No replica can be elected that way, or none need be; this is not the active controller.
    pub fn elect_leader(
        &mut self,
        now: Time,
        at: TopicPartition,
        how: Election,
        out: &mut Out,
    ) -> Result<(), TopicError> {
        let records = self.admin().elect_leader(at, how);
        self.act(now, records.map(|records| (records, ())), out)
    }

    /// Begins to move a partition to other replicas, as `kafka-reassign-partitions --execute` does.
    ///
    /// # Errors
    /// The replicas are not brokers of the cluster; this is not the active controller.
    pub fn reassign(
        &mut self,
        now: Time,
        at: TopicPartition,
        replicas: &[NodeId],
        out: &mut Out,
    ) -> Result<(), TopicError> {
        let records = self.admin().reassign(at, replicas);
        self.act(now, records.map(|records| (records, ())), out)
    }
}

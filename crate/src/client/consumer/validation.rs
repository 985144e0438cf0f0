//! Whether what was read is still there, where another took the lead since or a position comes from a
//! commit (KIP-320): the leader is asked where the epoch of the last record read ended
//! (`OffsetsForLeaderEpochUtils`, `SubscriptionState.maybeCompleteValidation`).

use super::partition::Need;
use super::{Call, Consumer, PollError};
use crate::client::config::OffsetReset;
use crate::id::TopicPartition;
use crate::protocol::{EpochAsked, EpochEnds, OffsetAndEpoch, Out, Request};
use crate::time::Time;

impl Consumer {
    /// Metadata came: positions found right under an earlier leader are not sure any more, and what
    /// was fetched from there is not given out.
    pub(super) fn doubt_positions(&mut self) {
        let Some(image) = self.view.image().cloned() else {
            return;
        };
        for (at, partition) in self.assignment.iter_mut() {
            let known = image.partition(at).map_or(-1, |known| known.leader_epoch);
            if known <= partition.leader_epoch {
                continue;
            }
            let read = partition.need == Need::Nothing && partition.last_epoch >= 0;
            if read || partition.need == Need::Validation {
                partition.doubt(known);
                self.fetched.retain(|chunk| chunk.at != at);
            }
        }
    }

    /// A position was found, by a commit or by the leader's word: where both tell an epoch, the leader
    /// of now must say that it is right (`SubscriptionState.seekUnvalidated`).
    pub(super) fn doubt_position(&mut self, at: TopicPartition) {
        if let Some(partition) = self.assignment.get(at) {
            self.view.saw(at, partition.last_epoch);
        }
        let image = self.view.image();
        let known = image.and_then(|image| Some(image.partition(at)?.leader_epoch));
        if let (Some(epoch), Some(partition)) = (known, self.assignment.get_mut(at))
            && partition.last_epoch >= 0
        {
            partition.doubt(epoch);
        }
    }

    /// Asks leaders about the positions that are in doubt.
    pub(super) fn validate_positions(&mut self, now: Time, out: &mut Out) {
        let asks = self.ask_leaders(now, |at, _, partition| {
            (partition.need == Need::Validation).then_some(EpochAsked {
                at,
                current_leader_epoch: partition.leader_epoch,
                leader_epoch: partition.last_epoch,
            })
        });
        for (broker, partitions) in asks {
            let call = Call::Validation(self.assignment.epoch, partitions.clone());
            let request = Request::OffsetForLeaderEpoch { partitions };
            let timeout = self.config.request_timeout();
            self.calls.send(now, timeout, broker, request, call, out);
        }
    }

    /// The answer; `None` if it will not come.
    pub(super) fn validated(
        &mut self,
        now: Time,
        epoch: u32,
        asked: &[EpochAsked],
        answer: Option<EpochEnds>,
        out: &mut Out,
    ) {
        if epoch != self.assignment.epoch {
            return;
        }
        let answer = answer.unwrap_or_default();
        let retry = now + self.config.retry_backoff();
        for asked in asked {
            let Some(partition) = self.assignment.get_mut(asked.at) else {
                continue;
            };
            // A seek or another leader in the meantime made it another question.
            let known = (partition.leader_epoch, partition.last_epoch);
            if partition.need != Need::Validation
                || known != (asked.current_leader_epoch, asked.leader_epoch)
            {
                continue;
            }
            match answer.iter().find(|(of, _)| *of == asked.at) {
                Some((_, Ok(Some((_, end))))) if *end >= partition.position => {
                    partition.needs(Need::Nothing);
                }
                Some((at, Ok(ended))) => self.truncated(*at, *ended, out),
                Some((_, Err(_))) | None => {
                    partition.asks_again(retry);
                    self.view.want();
                }
            }
        }
    }

    /// What was read is not in the leader's log, which parts from it at the end of the epoch given,
    /// if that is known. With a reset policy the consumer goes back there; without, the application
    /// must say.
    fn truncated(&mut self, at: TopicPartition, ended: Option<(i32, i64)>, out: &mut Out) {
        let grouped = self.group.is_some();
        let Some(partition) = self.assignment.get_mut(at) else {
            return;
        };
        let error = PollError::Truncated {
            at,
            offset: partition.position,
            diverged: ended.map(|(_, end)| end),
        };
        match ended {
            Some((leader_epoch, offset)) if self.config.auto_offset_reset != OffsetReset::None => {
                partition.announce = grouped;
                let position = OffsetAndEpoch {
                    offset,
                    leader_epoch,
                };
                self.set_position(at, position, out);
            }
            _ => self.reset_by_policy(at, error),
        }
    }
}

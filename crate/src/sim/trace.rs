//! What messages leave in the trace hash, and what the picture shows of them.

use super::kernel::Traced;
use crate::id::{OrderId, TopicPartition};
use crate::log::Batch;
use crate::protocol::{Body, Carries, LayersMessage, Request, Response, ShopMessage};
use crate::shop::{OrderEvent, hue_of};

/// The orders a message is about: each with its colour, and the partition it is written to.
pub(super) fn dots(body: &Body) -> Vec<(OrderId, u8, Option<TopicPartition>)> {
    match body {
        Body::Shop(ShopMessage::Place(order)) => vec![(order.id, order.hue, None)],
        Body::Shop(
            ShopMessage::Call { order, hue, .. } | ShopMessage::Return { order, hue, .. },
        ) => vec![(*order, *hue, None)],
        Body::Shop(ShopMessage::Answer { order, .. }) => vec![(*order, 0, None)],
        Body::Request { request, .. } => match &**request {
            Request::Produce { batches, .. } => batches
                .iter()
                .flat_map(|(at, batch)| {
                    batch.records().flatten().filter_map(|record| {
                        let event = OrderEvent::read(record.value?)?;
                        let hue = hue_of(record.key.unwrap_or_default());
                        Some((event.order, hue, Some(*at)))
                    })
                })
                .collect(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// Calls `each` for what a request or a response carries: what it is, of which partition, and how
/// many records.
pub(super) fn cargo(body: &Body, mut each: impl FnMut(Carries, Option<TopicPartition>, u32)) {
    match body {
        Body::Request { request, .. } => match &**request {
            Request::Produce { batches, .. } => {
                for (at, batch) in batches {
                    each(Carries::Batch, Some(*at), batch.count());
                }
            }
            Request::Fetch { .. } => each(Carries::Asks, None, 0),
            _ => {}
        },
        Body::Response { response, .. } => match &**response {
            Response::Produce { results } => {
                for (at, _) in results {
                    each(Carries::Ack, Some(*at), 0);
                }
            }
            Response::Fetch { partitions } => {
                let full = partitions.iter().filter(|part| !part.batches.is_empty());
                let mut nothing = true;
                for part in full {
                    let records = part.batches.iter().map(Batch::count).sum();
                    each(Carries::Given, Some(part.at), records);
                    nothing = false;
                }
                if nothing {
                    each(Carries::Given, None, 0);
                }
            }
            _ => {}
        },
        Body::Shop(_) | Body::Layers(_) => {}
    }
}

impl Traced for Body {
    fn again(&self) -> Option<Self> {
        matches!(self, Self::Request { .. }).then(|| self.clone())
    }

    fn trace(&self) -> (u32, u64) {
        match self {
            Self::Request { id, request } => {
                let content = match &**request {
                    Request::Produce { batches, .. } => batches
                        .iter()
                        .fold(0, |all, (_, batch)| all ^ u64::from(batch.crc())),
                    _ => 0,
                };
                (64 + request_kind(request), u64::from(*id) ^ content << 32)
            }
            Self::Response { id, response } => (96 + response_kind(response), u64::from(*id)),
            Self::Layers(message) => match message {
                LayersMessage::BatchView { run, view, .. } => {
                    (40, u64::from(*run) ^ view.records << 16)
                }
                LayersMessage::SpeedView { rows, .. } => (41, rows.len() as u64),
                LayersMessage::Covered { ends } => (42, ends.iter().sum::<i64>().cast_unsigned()),
                LayersMessage::JobView { version, view, .. } => {
                    (43, u64::from(*version) ^ view.records << 16)
                }
            },
            Self::Shop(message) => match message {
                ShopMessage::Place(order) => (32, u64::from(order.id.0)),
                ShopMessage::Answer { order, answer } => {
                    (33, u64::from(order.0) << 8 | *answer as u64)
                }
                ShopMessage::GiveUp { order } => (34, u64::from(order.0)),
                ShopMessage::Call { order, worker, .. } => {
                    (35, u64::from(order.0) ^ u64::from(*worker) << 32)
                }
                ShopMessage::Return {
                    order,
                    worker,
                    outcome,
                    ..
                } => (
                    36,
                    u64::from(order.0) ^ u64::from(*worker) << 32 ^ (*outcome as u64) << 60,
                ),
            },
        }
    }
}

fn request_kind(request: &Request) -> u32 {
    match request {
        Request::Produce { .. } => 0,
        Request::Fetch { .. } => 1,
        Request::ListOffsets { .. } => 2,
        Request::Metadata { .. } => 3,
        Request::OffsetCommit { .. } => 8,
        Request::OffsetFetch { .. } => 9,
        Request::FindCoordinator { .. } => 10,
        Request::JoinGroup { .. } => 11,
        Request::Heartbeat { .. } => 12,
        Request::LeaveGroup { .. } => 13,
        Request::SyncGroup { .. } => 14,
        Request::Control(_) => 15,
        Request::OffsetForLeaderEpoch { .. } => 23,
    }
}

fn response_kind(response: &Response) -> u32 {
    match response {
        Response::Produce { .. } => 0,
        Response::Fetch { .. } => 1,
        Response::ListOffsets { .. } => 2,
        Response::Metadata { .. } => 3,
        Response::OffsetCommit { .. } => 8,
        Response::OffsetFetch { .. } => 9,
        Response::FindCoordinator { .. } => 10,
        Response::JoinGroup { .. } => 11,
        Response::Heartbeat { .. } => 12,
        Response::LeaveGroup { .. } => 13,
        Response::SyncGroup { .. } => 14,
        Response::Control(_) => 15,
        Response::OffsetForLeaderEpoch { .. } => 23,
    }
}

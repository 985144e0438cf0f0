//! What a node can be, and how the world speaks to any of them.

use crate::app::StreamWorker;
use crate::cluster::{Broker, Controller, Death};
use crate::feed::{Reader, Source};
use crate::id::OrderId;
use crate::layers::{Batch, Serving, StreamJob};
use crate::protocol::{Input, Out, Stop};
use crate::shop::{AsyncShop, Customers, Settings, SyncService, SyncShop, Worker};
use crate::time::Time;

/// Anything with a name and a place.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // each is documented where it lives
#[allow(clippy::large_enum_variant)] // a world has few nodes, and a box would cost each step a look
pub enum Node {
    Broker(Broker),
    Controller(Controller),
    Customers(Customers),
    SyncShop(SyncShop),
    SyncService(SyncService),
    AsyncShop(AsyncShop),
    Worker(Worker),
    Source(Source),
    Reader(Reader),
    StreamWorker(Box<StreamWorker>),
    Batch(Box<Batch>),
    StreamJob(Box<StreamJob>),
    Serving(Box<Serving>),
}

impl Node {
    /// One step.
    pub(super) fn handle(&mut self, now: Time, input: Input, settings: &Settings, out: &mut Out) {
        match self {
            Self::Broker(node) => node.handle(now, input, out),
            Self::Controller(node) => node.handle(now, input, out),
            Self::Customers(node) => node.handle(now, input, settings, out),
            Self::SyncShop(node) => node.handle(now, input, settings, out),
            Self::SyncService(node) => node.handle(now, input, settings, out),
            Self::AsyncShop(node) => node.handle(now, input, settings, out),
            Self::Worker(node) => node.handle(now, input, settings, out),
            Self::Source(node) => node.handle(now, input, settings, out),
            Self::Reader(node) => node.handle(now, input, settings, out),
            Self::StreamWorker(node) => node.handle(now, input, out),
            Self::Batch(node) => node.handle(now, input, out),
            Self::StreamJob(node) => node.handle(now, input, out),
            Self::Serving(node) => node.handle(now, input, out),
        }
    }

    /// The process is killed: what it had in memory is gone. Returns orders that were with the
    /// process and may not have left it.
    pub(super) fn crash(&mut self, how: Stop, out: &mut Out) -> Vec<OrderId> {
        match self {
            Self::Broker(node) => node.died(
                match how {
                    Stop::Crashed => Death::Machine,
                    Stop::Clean | Stop::Killed | Stop::DiskFull => Death::Process,
                },
                out,
            ),
            Self::Controller(node) => node.crash(),
            Self::Customers(_) | Self::Serving(_) => {}
            Self::SyncShop(node) => node.crash(),
            Self::SyncService(node) => node.crash(),
            Self::AsyncShop(node) => return node.crash(out),
            Self::Worker(node) => node.crash(),
            Self::Source(node) => node.crash(),
            Self::Reader(node) => node.crash(),
            Self::StreamWorker(node) => node.crash(),
            Self::Batch(node) => node.crash(),
            Self::StreamJob(node) => node.crash(),
        }
        Vec::new()
    }
}

//! A service of the synchronous shop: calls wait in a queue for a worker.

use super::crew::Crew;
use super::settings::Settings;
use crate::id::{NodeId, OrderId};
use crate::protocol::{
    Body, Fact, Input, Lane, OrderStep, Out, Service, ShopMessage, Timer, WorkOutcome,
};
use crate::rng::{Rng, Salt};
use crate::time::Time;
use std::collections::VecDeque;

/// A call as it came.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Call {
    from: NodeId,
    order: OrderId,
    hue: u8,
    worker: u32,
}

/// A call in hand.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct InService {
    /// Which order.
    pub order: OrderId,
    /// The key's colour.
    pub hue: u8,
    /// Since when.
    pub since: Time,
    /// Until when.
    pub until: Time,
    call: Call,
}

/// Payment, warehouse or shipping behind the synchronous shop.
#[derive(Clone, Debug)]
pub struct SyncService {
    service: Service,
    seed: u64,
    rng: Rng,
    queue: VecDeque<Call>,
    workers: Crew<InService>,
    stopping: bool,
}

impl SyncService {
    /// One of the three services.
    #[must_use]
    pub fn new(seed: u64, lane: u64, service: Service) -> Self {
        let rng = Rng::new(seed, Salt::Service, lane);
        Self {
            service,
            seed,
            rng,
            queue: VecDeque::new(),
            workers: Crew::default(),
            stopping: false,
        }
    }

    /// Calls in hand, one entry a worker.
    #[must_use]
    pub fn in_service(&self) -> &[Option<InService>] {
        self.workers.jobs()
    }

    /// The process dies with everything it had in hand.
    pub fn crash(&mut self) {
        self.queue.clear();
        self.workers.clear();
        self.stopping = false;
    }

    /// One step.
    pub fn handle(&mut self, now: Time, input: Input, settings: &Settings, out: &mut Out) {
        match input {
            Input::Stop => {
                self.stopping = true;
                for call in std::mem::take(&mut self.queue) {
                    give_back(call, WorkOutcome::Failed, out);
                }
            }
            Input::Message {
                from,
                body: Body::Shop(ShopMessage::Call { order, hue, worker }),
            } => {
                let call = Call {
                    from,
                    order,
                    hue,
                    worker,
                };
                if self.stopping {
                    give_back(call, WorkOutcome::Failed, out);
                } else {
                    self.queue.push_back(call);
                }
            }
            Input::Timer(Timer::Work(worker)) => self.done(worker, settings, out),
            _ => {}
        }
        self.take_next(now, settings, out);
        if self.stopping && self.workers.is_idle() {
            out.exit();
        }
    }

    fn take_next(&mut self, now: Time, settings: &Settings, out: &mut Out) {
        let (wanted, work) = (
            settings.workers[self.service.index()],
            settings.work_of(self.service),
        );
        self.workers.assign(wanted, |worker| {
            let call = self.queue.pop_front()?;
            let step = OrderStep::Began(Some(self.service));
            out.tell(Fact::Order {
                lane: Lane::Sync,
                order: call.order,
                step,
            });
            let until = now + work.draw(&mut self.rng);
            out.wake(until, Timer::Work(worker));
            Some(InService {
                order: call.order,
                hue: call.hue,
                since: now,
                until,
                call,
            })
        });
    }

    fn done(&mut self, worker: u32, settings: &Settings, out: &mut Out) {
        let Some(job) = self.workers.take(worker) else {
            return;
        };
        let outcome = outcome(self.service, job.order, self.seed, settings, &mut self.rng);
        tell(Lane::Sync, job.order, self.service, outcome, out);
        give_back(job.call, outcome, out);
    }
}

/// How one attempt ends. Whether the bank declines is the order's own fate, the same in both shops
/// and at every attempt; whether the service fails is chance.
pub(super) fn outcome(
    service: Service,
    order: OrderId,
    seed: u64,
    settings: &Settings,
    rng: &mut Rng,
) -> WorkOutcome {
    let fails = rng.chance(settings.failure[service.index()]);
    let fate = Rng::new(seed, Salt::Bank, u64::from(order.0)).unit();
    match service {
        _ if fails => WorkOutcome::Failed,
        Service::Payment if fate < settings.decline => WorkOutcome::Declined,
        _ => WorkOutcome::Done,
    }
}

/// Tells what an attempt came to; a failed one is not worth a fact, only giving up is.
pub(super) fn tell(lane: Lane, order: OrderId, by: Service, how: WorkOutcome, out: &mut Out) {
    let step = match how {
        WorkOutcome::Done => OrderStep::Done(by),
        WorkOutcome::Declined => OrderStep::Declined,
        WorkOutcome::Failed => return,
    };
    out.tell(Fact::Order { lane, order, step });
}

fn give_back(call: Call, outcome: WorkOutcome, out: &mut Out) {
    let Call {
        from,
        order,
        hue,
        worker,
    } = call;
    out.send(
        from,
        Body::Shop(ShopMessage::Return {
            order,
            hue,
            worker,
            outcome,
        }),
    );
}

//! The synchronous shop: one worker serves one customer from order id to shipping, calling each
//! service and waiting for it.

use super::crew::Crew;
use super::settings::Settings;
use super::{ATTEMPTS, FIRST_PAUSE};
use crate::id::{NodeId, OrderId};
use crate::protocol::{
    Answer, Body, Fact, Input, Lane, Order, OrderStep, Out, Service, ShopMessage, Timer,
    WorkOutcome,
};
use crate::rng::{Rng, Salt};
use crate::time::Time;
use std::collections::VecDeque;

/// What a worker of the shop is at.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Serving {
    /// Which order.
    pub order: OrderId,
    /// The key's colour.
    pub hue: u8,
    /// Since when this worker serves it.
    pub since: Time,
    /// Which service it waits for; none while it makes the order id.
    pub at: Option<Service>,
    customer: NodeId,
    /// Attempts at this service that failed.
    failures: u32,
    /// Whether a call is out; not so during the pause before another attempt.
    calling: bool,
}

/// The shop where the customer waits for everything.
#[derive(Clone, Debug)]
pub struct SyncShop {
    services: [NodeId; 3],
    rng: Rng,
    queue: VecDeque<(NodeId, Order)>,
    workers: Crew<Serving>,
    stopping: bool,
}

impl SyncShop {
    /// A shop in front of these services, in the order of [`Service::ALL`].
    #[must_use]
    pub fn new(seed: u64, lane: u64, services: [NodeId; 3]) -> Self {
        let rng = Rng::new(seed, Salt::Service, lane);
        Self {
            services,
            rng,
            queue: VecDeque::new(),
            workers: Crew::default(),
            stopping: false,
        }
    }

    /// Who is being served, one entry a worker.
    #[must_use]
    pub fn serving(&self) -> &[Option<Serving>] {
        self.workers.jobs()
    }

    /// The process dies: nobody is served any more.
    pub fn crash(&mut self) {
        self.queue.clear();
        self.workers.clear();
        self.stopping = false;
    }

    /// One step.
    pub fn handle(&mut self, now: Time, input: Input, settings: &Settings, out: &mut Out) {
        match input {
            Input::Stop => self.stopping = true,
            Input::Message {
                from,
                body: Body::Shop(message),
            } => match message {
                ShopMessage::Place(order) if self.stopping => {
                    answer(from, order.id, Answer::Failed, out);
                }
                ShopMessage::Place(order) => self.queue.push_back((from, order)),
                // Whoever is being served already is served to the end, heard or not.
                ShopMessage::GiveUp { order } => self.queue.retain(|(_, o)| o.id != order),
                ShopMessage::Return {
                    worker,
                    outcome,
                    order,
                    ..
                } => {
                    self.returned(now, worker, order, outcome, out);
                }
                _ => {}
            },
            Input::Timer(Timer::Work(worker)) => self.call(worker, Service::Payment, out),
            Input::Timer(Timer::Retry(worker)) => {
                if let Some(at) = self.workers.job(worker).and_then(|s| s.at) {
                    self.call(worker, at, out);
                }
            }
            Input::Disconnected { peer } => self.lost_service(now, peer, out),
            _ => {}
        }
        self.serve_next(now, settings, out);
        if self.stopping && self.queue.is_empty() && self.workers.is_idle() {
            out.exit();
        }
    }

    fn serve_next(&mut self, now: Time, settings: &Settings, out: &mut Out) {
        self.workers.assign(settings.shop_workers, |worker| {
            let (customer, order) = self.queue.pop_front()?;
            let step = OrderStep::Began(None);
            out.tell(Fact::Order {
                lane: Lane::Sync,
                order: order.id,
                step,
            });
            let done_at = now + settings.order_id.draw(&mut self.rng);
            out.wake(done_at, Timer::Work(worker));
            Some(Serving {
                order: order.id,
                hue: order.hue,
                since: now,
                at: None,
                customer,
                failures: 0,
                calling: false,
            })
        });
    }

    fn call(&mut self, worker: u32, service: Service, out: &mut Out) {
        let to = self.services[service.index()];
        if let Some(serving) = self.workers.job(worker) {
            serving.at = Some(service);
            serving.calling = true;
            let Serving { order, hue, .. } = *serving;
            out.send(to, Body::Shop(ShopMessage::Call { order, hue, worker }));
        }
    }

    fn returned(
        &mut self,
        now: Time,
        worker: u32,
        order: OrderId,
        how: WorkOutcome,
        out: &mut Out,
    ) {
        let Some(serving) = self
            .workers
            .job(worker)
            .filter(|s| s.order == order && s.calling)
        else {
            return;
        };
        let Some(at) = serving.at else { return };
        match how {
            WorkOutcome::Done => {
                serving.failures = 0;
                match Service::ALL.get(at.index() + 1) {
                    Some(&next) => self.call(worker, next, out),
                    None => self.finish(worker, Answer::Completed, out),
                }
            }
            WorkOutcome::Declined => self.finish(worker, Answer::Declined, out),
            WorkOutcome::Failed => self.failed(now, worker, at, out),
        }
    }

    fn failed(&mut self, now: Time, worker: u32, at: Service, out: &mut Out) {
        let Some(serving) = self.workers.job(worker) else {
            return;
        };
        serving.calling = false;
        serving.failures += 1;
        if serving.failures < ATTEMPTS {
            let pause = FIRST_PAUSE * (1 << (serving.failures - 1));
            out.wake(now + pause, Timer::Retry(worker));
        } else {
            let order = serving.order;
            let step = OrderStep::GivenUpOn(at);
            out.tell(Fact::Order {
                lane: Lane::Sync,
                order,
                step,
            });
            self.finish(worker, Answer::Failed, out);
        }
    }

    /// Every call to that service that has not come back has failed.
    fn lost_service(&mut self, now: Time, peer: NodeId, out: &mut Out) {
        let Some(index) = self.services.iter().position(|&s| s == peer) else {
            return;
        };
        let service = Service::ALL[index];
        for worker in 0..self.workers.jobs().len() as u32 {
            if self
                .workers
                .job(worker)
                .is_some_and(|s| s.at == Some(service) && s.calling)
            {
                self.failed(now, worker, service, out);
            }
        }
    }

    fn finish(&mut self, worker: u32, how: Answer, out: &mut Out) {
        if let Some(serving) = self.workers.take(worker) {
            answer(serving.customer, serving.order, how, out);
        }
    }
}

fn answer(to: NodeId, order: OrderId, answer: Answer, out: &mut Out) {
    out.send(to, Body::Shop(ShopMessage::Answer { order, answer }));
}

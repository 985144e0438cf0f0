//! The asynchronous shop: makes an order id, appends the order to the log, answers the customer.

use super::crew::Crew;
use super::order::{hue_of, write_order};
use super::settings::{Sending, Settings};
use super::worker::producer_config;
use crate::client::{Delivery, Producer, ProducerConfig, ProducerRecord, Sent};
use crate::id::{NodeId, OrderId, TopicId};
use crate::protocol::{Answer, Body, Fact, Input, Lane, Order, OrderStep, Out, ShopMessage, Timer};
use crate::rng::{Rng, Salt};
use crate::time::Time;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// What a worker of the shop is at.
#[derive(Clone, PartialEq, Debug)]
pub struct Taking {
    /// The order it makes an id for, or whose acknowledgement it waits for.
    pub order: Order,
    /// Since when.
    pub since: Time,
    /// Until when, while it makes the id.
    pub until: Time,
    customer: NodeId,
    /// The id is made and the record sent; the worker waits, as it must if it sends synchronously
    /// or `send` blocks.
    waits: bool,
}

/// The shop that answers when the log has the order.
#[derive(Clone, Debug)]
pub struct AsyncShop {
    node: NodeId,
    seed: u64,
    topic: TopicId,
    topic_name: Arc<str>,
    bootstrap: Arc<[NodeId]>,
    producer: Producer,
    rng: Rng,
    queue: VecDeque<(NodeId, Order)>,
    workers: Crew<Taking>,
    /// Whom to answer when the callback comes.
    callbacks: BTreeMap<OrderId, NodeId>,
    stopping: bool,
    value: String,
}

impl AsyncShop {
    /// A shop that sends to this topic.
    #[must_use]
    pub fn new(
        seed: u64,
        node: NodeId,
        topic: TopicId,
        topic_name: Arc<str>,
        bootstrap: Arc<[NodeId]>,
    ) -> Self {
        Self {
            node,
            seed,
            topic,
            topic_name,
            producer: new_producer(
                seed,
                node,
                &bootstrap,
                producer_config(&Settings::default()),
            ),
            bootstrap,
            rng: Rng::new(seed, Salt::Service, u64::from(node.0)),
            queue: VecDeque::new(),
            workers: Crew::default(),
            callbacks: BTreeMap::new(),
            stopping: false,
            value: String::new(),
        }
    }

    /// Who is being served, one entry a worker.
    #[must_use]
    pub fn taking(&self) -> &[Option<Taking>] {
        self.workers.jobs()
    }

    /// The producer.
    #[must_use]
    pub fn producer(&self) -> &Producer {
        &self.producer
    }

    /// The process dies. Tells of orders that had not left its buffer, and returns those that had
    /// and may or may not have arrived.
    pub fn crash(&mut self, out: &mut Out) -> Vec<OrderId> {
        self.queue.clear();
        self.workers.clear();
        self.callbacks.clear();
        self.stopping = false;
        let new = new_producer(
            self.seed,
            self.node,
            &self.bootstrap,
            *self.producer.config(),
        )
        .after(&self.producer);
        let old = std::mem::replace(&mut self.producer, new);
        let mut doubtful = Vec::new();
        for lost in old.crash() {
            for tag in lost.tags.iter() {
                let order = OrderId(tag as u32);
                if lost.in_flight {
                    doubtful.push(order);
                } else {
                    tell(order, OrderStep::Unsent, out);
                }
            }
        }
        doubtful
    }

    /// One step.
    pub fn handle(&mut self, now: Time, input: Input, settings: &Settings, out: &mut Out) {
        match input {
            Input::Start => {
                let config = producer_config(settings);
                let new = new_producer(self.seed, self.node, &self.bootstrap, config);
                self.producer = new.after(&self.producer);
            }
            Input::Stop => {
                self.stopping = true;
                for (customer, order) in std::mem::take(&mut self.queue) {
                    answer(customer, order.id, Answer::Failed, out);
                }
            }
            Input::Message {
                from,
                body: Body::Shop(message),
            } => match message {
                ShopMessage::Place(order) if self.stopping => {
                    answer(from, order.id, Answer::Failed, out);
                }
                ShopMessage::Place(order) => self.queue.push_back((from, order)),
                ShopMessage::GiveUp { order } => self.queue.retain(|(_, o)| o.id != order),
                _ => {}
            },
            Input::Message {
                from,
                body: Body::Response { id, response },
            } => {
                self.producer.on_response(now, from, id, *response, out);
            }
            Input::Timer(Timer::Producer) => self.producer.on_timer(now, out),
            Input::Timer(Timer::Work(worker)) => self.id_made(now, worker, settings, out),
            Input::Disconnected { peer } => self.producer.on_disconnect(now, peer, out),
            _ => {}
        }
        while let Some(delivery) = self.producer.next_delivery() {
            self.delivered(&delivery, settings, out);
        }
        self.release_unblocked(settings);
        self.serve_next(now, settings, out);
        if self.stopping && self.workers.is_idle() {
            self.producer.close(now, out);
            while let Some(delivery) = self.producer.next_delivery() {
                self.delivered(&delivery, settings, out);
            }
            if self.producer.is_closed() {
                out.exit();
            }
        }
    }

    /// The producer's settings changed: it sends with them from the next record on.
    pub fn reconfigure(&mut self, settings: &Settings) {
        self.producer.reconfigure(producer_config(settings));
    }

    fn serve_next(&mut self, now: Time, settings: &Settings, out: &mut Out) {
        self.workers.assign(settings.shop_workers, |worker| {
            let (customer, order) = self.queue.pop_front()?;
            tell(order.id, OrderStep::Began(None), out);
            let until = now + settings.order_id.draw(&mut self.rng);
            out.wake(until, Timer::Work(worker));
            Some(Taking {
                order,
                since: now,
                until,
                customer,
                waits: false,
            })
        });
    }

    fn id_made(&mut self, now: Time, worker: u32, settings: &Settings, out: &mut Out) {
        let Some(taking) = self.workers.job(worker).filter(|taking| !taking.waits) else {
            return;
        };
        let (order, customer) = (&taking.order, taking.customer);
        let id = order.id;
        write_order(order, &mut self.value);
        let record = ProducerRecord {
            topic: self.topic,
            name: &self.topic_name,
            partition: None,
            key: Some(order.customer.as_bytes()),
            value: Some(self.value.as_bytes()),
            timestamp: now.event_ms(),
            headers: &[],
            tag: u64::from(id.0),
        };
        debug_assert_eq!(hue_of(order.customer.as_bytes()), order.hue);
        tell(id, OrderStep::Sent, out);
        match self.producer.send(now, &record, out) {
            Err(_) => {
                self.workers.take(worker);
                tell(id, OrderStep::Unsent, out);
                answer(customer, id, Answer::Failed, out);
            }
            Ok(sent) => {
                // The thread goes on unless `send` blocks or it waits for the acknowledgement.
                taking.waits = sent == Sent::Blocked || settings.sending == Sending::Synchronous;
                if !taking.waits {
                    self.workers.take(worker);
                }
                if settings.sending == Sending::FireAndForget {
                    answer(customer, id, Answer::Accepted, out);
                } else {
                    self.callbacks.insert(id, customer);
                }
            }
        }
    }

    /// The callback.
    fn delivered(&mut self, delivery: &Delivery, settings: &Settings, out: &mut Out) {
        let stored = delivery.at.zip(delivery.result.ok().flatten());
        for (i, tag) in (0_i64..).zip(delivery.tags.iter()) {
            let order = OrderId(tag as u32);
            if let Some((at, first)) = stored {
                let offset = first + i;
                out.tell(Fact::OrderStored { order, at, offset });
            }
            if let Err(error) = &delivery.result
                && error.certainly_not_sent()
            {
                tell(order, OrderStep::Unsent, out);
            }
            if let Some(customer) = self.callbacks.remove(&order) {
                let how = if delivery.result.is_ok() {
                    Answer::Accepted
                } else {
                    Answer::Failed
                };
                answer(customer, order, how, out);
            }
            if settings.sending == Sending::Synchronous || delivery.result.is_err() {
                self.release(order);
            }
        }
    }

    fn release(&mut self, order: OrderId) {
        self.workers
            .release(|taking| taking.waits && taking.order.id == order);
    }

    /// `send` returned at last for those who were blocked in it.
    fn release_unblocked(&mut self, settings: &Settings) {
        if settings.sending != Sending::Synchronous && !self.producer.is_blocked() {
            self.workers.release(|taking| taking.waits);
        }
    }
}

fn new_producer(
    seed: u64,
    node: NodeId,
    bootstrap: &Arc<[NodeId]>,
    config: ProducerConfig,
) -> Producer {
    let rng = Rng::new(seed, Salt::Client, u64::from(node.0) << 1);
    Producer::new(node, config, Arc::clone(bootstrap), rng)
}

fn tell(order: OrderId, step: OrderStep, out: &mut Out) {
    out.tell(Fact::Order {
        lane: Lane::Async,
        order,
        step,
    });
}

fn answer(to: NodeId, order: OrderId, answer: Answer, out: &mut Out) {
    out.send(to, Body::Shop(ShopMessage::Answer { order, answer }));
}

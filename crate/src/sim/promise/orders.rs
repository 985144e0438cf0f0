//! What becomes of orders in the asynchronous shop.

use super::{Promise, Promises, Witness};
use crate::id::{OrderId, TopicPartition};
use crate::pile::Pile;
use crate::protocol::{OrderStep, Service, Stamp};
use std::collections::BTreeMap;

/// Every order, and the last of each customer that was paid for.
#[derive(Clone, Debug, Default)]
pub(super) struct Orders {
    orders: Pile<OrderWatch>,
    /// The last order of each customer that was paid for, by its place among those sent.
    paid: BTreeMap<u32, (u32, OrderId)>,
    sent: u32,
    /// What was lost last: at this instant, of this partition from this offset on.
    lost: Option<(u64, TopicPartition, i64)>,
}

/// Where the log has an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Place {
    /// Nobody told.
    #[default]
    Untold,
    /// At this offset, as a broker told the shop.
    At(TopicPartition, i64),
    /// It was at an offset that was lost, not deleted.
    Lost,
}

/// What is kept of an order.
#[derive(Clone, Copy, Debug, Default)]
struct OrderWatch {
    customer: u32,
    sent: Option<u32>,
    answered: bool,
    unsent: bool,
    done: [bool; 3],
    place: Place,
}

impl Orders {
    /// The orders that were accepted, and that nobody said could not be sent.
    pub fn accepted(&self) -> impl Iterator<Item = (OrderId, Place)> {
        let orders = self.orders.iter().enumerate();
        let accepted = orders.filter(|(_, order)| order.answered && !order.unsent);
        accepted.map(|(id, order)| (OrderId::from(id), order.place))
    }

    /// A broker told the shop where an order is.
    pub fn stored(&mut self, instant: u64, id: OrderId, at: TopicPartition, offset: i64) {
        let lost = self.lost.is_some_and(|(then, lost_at, from)| {
            (then, lost_at) == (instant, at) && offset >= from
        });
        if let Some(order) = self.orders.get_mut(id.index()) {
            order.place = if lost {
                Place::Lost
            } else {
                Place::At(at, offset)
            };
        }
    }

    /// What a partition had from this offset on is lost. An order that is sent again has another
    /// place then.
    pub fn lose(&mut self, instant: u64, at: TopicPartition, from: i64) {
        self.lost = Some((instant, at, from));
        for id in 0..self.orders.len() {
            let place = self.orders.get(id).map(|order| order.place);
            if matches!(place, Some(Place::At(there, offset)) if there == at && offset >= from) {
                let order = self.orders.get_mut(id).expect("it was looked at");
                order.place = Place::Lost;
            }
        }
    }
}

impl Promises {
    pub(super) fn order_step(&mut self, stamp: Stamp, id: OrderId, step: OrderStep) {
        let book = &mut self.orders;
        if let OrderStep::Placed { customer } = step {
            book.orders.push(OrderWatch {
                customer,
                ..OrderWatch::default()
            });
            return;
        }
        let sent = book.sent;
        let Some(order) = book.orders.get_mut(id.index()) else {
            return;
        };
        let before = *order;
        match step {
            OrderStep::Sent => order.sent = Some(sent),
            OrderStep::Answered => order.answered = true,
            OrderStep::Unsent => order.unsent = true,
            OrderStep::Done(service) => order.done[service.index()] = true,
            _ => return,
        }
        let order = *order;
        match step {
            OrderStep::Sent => book.sent += 1,
            OrderStep::Answered | OrderStep::Unsent if order.answered && order.unsent => {
                self.breach_by_terms(stamp, Promise::NoOrderLost, Witness::Order(id));
            }
            OrderStep::Done(service) if before.done[service.index()] => {
                self.breach_by_terms(stamp, Promise::NoOrderTwice, Witness::Order(id));
            }
            OrderStep::Done(Service::Payment) => self.paid_in_order(stamp, id, order),
            _ => {}
        }
    }

    fn paid_in_order(&mut self, stamp: Stamp, id: OrderId, order: OrderWatch) {
        let Some(sent) = order.sent else { return };
        match self.orders.paid.get(&order.customer) {
            Some(&(later, by)) if later > sent => {
                self.breach_by_terms(stamp, Promise::OrderPerKey, Witness::Overtaken(id, by));
            }
            _ => {
                self.orders.paid.insert(order.customer, (sent, id));
            }
        }
    }
}

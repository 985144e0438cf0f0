//! What becomes of orders in the asynchronous shop.

use super::{Promise, Promises, Witness};
use crate::id::OrderId;
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
}

/// What is kept of an order.
#[derive(Clone, Copy, Debug, Default)]
struct OrderWatch {
    customer: u32,
    sent: Option<u32>,
    answered: bool,
    unsent: bool,
    done: [bool; 3],
}

impl Orders {
    /// The orders that were accepted, and that nobody said could not be sent.
    pub fn accepted(&self) -> impl Iterator<Item = OrderId> {
        let orders = self.orders.iter().enumerate();
        let accepted = orders.filter(|(_, order)| order.answered && !order.unsent);
        accepted.map(|(id, _)| OrderId::from(id))
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

//! Orders as records: the JSON in the log, and the colour of a key.

use crate::client::partitioner::{murmur2, to_positive};
use crate::id::OrderId;
use crate::protocol::{Order, Service};
use serde::Deserialize;
use std::fmt::Write as _;

/// A key's colour, 0..6: the partition Kafka's default partitioner gives it among six.
#[must_use]
pub fn hue_of(key: &[u8]) -> u8 {
    (to_positive(murmur2(key)) % 6) as u8
}

/// What an event in the log says became of an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing yet: it was placed.
    #[default]
    Placed,
    /// Payment took the money.
    Paid,
    /// Payment said no.
    Declined,
    /// The warehouse packed it.
    Packed,
    /// A service gave up on it.
    Failed,
}

impl Verdict {
    /// The word in the event.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::Paid => "paid",
            Self::Declined => "declined",
            Self::Packed => "packed",
            Self::Failed => "failed",
        }
    }

    /// What a service that did its part reports.
    #[must_use]
    pub fn after(service: Service) -> Self {
        match service {
            Service::Payment => Self::Paid,
            Service::Warehouse | Service::Shipping => Self::Packed,
        }
    }
}

/// An order event read from the log. Members we do not know are let be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
pub struct OrderEvent {
    /// Which order.
    pub order: OrderId,
    /// The price, in cents.
    #[serde(default)]
    pub cents: u64,
    /// What became of it so far.
    #[serde(default)]
    pub status: Verdict,
}

impl OrderEvent {
    /// Reads an event; `None` if the value is not one of ours.
    #[must_use]
    pub fn read(value: &[u8]) -> Option<Self> {
        serde_json::from_slice(value).ok()
    }

    /// Writes the event that follows this one into `into`: something that happened, not something
    /// to be done.
    pub fn write(&self, into: &mut String) {
        into.clear();
        let Self {
            order,
            cents,
            status,
        } = self;
        write!(
            into,
            r#"{{"order":{},"cents":{cents},"status":"{}"}}"#,
            order.0,
            status.name()
        )
        .expect("writing to a string cannot fail");
    }
}

/// Writes the value of a new order into `into`.
pub fn write_order(order: &Order, into: &mut String) {
    into.clear();
    let Order {
        id, cents, items, ..
    } = order;
    write!(
        into,
        r#"{{"order":{},"cents":{cents},"items":{items}"#,
        id.0
    )
    .expect("writing to a string cannot fail");
    if let Some(extra) = &order.extra {
        into.push(',');
        into.push_str(extra);
    }
    into.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Time;

    #[test]
    fn an_order_reads_back_as_the_event_it_is() {
        let mut text = String::new();
        let order = Order {
            id: OrderId(813),
            customer: "cust-17".into(),
            hue: hue_of(b"cust-17"),
            cents: 4_599,
            items: 2,
            placed_at: Time::ZERO,
            extra: Some(r#""note":"a \"b\"""#.into()),
        };
        write_order(&order, &mut text);
        assert_eq!(
            text,
            r#"{"order":813,"cents":4599,"items":2,"note":"a \"b\""}"#
        );
        let event = OrderEvent::read(text.as_bytes()).unwrap();
        assert_eq!(
            event,
            OrderEvent {
                order: OrderId(813),
                cents: 4_599,
                status: Verdict::Placed
            }
        );
        let paid = OrderEvent {
            status: Verdict::Paid,
            ..event
        };
        paid.write(&mut text);
        assert_eq!(OrderEvent::read(text.as_bytes()), Some(paid));
        assert_eq!(OrderEvent::read(b"hello"), None);
    }
}

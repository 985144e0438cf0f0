//! The customers: one seeded stream of people who place each order with both shops at once.

use super::order::hue_of;
use super::settings::{RecordedOrder, Settings, Workload};
use crate::id::{NodeId, OrderId};
use crate::protocol::{Answer, Body, Fact, Input, Lane, Order, OrderStep, Out, ShopMessage, Timer};
use crate::rng::{Dist, Rng, Salt};
use crate::time::{Span, Time};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A customer who waits for an answer.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct WaitingCustomer {
    /// The key's colour.
    pub hue: u8,
    /// Since when.
    pub since: Time,
}

/// Orders of a file, and the number of each one's customer.
#[derive(Clone, Debug)]
struct Recorded {
    orders: Arc<[RecordedOrder]>,
    customers: Arc<[u32]>,
    speed: f64,
}

/// Everyone who orders.
#[derive(Clone, Debug)]
pub struct Customers {
    /// The synchronous shop, the asynchronous one.
    shops: [NodeId; 2],
    rng: Rng,
    /// The names orders are drawn from, with their colours.
    names: Arc<[(Arc<str>, u8)]>,
    recorded: Option<Recorded>,
    next: u32,
    /// How many times the pace was changed; arrivals drawn before the last change are let go.
    pace: u32,
    burst: Option<(f64, Time)>,
    waiting: [BTreeMap<OrderId, WaitingCustomer>; 2],
}

const LANES: [Lane; 2] = [Lane::Sync, Lane::Async];

impl Customers {
    /// Customers of these two shops.
    #[must_use]
    pub fn new(seed: u64, sync: NodeId, async_: NodeId, workload: &Workload) -> Self {
        let (names, recorded) = match workload {
            Workload::Generated { customers } => (even_names(*customers), None),
            Workload::Recorded { orders, speed, .. } => {
                let customers = number_customers(orders);
                let orders = Arc::clone(orders);
                (
                    Arc::from([]),
                    Some(Recorded {
                        orders,
                        customers,
                        speed: *speed,
                    }),
                )
            }
        };
        Self {
            shops: [sync, async_],
            rng: Rng::new(seed, Salt::Workload, 0),
            names,
            recorded,
            next: 0,
            pace: 0,
            burst: None,
            waiting: [BTreeMap::new(), BTreeMap::new()],
        }
    }

    /// Who waits for an answer of a shop, by order.
    #[must_use]
    pub fn waiting(&self, lane: Lane) -> &BTreeMap<OrderId, WaitingCustomer> {
        &self.waiting[lane as usize]
    }

    /// One step.
    pub fn handle(&mut self, now: Time, input: Input, settings: &Settings, out: &mut Out) {
        match input {
            Input::Start => self.arrange_next(now, settings, out),
            Input::Timer(Timer::Arrival(pace)) if pace == self.pace => {
                self.place(now, settings, out);
                self.arrange_next(now, settings, out);
            }
            Input::Timer(Timer::Patience(order)) => self.lose_patience(OrderId(order), out),
            Input::Message {
                from,
                body: Body::Shop(ShopMessage::Answer { order, answer }),
            } => {
                self.hear(self.lane_of(from), order, answer, out);
            }
            Input::Disconnected { peer } => self.hang_up(self.lane_of(peer), out),
            _ => {}
        }
    }

    /// The rate changed: what was drawn at the old one is let go.
    pub fn change_pace(&mut self, now: Time, settings: &Settings, out: &mut Out) {
        if self.recorded.is_none() {
            self.pace += 1;
            self.arrange_next(now, settings, out);
        }
    }

    /// Come `factor` times as fast until `until`.
    pub fn burst(&mut self, factor: f64, until: Time, now: Time, set: &Settings, out: &mut Out) {
        self.burst = Some((factor, until));
        self.change_pace(now, set, out);
    }

    fn arrange_next(&mut self, now: Time, settings: &Settings, out: &mut Out) {
        let at = if let Some(recorded) = &self.recorded {
            let Some(order) = recorded.orders.get(self.next as usize) else {
                return;
            };
            Time((order.at.0 as f64 / recorded.speed) as u64)
        } else {
            let Some(at) = self.draw_gap(now, settings.per_s) else {
                return;
            };
            at
        };
        out.wake(at, Timer::Arrival(self.pace));
    }

    /// When the next customer comes at this rate. Gaps have no memory, so a gap that would outlast a
    /// burst is drawn again from the burst's end at the usual rate.
    fn draw_gap(&mut self, now: Time, per_s: f64) -> Option<Time> {
        let gap = |rng: &mut Rng, rate: f64| {
            (rate > 0.0).then(|| {
                Dist::Exponential {
                    mean_us: (1e6 / rate) as u64,
                }
                .draw(rng)
            })
        };
        if let Some((factor, until)) = self.burst {
            match gap(&mut self.rng, per_s * factor) {
                Some(gap) if now + gap < until => return Some(now + gap),
                _ => {
                    self.burst = None;
                    return Some(now.max(until) + gap(&mut self.rng, per_s)?);
                }
            }
        }
        Some(now + gap(&mut self.rng, per_s)?)
    }

    fn place(&mut self, now: Time, settings: &Settings, out: &mut Out) {
        let id = OrderId(self.next);
        let (number, order) = if let Some(recorded) = &self.recorded {
            let Some(row) = recorded.orders.get(self.next as usize) else {
                return;
            };
            let order = Order {
                id,
                customer: Arc::clone(&row.customer),
                hue: hue_of(row.customer.as_bytes()),
                cents: row.cents,
                items: row.items,
                placed_at: now,
                extra: row.extra.clone(),
            };
            (recorded.customers[self.next as usize], order)
        } else {
            self.draw_order(id, now, settings.skew)
        };
        self.next += 1;
        for (lane, shop) in LANES.into_iter().zip(self.shops) {
            let customer = WaitingCustomer {
                hue: order.hue,
                since: now,
            };
            self.waiting[lane as usize].insert(id, customer);
            out.tell(Fact::Order {
                lane,
                order: id,
                step: OrderStep::Placed { customer: number },
            });
            out.send(shop, Body::Shop(ShopMessage::Place(order.clone())));
        }
        out.wake(now + settings.patience, Timer::Patience(id.0));
    }

    /// Draws the same number of times whatever comes out, so that a change of skew shifts nothing.
    fn draw_order(&mut self, id: OrderId, now: Time, skew: f64) -> (u32, Order) {
        let hot = self.rng.chance(skew);
        let anyone = self.rng.below(self.names.len() as u64) as usize;
        let number = if hot { 0 } else { anyone };
        let (customer, hue) = self.names[number].clone();
        let price = Dist::LogNormal {
            mean_us: 3_990,
            sigma: 0.7,
        };
        let cents = price.draw(&mut self.rng).0.max(99);
        let items = 1 + self.rng.below(5) as u32;
        (
            number as u32,
            Order {
                id,
                customer,
                hue,
                cents,
                items,
                placed_at: now,
                extra: None,
            },
        )
    }

    fn hear(&mut self, lane: Lane, order: OrderId, answer: Answer, out: &mut Out) {
        // An answer that comes after the customer has left is heard by nobody.
        if self.waiting[lane as usize].remove(&order).is_none() {
            return;
        }
        let step = match answer {
            Answer::Accepted | Answer::Completed => OrderStep::Answered,
            Answer::Declined => OrderStep::ToldDeclined,
            Answer::Failed => OrderStep::Refused,
        };
        out.tell(Fact::Order { lane, order, step });
    }

    fn lose_patience(&mut self, order: OrderId, out: &mut Out) {
        for lane in LANES {
            if self.waiting[lane as usize].remove(&order).is_some() {
                out.tell(Fact::Order {
                    lane,
                    order,
                    step: OrderStep::GaveUp,
                });
                let shop = self.shops[lane as usize];
                out.send(shop, Body::Shop(ShopMessage::GiveUp { order }));
            }
        }
    }

    /// The shop is gone: everyone who waited for it sees an error at once.
    fn hang_up(&mut self, lane: Lane, out: &mut Out) {
        for (order, _) in std::mem::take(&mut self.waiting[lane as usize]) {
            out.tell(Fact::Order {
                lane,
                order,
                step: OrderStep::Refused,
            });
        }
    }

    fn lane_of(&self, shop: NodeId) -> Lane {
        if shop == self.shops[0] {
            Lane::Sync
        } else {
            Lane::Async
        }
    }
}

/// Numbers customers by first appearance.
fn number_customers(orders: &[RecordedOrder]) -> Arc<[u32]> {
    let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
    orders
        .iter()
        .map(|order| {
            let next = numbers.len() as u32;
            *numbers.entry(&order.customer).or_insert(next)
        })
        .collect()
}

/// `cust-01`, `cust-02`, … leaving out those that would give one of six partitions more customers
/// than another: what is hot later is hot because somebody made it so.
fn even_names(customers: u32) -> Arc<[(Arc<str>, u8)]> {
    let each = customers.max(1).div_ceil(6);
    let mut taken = [0; 6];
    (1u32..)
        .map(|n| format!("cust-{n:02}"))
        .map(|name| (hue_of(name.as_bytes()), name))
        .filter(|(hue, _)| {
            taken[*hue as usize] += 1;
            taken[*hue as usize] <= each
        })
        .take(6 * each as usize)
        .map(|(hue, name)| (Arc::from(name), hue))
        .collect()
}

/// How long a recorded workload lasts at its speed.
impl Workload {
    /// From the first order to the last.
    #[must_use]
    pub fn lasts(&self) -> Option<Span> {
        match self {
            Self::Generated { .. } => None,
            Self::Recorded { orders, speed, .. } => orders
                .last()
                .map(|last| Span((last.at.0 as f64 / speed) as u64)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_spread_evenly_over_six_partitions() {
        let names = even_names(36);
        let mut per_hue = [0; 6];
        for (_, hue) in names.iter() {
            per_hue[*hue as usize] += 1;
        }
        assert_eq!(per_hue, [6; 6]);
    }

    #[test]
    fn customers_come_at_the_rate_set_and_faster_in_a_burst() {
        let workload = Workload::Generated { customers: 36 };
        let mut people = Customers::new(41, NodeId(1), NodeId(2), &workload);
        let settings = Settings::default();
        let mut out = Out::default();
        let mut now = Time::ZERO;
        people.handle(now, Input::Start, &settings, &mut out);
        people.burst(
            10.0,
            Time(205_000_000),
            Time(200_000_000),
            &settings,
            &mut Out::default(),
        );
        people.burst = None;
        people.pace = 0;
        let mut placed = |people: &mut Customers, until: Time| {
            let mut n = 0;
            loop {
                let Some((at, timer)) = out.effects.drain(..).find_map(|e| match e {
                    crate::protocol::Effect::Wake {
                        at,
                        timer: timer @ Timer::Arrival(_),
                    } => Some((at, timer)),
                    _ => None,
                }) else {
                    return n;
                };
                now = at;
                people.handle(now, Input::Timer(timer), &settings, &mut out);
                n += 1;
                if now > until {
                    return n;
                }
            }
        };
        let usual = placed(&mut people, Time(200_000_000));
        assert!(
            (2_800..3_200).contains(&usual),
            "{usual} orders in 200 s at 15 a second"
        );
        people.burst = Some((10.0, Time(205_000_000)));
        let burst = placed(&mut people, Time(205_000_000));
        assert!(
            (650..850).contains(&burst),
            "{burst} orders in 5 s at 150 a second"
        );
    }
}

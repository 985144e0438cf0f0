//! Scenes made by hand, for looking at and for tests: two shops whose payment slows down at
//! 12.4 s, played forward by a few lines of queueing. Not the simulator, and not in the app.

use millrace::id::OrderId;
use millrace::time::{Span, Time};
use millrace::view::orders::*;
use millrace::view::panel::{Marker, Tone};

const SLOW_AT: f64 = 12.4;
const PATIENCE: f64 = 10.0;

/// The life of one order in both shops, in seconds.
#[derive(Clone, Copy)]
struct Life {
    hue: u8,
    placed: f64,
    /// Payment begins and ends, the customer leaves; payment never begins for who gave up.
    sync: [f64; 3],
    /// Appended to `orders`; paid, packed, shipped begin and end.
    append: f64,
    async_: [[f64; 2]; 3],
}

/// Which scene.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Kind {
    /// Payment is slow from 12.4 s on.
    pub slow: bool,
    /// Payment is stopped now, in name.
    pub stopped: bool,
    /// Partitions of each topic.
    pub partitions: usize,
    /// Dead letters and a person's own topics.
    pub extra: usize,
    /// All groups read `orders`.
    pub fan_out: bool,
    /// So many more dots in the air.
    pub flights: usize,
}

impl Kind {
    /// The scenario of the design's picture.
    #[allow(dead_code)] // The tests use it, the example does not.
    pub const SLOW: Self = Self {
        slow: true,
        stopped: false,
        partitions: 6,
        extra: 0,
        fan_out: false,
        flights: 0,
    };
}

fn lives(kind: Kind, until: f64) -> Vec<Life> {
    let mut dice = 41u64;
    let mut draw = || {
        dice = dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((dice >> 33) as f64 + 1.0) / 2_147_483_649.0
    };
    let work = |at: f64| if kind.slow && at > SLOW_AT { 0.9 } else { 0.08 };
    let mut threads = [0.0f64; 6];
    let mut free = vec![[0.0f64; 3]; kind.partitions];
    let (mut at, mut all) = (0.0, Vec::new());
    while at < until {
        at += -draw().ln() / 15.0;
        let customer = (draw() * 48.0) as usize;
        let spread = 0.6 + 0.8 * draw();
        let thread = (0..6)
            .min_by(|a, b| threads[*a].total_cmp(&threads[*b]))
            .unwrap_or(0);
        let begin = (at + 0.01).max(threads[thread]);
        let sync = if begin - at > PATIENCE {
            [f64::MAX, f64::MAX, at + PATIENCE]
        } else {
            let end = begin + work(begin) * spread;
            threads[thread] = end;
            [begin, end, end + 0.18]
        };
        let append = at + 0.008;
        let mut async_ = [[0.0; 2]; 3];
        let mut ready = append + 0.002;
        for (stage, mean) in [0.0, 0.12, 0.06].into_iter().enumerate() {
            let free = &mut free[customer % kind.partitions][stage];
            let begin = ready.max(*free);
            let mean = if stage == 0 { work(begin) } else { mean };
            *free = begin + mean * spread;
            async_[stage] = [begin, *free];
            ready = *free + 0.002;
        }
        all.push(Life {
            hue: (customer % 6) as u8,
            placed: at,
            sync,
            append,
            async_,
        });
    }
    all
}

fn time(seconds: f64) -> Time {
    Time((seconds.clamp(0.0, 1e9) * 1e6) as u64)
}

/// Everything the stage shows, as of `now` seconds.
pub struct Demo {
    kind: Kind,
    lives: Vec<Life>,
}

impl Demo {
    /// Plays `kind` for `until` seconds.
    pub fn new(kind: Kind, until: f64) -> Self {
        Self {
            kind,
            lives: lives(kind, until),
        }
    }

    fn placed(&self, now: f64) -> impl Iterator<Item = (OrderId, Life)> + '_ {
        let ids = (0u32..).map(OrderId);
        ids.zip(self.lives.iter().copied())
            .take_while(move |(_, life)| life.placed <= now)
    }

    /// The scene.
    pub fn scene(&self, now: f64) -> OrdersScene {
        let mut scene = OrdersScene {
            now: time(now),
            ..OrdersScene::default()
        };
        let names = ["orders", "payments", "shipments"];
        let groups = ["payment", "warehouse", "shipping"];
        scene.topics = (0..3)
            .map(|t| self.topic(names[t], t, groups, now))
            .collect();
        for i in 0..self.kind.extra {
            let name = [
                "orders.dead-letters",
                "returns",
                "audit.everything.that.ever.happened",
            ][i % 3];
            let mut topic = self.topic(name, 2, groups, if i == 0 { 1.0 } else { now / 3.0 });
            topic.strips.truncate([1, 3, 2][i % 3]);
            topic.groups.clear();
            topic.strips.iter_mut().for_each(|s| s.committed.clear());
            scene.topics.push(topic);
        }
        self.stations(now, &mut scene);
        self.flights(now, &mut scene);
        self.crowd(now, &mut scene);
        scene
    }

    fn topic(&self, name: &str, t: usize, groups: [&str; 3], now: f64) -> TopicScene {
        let n = self.kind.partitions;
        let readers = match (self.kind.fan_out, t) {
            (true, 0) => vec![0, 1, 2],
            (true, _) => vec![],
            (false, t) => vec![t],
        };
        let mut strips = vec![Strip::default(); n];
        for strip in &mut strips {
            strip.committed = vec![0; readers.len()];
        }
        for (order, life) in self.placed(now) {
            let appended = if t == 0 {
                life.append
            } else {
                life.async_[t - 1][1] + 0.001
            };
            if appended > now {
                continue;
            }
            let strip = &mut strips[order.index() * 7 % n.max(1) * usize::from(n > 6)
                + usize::from(life.hue) % n * usize::from(n <= 6)];
            strip.cells.push(Cell {
                offset: strip.log_end,
                hue: life.hue,
                order: Some(order),
            });
            strip.log_end += 1;
            for (slot, reader) in readers.iter().enumerate() {
                strip.committed[slot] += i64::from(life.async_[*reader][1] <= now);
            }
        }
        for strip in &mut strips {
            strip
                .cells
                .drain(..strip.cells.len().saturating_sub(Strip::CELLS));
        }
        let groups = readers.into_iter().map(|r| groups[r].to_owned()).collect();
        TopicScene {
            name: name.to_owned(),
            groups,
            strips,
        }
    }

    fn stations(&self, now: f64, scene: &mut OrdersScene) {
        let names = ["Shop", "Payment", "Warehouse", "Shipping"];
        let usual = [6, 80, 120, 60].map(Span::millis);
        let slow = self.kind.slow && now > SLOW_AT;
        for lane in 0..2 {
            let shop = if lane == 0 {
                &mut scene.sync
            } else {
                &mut scene.async_
            };
            for (i, name) in names.iter().enumerate() {
                let work = if i == 1 && slow {
                    Span::millis(900)
                } else {
                    usual[i]
                };
                let station = Station {
                    name: (*name).into(),
                    work,
                    usual: usual[i],
                    workers: 6,
                    up: 6,
                    ..Station::default()
                };
                shop.stations.push(station);
            }
        }
        for (order, life) in self.placed(now) {
            let hue = life.hue;
            if life.sync[2] > now {
                let (since, until) = (time(life.placed), time(life.placed + PATIENCE));
                scene.sync.waiting_total += 1;
                if scene.sync.waiting.len() < ShopScene::SHOWN {
                    scene.sync.waiting.push(Waiting {
                        order,
                        hue,
                        since,
                        until,
                    });
                }
            }
            let mut hand = |shop: usize, i: usize, from: f64, to: f64| {
                if from <= now && now < to {
                    let shop = if shop == 0 {
                        &mut scene.sync
                    } else {
                        &mut scene.async_
                    };
                    let (since, until) = (time(from), time(to));
                    shop.stations[i].in_hand.push(InHand {
                        order,
                        hue,
                        since,
                        until,
                    });
                    shop.stations[i].busy += 1;
                }
            };
            hand(0, 0, life.sync[0] - 0.01, life.sync[2]);
            hand(0, 1, life.sync[0], life.sync[1]);
            hand(0, 2, life.sync[1], life.sync[1] + 0.12);
            hand(0, 3, life.sync[1] + 0.12, life.sync[1] + 0.18);
            hand(1, 0, life.placed, life.append);
            for i in 0..3 {
                hand(1, i + 1, life.async_[i][0], life.async_[i][1]);
            }
        }
        if self.kind.stopped {
            for shop in [&mut scene.sync, &mut scene.async_] {
                shop.stations[1].up = 0;
                shop.stations[1].in_hand.clear();
                shop.stations[2].up = 4;
                shop.stations[3].paused = true;
            }
            scene.async_.stations[2].rebalancing = true;
        }
        if self.kind.fan_out {
            for station in &mut scene.async_.stations[1..] {
                (station.workers, station.up, station.idle) = (8, 8, 2);
            }
        }
    }

    fn flights(&self, now: f64, scene: &mut OrdersScene) {
        let mut fly = |from: Place, to: Place, at: f64, hue: u8, order: OrderId| {
            let latency = 0.001;
            if at <= now && now < at + latency + 0.4 {
                let (sent_at, due_at) = (time(at), time(at + latency));
                scene.flights.push(Flight {
                    from,
                    to,
                    sent_at,
                    due_at,
                    hue,
                    order,
                });
            }
        };
        for (order, life) in self.placed(now) {
            let p = u16::from(life.hue) % self.kind.partitions as u16;
            let hue = life.hue;
            fly(
                Place::SyncCustomers,
                Place::SyncStation(0),
                life.placed,
                hue,
                order,
            );
            if life.sync[0] < f64::MAX {
                for (i, at) in [life.sync[0], life.sync[1], life.sync[1] + 0.12]
                    .into_iter()
                    .enumerate()
                {
                    let i = i as u8;
                    fly(
                        Place::SyncStation(i),
                        Place::SyncStation(i + 1),
                        at,
                        hue,
                        order,
                    );
                }
                fly(
                    Place::SyncStation(0),
                    Place::SyncCustomers,
                    life.sync[2],
                    hue,
                    order,
                );
            }
            fly(
                Place::AsyncCustomers,
                Place::AsyncStation(0),
                life.placed,
                hue,
                order,
            );
            fly(
                Place::AsyncStation(0),
                Place::Partition(0, p),
                life.append - 0.001,
                hue,
                order,
            );
            fly(
                Place::AsyncStation(0),
                Place::AsyncCustomers,
                life.append + 0.001,
                hue,
                order,
            );
            for i in 0..3u8 {
                let [begin, end] = life.async_[usize::from(i)];
                let topic = if self.kind.fan_out { 0 } else { i };
                fly(
                    Place::Partition(topic, p),
                    Place::AsyncStation(i + 1),
                    begin - 0.001,
                    hue,
                    order,
                );
                if i < 2 {
                    fly(
                        Place::AsyncStation(i + 1),
                        Place::Partition(i + 1, p),
                        end,
                        hue,
                        order,
                    );
                }
            }
        }
    }

    /// More dots, each of which comes round again every two seconds, evenly spread.
    fn crowd(&self, now: f64, scene: &mut OrdersScene) {
        for i in 0..self.kind.flights as u64 {
            let phase = (time(now).0 + i * 2_000) % 2_000_000;
            let sent_at = Time(time(now).0.saturating_sub(phase));
            let stage = (i % 3) as u8;
            let p = (i % self.kind.partitions as u64) as u16;
            let (from, to) = match i % 2 {
                0 => (Place::AsyncStation(stage), Place::Partition(stage, p)),
                _ => (Place::SyncStation(stage), Place::SyncStation(stage + 1)),
            };
            let (hue, order) = ((i % 6) as u8, OrderId(100_000 + i as u32));
            scene.flights.push(Flight {
                from,
                to,
                sent_at,
                due_at: sent_at + Span::secs(2),
                hue,
                order,
            });
        }
    }

    /// The history of unfinished orders, ten samples a second.
    pub fn unfinished(&self, now: f64) -> Unfinished {
        let count = |done: fn(&Life) -> f64, at: f64| {
            let open = self.placed(at).filter(|(_, life)| done(life) > at);
            open.count() as u32
        };
        let samples = (0..=(now * 10.0) as u32).map(|i| {
            let at = f64::from(i) / 10.0;
            (count(|l| l.sync[2], at), count(|l| l.async_[2][1], at))
        });
        Unfinished {
            every: Span::millis(100),
            samples: samples.collect(),
            ahead: self.kind.slow.then_some(Ahead {
                people: (Ahead::SPAN, 150),
                records: (Ahead::SPAN, 210),
            }),
        }
    }

    /// Times to an answer.
    pub fn answers(&self, now: f64) -> Answers {
        let mut answers = Answers {
            sync: vec![0; Answers::BUCKETS],
            async_: vec![0; Answers::BUCKETS],
        };
        for (_, life) in self.placed(now) {
            let spread = life.async_[0][1].fract() * 6.0;
            for (counts, at, took) in [
                (&mut answers.sync, life.sync[2], life.sync[2] - life.placed),
                (&mut answers.async_, life.append, 0.004 + spread * 0.001),
            ] {
                if at <= now && at > now - 5.0 {
                    let bucket = 20.0 * (took * 1e4).log10();
                    counts[(bucket.max(0.0) as usize).min(Answers::BUCKETS - 1)] += 1;
                }
            }
        }
        answers
    }

    /// Events.
    pub fn markers(&self) -> Vec<Marker> {
        let mark = |at: f64, label: &str, tone| Marker {
            at: time(at),
            label: label.into(),
            tone,
        };
        let mut all = vec![mark(0.0, "start", Tone::Plain)];
        if self.kind.slow {
            all.push(mark(SLOW_AT, "payment slow", Tone::Warn));
        }
        if self.kind.stopped {
            all.push(mark(13.0, "payment stopped", Tone::Bad));
        }
        if self.kind.fan_out {
            all.push(mark(14.0, "rebalance of payment", Tone::Plain));
        }
        all
    }
}

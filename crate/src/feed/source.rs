//! A program that sends a steady stream of records to one topic.

use super::clicks::Tracked;
use super::tweets::tweet;
use super::{FeedSpec, Values};
use crate::client::{Producer, ProducerConfig, ProducerRecord};
use crate::id::{NodeId, TopicId};
use crate::protocol::{Body, Input, Out, Timer};
use crate::rng::{Rng, Salt};
use crate::shop::{Settings, producer_config};
use crate::social::Event;
use crate::time::{Span, Time};
use std::sync::Arc;

/// What a source is made of, whichever process of it runs.
#[derive(Clone, Debug)]
pub struct SourceKit {
    /// What it sends.
    pub spec: FeedSpec,
    /// The topic.
    pub topic: TopicId,
    /// Its name.
    pub name: Arc<str>,
    /// Whom to ask first.
    pub bootstrap: Arc<[NodeId]>,
    /// The run's seed.
    pub seed: u64,
    /// What it sends, where that is known before: by the times at which it comes.
    pub clicks: Arc<[Tracked]>,
}

/// What a producer has sent and waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AwaitedAcks {
    /// When the first record of the oldest batch came.
    pub since: Time,
    /// How many batches.
    pub batches: u32,
    /// How many records they have.
    pub records: u32,
}

/// The program: a loop that sends a record and sleeps. Where `send` blocks it waits there, and
/// makes up for nothing afterwards.
#[derive(Clone, Debug)]
pub struct Source {
    node: NodeId,
    kit: Arc<SourceKit>,
    producer: Producer,
    rng: Rng,
    /// The number of the next record.
    next: u64,
    /// Records of the run that was due last and that are not yet sent.
    owed: u32,
    /// How many times the pace was changed; what was due at an earlier one is let go.
    pace: u32,
    burst: Option<(f64, Time)>,
    stopping: bool,
    value: Vec<u8>,
}

/// Above so many runs a second records come several at a time.
const RUNS_PER_S: f64 = 1_000.0;

impl Source {
    /// A source of `node`, not yet started.
    #[must_use]
    pub fn new(node: NodeId, kit: SourceKit) -> Self {
        Self {
            node,
            producer: new_producer(node, &kit, &Settings::default()),
            rng: Rng::new(kit.seed, Salt::Workload, u64::from(node.0)),
            kit: Arc::new(kit),
            next: 0,
            owed: 0,
            pace: 0,
            burst: None,
            stopping: false,
            value: Vec::new(),
        }
    }

    /// Its producer.
    #[must_use]
    pub fn producer(&self) -> &Producer {
        &self.producer
    }

    /// What it has sent and not been told of, if there is such.
    #[must_use]
    pub fn waiting(&self) -> Option<AwaitedAcks> {
        let in_flight = self.producer.buffered().filter(|batch| batch.in_flight);
        in_flight.fold(None, |all: Option<AwaitedAcks>, batch| {
            let since = all.map_or(batch.since, |all| all.since.min(batch.since));
            Some(AwaitedAcks {
                since,
                batches: all.map_or(0, |all| all.batches) + 1,
                records: all.map_or(0, |all| all.records) + batch.records,
            })
        })
    }

    /// The process dies with everything in its buffer.
    pub fn crash(&mut self) {
        self.producer =
            new_producer(self.node, &self.kit, &Settings::default()).after(&self.producer);
        self.owed = 0;
        self.burst = None;
        self.stopping = false;
    }

    /// The producer's settings changed: it sends with them from the next record on.
    pub fn reconfigure(&mut self, settings: &Settings) {
        self.producer.reconfigure(config(&self.kit.spec, settings));
    }

    /// The rate changed: what was due at the old one is let go.
    pub fn change_pace(&mut self, now: Time, settings: &Settings, out: &mut Out) {
        self.pace += 1;
        self.owed = 0;
        self.arrange_next(now, settings, out);
    }

    /// Sends `factor` times as fast until `until`.
    pub fn burst(&mut self, factor: f64, until: Time, now: Time, set: &Settings, out: &mut Out) {
        self.burst = Some((factor, until));
        self.change_pace(now, set, out);
    }

    /// One step.
    pub fn handle(&mut self, now: Time, input: Input, settings: &Settings, out: &mut Out) {
        match input {
            Input::Start => {
                self.producer = new_producer(self.node, &self.kit, settings).after(&self.producer);
                if self.is_told() {
                    // What came while nobody was there is lost.
                    let past = self.kit.clicks.partition_point(|click| click.arrives < now);
                    self.next = self.next.max(past as u64);
                    self.arrange_next(now, settings, out);
                // Programs do not all begin at once.
                } else if let Some((_, gap)) = self.run(now, settings) {
                    let first = now + Span(self.rng.below(gap.0.max(1)));
                    out.wake(first, Timer::Arrival(self.pace));
                }
            }
            Input::Stop => {
                self.stopping = true;
                self.producer.close(now, out);
            }
            Input::Timer(Timer::Arrival(pace)) if pace == self.pace => {
                self.owed = match self.is_told() {
                    true => self.due(now),
                    false => self.run(now, settings).map_or(0, |(records, _)| records),
                };
            }
            Input::Timer(Timer::Producer) => self.producer.on_timer(now, out),
            Input::Message {
                from,
                body: Body::Response { id, response },
            } => self.producer.on_response(now, from, id, *response, out),
            Input::Disconnected { peer } => self.producer.on_disconnect(now, peer, out),
            _ => {}
        }
        // What became of each record is told in facts; the program itself does not look.
        while self.producer.next_delivery().is_some() {}
        if self.stopping {
            if self.producer.is_closed() {
                out.exit();
            }
            return;
        }
        while self.owed > 0 && !self.producer.is_blocked() {
            self.send(now, settings.late, out);
            self.owed -= 1;
            if self.owed == 0 {
                self.arrange_next(now, settings, out);
            }
        }
    }

    /// How many records come next, and how long after the last ones; none at a rate of 0.
    fn run(&mut self, now: Time, settings: &Settings) -> Option<(u32, Span)> {
        self.burst = self.burst.filter(|(_, until)| now < *until);
        let per_s = settings.per_s * self.burst.map_or(1.0, |(factor, _)| factor);
        if per_s <= 0.0 {
            return None;
        }
        let records = (per_s / RUNS_PER_S).max(1.0) as u32;
        Some((records, Span((f64::from(records) * 1e6 / per_s) as u64)))
    }

    /// Whether what it sends, and when, is known before.
    fn is_told(&self) -> bool {
        matches!(self.kit.spec.values, Values::Clicks { .. })
    }

    /// How many clicks have come that it has not sent.
    fn due(&self, now: Time) -> u32 {
        let rest = self.kit.clicks.iter().skip(self.next as usize);
        rest.take_while(|click| click.arrives <= now).count() as u32
    }

    fn arrange_next(&mut self, now: Time, settings: &Settings, out: &mut Out) {
        if self.is_told() {
            if let Some(click) = self.kit.clicks.get(self.next as usize) {
                out.wake(click.arrives.max(now), Timer::Arrival(self.pace));
            }
            return;
        }
        let Some((_, gap)) = self.run(now, settings) else {
            return;
        };
        let after_burst = self.burst.map_or(Time::MAX, |(_, until)| until);
        out.wake((now + gap).min(after_burst), Timer::Arrival(self.pace));
    }

    fn send(&mut self, now: Time, late: (f64, Span), out: &mut Out) {
        let mut happened = now;
        let mut by = None;
        let mut visitor = String::new();
        match self.kit.spec.values {
            Values::Numbers => self.write_value(),
            Values::Social => {
                let (is_late, share) = (self.rng.chance(late.0), self.rng.unit());
                if is_late {
                    happened = Time(now.0.saturating_sub((late.1.0 as f64 * share) as u64));
                }
                let event = Event::draw(&mut self.rng, happened);
                event.write(&mut self.value);
                by = Some(u64::from(event.by));
            }
            Values::Tweets {
                news_from_s,
                news_until_s,
            } => {
                let news = (news_from_s..news_until_s).contains(&(now.0 / 1_000_000));
                self.value = tweet(&mut self.rng, news).into_bytes();
            }
            Values::Clicks { .. } => {
                let click = &self.kit.clicks[self.next as usize];
                visitor = click.visitor();
                self.value = click.json().into_bytes();
            }
        }
        let mut key = *b"k-00000000";
        let key = match (by, self.kit.spec.keys) {
            _ if self.is_told() => Some(visitor.as_bytes()),
            (Some(by), _) => Some(write_key(&mut key, by)),
            (None, 0) => None,
            (None, keys) => {
                let number = self.rng.below(u64::from(keys)) + 1;
                Some(write_key(&mut key, number))
            }
        };
        let record = ProducerRecord {
            topic: self.kit.topic,
            name: &self.kit.name,
            partition: None,
            key,
            value: Some(&self.value),
            timestamp: happened.event_ms(),
            headers: &[],
            tag: self.next,
        };
        self.next += 1;
        let sent = self.producer.send(now, &record, out);
        debug_assert!(
            sent.is_ok(),
            "a record fits, and the producer is open: {sent:?}"
        );
    }

    /// Writes the number into the value; the rest of it changes only when the number grows longer.
    fn write_value(&mut self) {
        const HEAD: &[u8] = br#"{"n":"#;
        const PAD: &[u8] = br#","pad":""#;
        const END: &[u8] = br#""}"#;
        let digits = HEAD.len()..HEAD.len() + decimals(self.next);
        let value = &mut self.value;
        // What follows the digits of a number as long as this one is no digit.
        if value.get(digits.end).is_none_or(u8::is_ascii_digit)
            || !value[digits.end - 1].is_ascii_digit()
        {
            value.clear();
            value.extend_from_slice(HEAD);
            value.resize(digits.end, b'0');
            let filled = (self.kit.spec.record_bytes as usize).saturating_sub(END.len());
            if filled > value.len() + PAD.len() {
                value.extend_from_slice(PAD);
                value.resize(filled, b'.');
                value.extend_from_slice(END);
            } else {
                value.push(b'}');
            }
        }
        put_digits(&mut value[digits], self.next);
    }
}

/// How many digits a number has.
fn decimals(number: u64) -> usize {
    number.checked_ilog10().unwrap_or(0) as usize + 1
}

/// Fills `into` with the number's last digits.
fn put_digits(into: &mut [u8], mut number: u64) {
    for digit in into.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// `k-03`: two digits, or as many as it takes.
fn write_key(key: &mut [u8; 10], number: u64) -> &[u8] {
    let end = 2 + decimals(number).max(2);
    put_digits(&mut key[2..end], number);
    &key[..end]
}

fn config(spec: &FeedSpec, settings: &Settings) -> ProducerConfig {
    ProducerConfig {
        batch_size: spec.batch_size,
        linger_ms: spec.linger_ms,
        ..producer_config(settings)
    }
}

fn new_producer(node: NodeId, kit: &SourceKit, settings: &Settings) -> Producer {
    let rng = Rng::new(kit.seed, Salt::Client, u64::from(node.0) << 1);
    let config = config(&kit.spec, settings);
    Producer::new(node, config, Arc::clone(&kit.bootstrap), rng)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(record_bytes: u32) -> Source {
        let spec = FeedSpec {
            record_bytes,
            ..FeedSpec::default()
        };
        let kit = SourceKit {
            spec,
            topic: TopicId(0),
            name: "orders".into(),
            bootstrap: Arc::from([]),
            seed: 7,
            clicks: Arc::from([]),
        };
        Source::new(NodeId(3), kit)
    }

    #[test]
    fn a_value_is_json_of_the_size_asked_for_where_that_has_room() {
        let value = |bytes| {
            let mut source = source(bytes);
            source.next = 17;
            source.write_value();
            String::from_utf8(source.value).expect("text")
        };
        assert_eq!(value(0), r#"{"n":17}"#);
        assert_eq!(value(17), r#"{"n":17}"#, "no room for the member's name");
        assert_eq!(value(18), r#"{"n":17,"pad":"."}"#);
        let long = value(100);
        assert_eq!(long.len(), 100);
        let read: serde_json::Value = serde_json::from_str(&long).expect("JSON");
        assert_eq!(read["n"], 17);

        let mut source = source(30);
        for n in [0, 9, 10, 99, 100, 101, 7] {
            source.next = n;
            source.write_value();
            let text = String::from_utf8_lossy(&source.value);
            assert!(text.starts_with(&format!(r#"{{"n":{n},"#)), "{text}");
            assert_eq!(text.len(), 30);
        }
    }

    #[test]
    fn keys_have_two_digits_or_more() {
        let mut key = *b"k-00000000";
        for (number, text) in [(3, "k-03"), (40, "k-40"), (123, "k-123"), (7, "k-07")] {
            assert_eq!(write_key(&mut key, number), text.as_bytes());
        }
    }

    /// The arrivals asked for in `out`, which is emptied.
    fn arrivals(out: &mut Out) -> Vec<(Time, Timer)> {
        let wakes = out.effects.drain(..).filter_map(|effect| match effect {
            crate::protocol::Effect::Wake { at, timer } => Some((at, timer)),
            _ => None,
        });
        wakes
            .filter(|(_, timer)| matches!(timer, Timer::Arrival(_)))
            .collect()
    }

    #[test]
    fn records_come_at_the_rate_set_and_in_runs_where_that_is_high() {
        let mut source = source(100);
        let at_rate = |per_s| Settings {
            per_s,
            ..Settings::default()
        };
        assert_eq!(source.run(Time::ZERO, &at_rate(0.0)), None);
        let run = source.run(Time::ZERO, &at_rate(12.5));
        assert_eq!(run, Some((1, Span::millis(80))));
        let run = source.run(Time::ZERO, &at_rate(250_000.0));
        assert_eq!(run, Some((250, Span::millis(1))));
        let mut out = Out::default();
        source.burst(4.0, Time(100_000), Time::ZERO, &at_rate(12.5), &mut out);
        assert_eq!(arrivals(&mut out)[0].0, Time(20_000));
        source.arrange_next(Time(90_000), &at_rate(12.5), &mut out);
        assert_eq!(arrivals(&mut out)[0].0, Time(100_000), "the burst ends");
        source.arrange_next(Time(100_000), &at_rate(12.5), &mut out);
        assert_eq!(arrivals(&mut out)[0].0, Time(180_000));
    }

    /// `send` blocks until the topic is known: the rest of a run waits, and no further run comes.
    #[test]
    fn a_program_waits_where_send_blocks() {
        let mut source = source(100);
        let settings = Settings {
            per_s: 5_000.0,
            ..Settings::default()
        };
        let mut out = Out::default();
        source.handle(Time::ZERO, Input::Start, &settings, &mut out);
        let (at, timer) = arrivals(&mut out)[0];
        source.handle(at, Input::Timer(timer), &settings, &mut out);
        assert!(source.producer.is_blocked());
        assert_eq!((source.next, source.owed), (1, 4));
        assert_eq!(arrivals(&mut out), []);
        assert_eq!(source.waiting(), None, "nothing is in flight");
    }
}

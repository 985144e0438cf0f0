//! Every picture as a table: the same facts, for those who do not see it and for the curious.

use millrace::map::Map;
use millrace::sim::Metrics;
use millrace::time::{Span, Time};
use millrace::view::orders::{Ahead, Answers, OrdersScene, Place, ShopScene, Station, Unfinished};
use millrace::view::panel::Table;

/// How many points of the chart the table lists.
const POINTS: usize = 12;

fn table(caption: &str, heads: &[&str], rows: Vec<Vec<String>>) -> Table {
    Table {
        caption: caption.to_owned(),
        heads: heads.iter().map(|&head| head.to_owned()).collect(),
        rows,
    }
}

/// Orders not finished, at evenly spaced times up to now.
pub fn unfinished(chart: &Unfinished) -> Table {
    let count = chart.samples.len();
    let step = count.div_ceil(POINTS).max(1);
    let ahead = chart.ahead.iter().map(|ahead| {
        let way = |(after, orders): (Span, u32)| format!("{orders} in {after}");
        let what = format!("if the next {} go like the last", Ahead::SPAN);
        vec![what, way(ahead.people), way(ahead.records)]
    });
    let samples = (0..count).rev().step_by(step).map(|n| {
        let at = Time::ZERO + chart.every * n as u64;
        let (people, records) = chart.samples[n];
        vec![at.to_string(), people.to_string(), records.to_string()]
    });
    let rows = ahead.chain(samples).collect();
    table(
        "People waiting in the synchronous shop and records waiting in the asynchronous one, latest first",
        &["at", "people", "records"],
        rows,
    )
}

/// The lag of each group, at evenly spaced times up to now.
pub fn lags(samples: &[[u32; 3]]) -> Table {
    let step = samples.len().div_ceil(POINTS).max(1);
    let rows = samples.iter().enumerate().rev().step_by(step);
    let rows = rows
        .map(|(n, lag)| {
            let at = Time::ZERO + Metrics::EVERY * n as u64;
            let lag = lag.iter().map(u32::to_string);
            std::iter::once(at.to_string()).chain(lag).collect()
        })
        .collect();
    table(
        "Records that each group has not committed, latest first",
        &["at", "payment", "warehouse", "shipping"],
        rows,
    )
}

/// The histogram, three rows a decade; rows in which nobody was answered are left out.
pub fn answers(answers: &Answers) -> Table {
    const ROW: usize = 5;
    let sum = |counts: &[u32], from: usize| -> u32 { counts.iter().skip(from).take(ROW).sum() };
    let rows = (0..Answers::BUCKETS)
        .step_by(ROW)
        .filter_map(|from| {
            let (sync, async_) = (sum(&answers.sync, from), sum(&answers.async_, from));
            let range = format!("{} – {}", bucket(from), bucket(from + ROW));
            (sync + async_ > 0).then(|| vec![range, sync.to_string(), async_.to_string()])
        })
        .collect();
    let caption = format!(
        "Answers of the last {}, by how long the customer waited",
        Answers::WINDOW
    );
    table(&caption, &["wait", "Sync", "Async"], rows)
}

/// The lower bound of a bucket of the histogram.
fn bucket(n: usize) -> Span {
    Span((100.0 * 10f64.powf(n as f64 / 20.0)).round() as u64)
}

/// Every box: what its work takes, who works, who waits.
pub fn stations(scene: &OrdersScene) -> Table {
    let mut rows = Vec::new();
    for (lane, shop) in [("sync", &scene.sync), ("async", &scene.async_)] {
        rows.push(vec![
            format!("{lane} customers"),
            "–".to_owned(),
            format!("{} waiting", shop.waiting_total),
            longest(shop, scene.now),
        ]);
        rows.extend(
            shop.stations
                .iter()
                .map(|station| station_row(lane, station)),
        );
    }
    table(
        "Shops and services",
        &["what", "work", "busy", "state"],
        rows,
    )
}

fn longest(shop: &ShopScene, now: Time) -> String {
    let longest = shop.waiting.first().map(|waiting| now.since(waiting.since));
    longest.map_or_else(
        || "nobody waits".to_owned(),
        |span| format!("longest {span}"),
    )
}

fn station_row(lane: &str, station: &Station) -> Vec<String> {
    let mut state = Vec::new();
    if station.up < station.workers {
        state.push(format!("{} down", station.workers - station.up));
    }
    if station.paused {
        state.push("paused".to_owned());
    }
    if station.rebalancing {
        state.push("rebalancing".to_owned());
    }
    if station.idle > 0 {
        state.push(format!("{} idle", station.idle));
    }
    if station.work.0 > station.usual.0.saturating_mul(2) {
        state.push("slow".to_owned());
    }
    let state = if state.is_empty() {
        "up".to_owned()
    } else {
        state.join(", ")
    };
    vec![
        format!("{lane} {}", station.name),
        station.work.to_string(),
        format!("{} of {}", station.busy, station.workers),
        state,
    ]
}

/// Every partition strip: its ends, and each group's position and lag.
pub fn strips(scene: &OrdersScene) -> Table {
    let mut rows = Vec::new();
    for topic in &scene.topics {
        for (n, strip) in topic.strips.iter().enumerate() {
            let groups = topic.groups.iter().zip(&strip.committed);
            let groups: Vec<String> = groups
                .map(|(group, at)| format!("{group} at {at}, lag {}", (strip.log_end - at).max(0)))
                .collect();
            rows.push(vec![
                format!("{}-{n}", topic.name),
                strip.log_start.to_string(),
                strip.log_end.to_string(),
                groups.join("; "),
            ]);
        }
    }
    table(
        "Partitions: first offset still in the log, the next offset, and where each group reads",
        &["partition", "start", "end", "groups"],
        rows,
    )
}

/// What is on its way now, counted by from and to.
pub fn flights(scene: &OrdersScene) -> Table {
    let mut ways: Map<(Place, Place), u32> = Map::new();
    for flight in scene
        .flights
        .iter()
        .filter(|f| f.sent_at <= scene.now && scene.now < f.due_at)
    {
        *ways.or_default((flight.from, flight.to)) += 1;
    }
    let rows = ways
        .into_iter()
        .map(|((from, to), n)| vec![place(scene, from), place(scene, to), n.to_string()])
        .collect();
    table(
        "Messages on their way at this instant",
        &["from", "to", "messages"],
        rows,
    )
}

fn place(scene: &OrdersScene, place: Place) -> String {
    let station = |lane: &str, shop: &ShopScene, n: u8| {
        let name = shop
            .stations
            .get(usize::from(n))
            .map_or("?", |s| s.name.as_str());
        format!("{lane} {name}")
    };
    match place {
        Place::SyncCustomers => "sync customers".to_owned(),
        Place::AsyncCustomers => "async customers".to_owned(),
        Place::SyncStation(n) => station("sync", &scene.sync, n),
        Place::AsyncStation(n) => station("async", &scene.async_, n),
        Place::Partition(topic, n) => {
            let name = scene
                .topics
                .get(usize::from(topic))
                .map_or("?", |t| t.name.as_str());
            format!("{name}-{n}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use millrace::id::OrderId;
    use millrace::view::orders::{Flight, Strip, TopicScene};

    #[test]
    fn the_chart_ends_with_now_and_stays_short() {
        let chart = Unfinished {
            every: Span::millis(200),
            samples: (0..601).map(|n| (n, 2 * n)).collect(),
            ahead: None,
        };
        let table = unfinished(&chart);
        assert!(table.rows.len() <= POINTS);
        assert_eq!(table.rows[0], ["02:00.000", "600", "1200"]);
        assert!(unfinished(&Unfinished::default()).rows.is_empty());
    }

    #[test]
    fn the_histogram_loses_nobody() {
        let counts: Vec<u32> = (0..Answers::BUCKETS as u32).collect();
        let sum: u32 = counts.iter().sum();
        let table = answers(&Answers {
            sync: counts,
            async_: vec![0; Answers::BUCKETS],
        });
        let told: u32 = table
            .rows
            .iter()
            .map(|row| row[1].parse::<u32>().unwrap())
            .sum();
        assert_eq!(told, sum);
        assert_eq!(bucket(0).to_string(), "100 µs");
        assert_eq!(bucket(100), Span::secs(10));
    }

    #[test]
    fn strips_name_each_group_and_its_lag() {
        let strip = Strip {
            log_end: 20,
            committed: vec![12, 25],
            ..Strip::default()
        };
        let topic = TopicScene {
            name: "orders".into(),
            groups: vec!["payment".into(), "audit".into()],
            strips: vec![strip],
        };
        let scene = OrdersScene {
            topics: vec![topic],
            ..OrdersScene::default()
        };
        assert_eq!(
            strips(&scene).rows[0][3],
            "payment at 12, lag 8; audit at 25, lag 0"
        );
    }

    #[test]
    fn only_what_flies_now_is_counted() {
        let flight = |sent: u64, due: u64| Flight {
            from: Place::AsyncStation(9),
            to: Place::Partition(0, 3),
            sent_at: Time(sent),
            due_at: Time(due),
            hue: 0,
            order: OrderId(1),
        };
        let scene = OrdersScene {
            now: Time(10),
            flights: vec![flight(5, 15), flight(0, 10), flight(9, 11)],
            ..OrdersScene::default()
        };
        assert_eq!(flights(&scene).rows, [["async ?", "?-3", "2"]]);
    }
}

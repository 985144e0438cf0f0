//! The windows that are played, as client code with the settings in force.

use super::play::Play;
use super::words::trigger_words;
use super::{MODES, Setup};
use crate::stream::{Aggregate, Asked, Early, Engine, Windows};
use crate::view::code::Listing;

/// Programs for the engine that is chosen; none where it has no such windows.
#[must_use]
pub fn listings(play: &Play) -> Vec<Listing> {
    let setup = play.setup();
    if play.run().is_err() {
        return Vec::new();
    }
    match setup.engine {
        Engine::Flink => vec![flink_java(setup), flink_sql(setup)],
        Engine::Spark => vec![spark(setup)],
        Engine::KafkaStreams => vec![kafka_streams(setup)],
        Engine::Beam => vec![beam(setup)],
    }
}

fn listing(language: &str, code: String, note: &str) -> Listing {
    Listing {
        language: language.to_owned(),
        title: "the windows".to_owned(),
        code,
        note: note.to_owned(),
    }
}

/// A Java duration.
fn duration(ms: i64) -> String {
    if ms % 1_000 == 0 {
        format!("Duration.ofSeconds({})", ms / 1_000)
    } else {
        format!("Duration.ofMillis({ms})")
    }
}

/// Whether results come with every record, or early: what the trigger asks for beyond the end.
const fn asks_early(setup: &Setup) -> bool {
    setup.is_timed() && !matches!(setup.trigger, Asked::Watermark)
}

/// The Java expressions of an aggregate: the accumulator's type, its start, a record added, two made
/// one, the result.
const fn java_aggregate(aggregate: Aggregate) -> [&'static str; 5] {
    match aggregate {
        Aggregate::Count => ["Long", "0L", "acc + 1", "a + b", "acc"],
        Aggregate::Min => [
            "Long",
            "Long.MAX_VALUE",
            "Math.min(acc, event.value)",
            "Math.min(a, b)",
            "acc",
        ],
        Aggregate::Max => [
            "Long",
            "Long.MIN_VALUE",
            "Math.max(acc, event.value)",
            "Math.max(a, b)",
            "acc",
        ],
        Aggregate::Average => [
            "long[]",
            "new long[2]",
            "new long[] {acc[0] + event.value, acc[1] + 1}",
            "new long[] {a[0] + b[0], a[1] + b[1]}",
            "(double) acc[0] / acc[1]",
        ],
        _ => ["Long", "0L", "acc + event.value", "a + b", "acc"],
    }
}

fn flink_java(setup: &Setup) -> Listing {
    let mut marks = format!(
        "        WatermarkStrategy.<Event>forBoundedOutOfOrderness({})\n            \
         .withTimestampAssigner((event, before) -> event.ts)",
        duration(setup.delay)
    );
    if let Some(idle) = setup.idle {
        marks += &format!("\n            .withIdleness({})", duration(idle));
    }
    let keyed = setup.keyed;
    let key = if keyed {
        "\n    .keyBy(event -> event.key)"
    } else {
        ""
    };
    let all = if keyed { "" } else { "All" };
    let on = |assigner: String| format!("\n    .window{all}({assigner})");
    let window = match &setup.windows {
        Windows::Tumbling { size, offset: 0 } => {
            on(format!("TumblingEventTimeWindows.of({})", duration(*size)))
        }
        Windows::Tumbling { size, offset } => on(format!(
            "TumblingEventTimeWindows.of({}, {})",
            duration(*size),
            duration(*offset)
        )),
        Windows::Hopping {
            size,
            slide,
            offset,
        } => {
            let shift = match offset {
                0 => String::new(),
                _ => format!(", {}", duration(*offset)),
            };
            on(format!(
                "SlidingEventTimeWindows.of({}, {}{shift})",
                duration(*size),
                duration(*slide)
            ))
        }
        Windows::Session { gap } => on(format!(
            "EventTimeSessionWindows.withGap({})",
            duration(*gap)
        )),
        Windows::Count { size, slide } if size == slide => {
            format!("\n    .countWindow{all}({size})")
        }
        Windows::Count { size, slide } => format!("\n    .countWindow{all}({size}, {slide})"),
        _ => on("GlobalWindows.create()".to_owned()),
    };
    let purges = setup.mode == 1;
    let trigger = match (&setup.windows, asks_early(setup)) {
        (Windows::Punctuation { .. }, _) => "\n    .trigger(new AtMark())".to_owned(),
        (_, true) if purges => "\n    .trigger(PurgingTrigger.of(new EarlyAndAtEnd()))".to_owned(),
        (_, true) => "\n    .trigger(new EarlyAndAtEnd())".to_owned(),
        _ if purges && setup.is_timed() => {
            "\n    .trigger(PurgingTrigger.of(EventTimeTrigger.create()))".to_owned()
        }
        _ => String::new(),
    };
    let lateness = match setup.lateness {
        0 => String::new(),
        ms => format!("\n    .allowedLateness({})", duration(ms)),
    };
    let lateness = if setup.is_timed() {
        format!("{lateness}\n    .sideOutputLateData(dropped)")
    } else {
        String::new()
    };
    let [acc, start, add, merge, result] = java_aggregate(setup.aggregate);
    let out = match setup.aggregate {
        Aggregate::Average => "Double",
        _ => "Long",
    };
    let tag = if setup.is_timed() {
        "OutputTag<Event> dropped = new OutputTag<>(\"dropped\") {};\n\n"
    } else {
        ""
    };
    let code = format!(
        "{tag}SingleOutputStreamOperator<{out}> results = env\n    .fromSource(source,\n{marks},\n        \
         \"events\"){key}{window}{trigger}{lateness}\n    \
         .aggregate(new AggregateFunction<Event, {acc}, {out}>() {{\n        \
         public {acc} createAccumulator() {{ return {start}; }}\n        \
         public {acc} add(Event event, {acc} acc) {{ return {add}; }}\n        \
         public {acc} merge({acc} a, {acc} b) {{ return {merge}; }}\n        \
         public {out} getResult({acc} acc) {{ return {result}; }}\n    }});\n{}",
        own_trigger(setup)
    );
    let note = if setup.mode == 2 {
        "The DataStream API has no retractions: a sink must replace the older result. Flink SQL’s changelog has them."
    } else if asks_early(setup) {
        "No trigger of Flink’s own fires both early and at the watermark, so this is one of ours."
    } else if !setup.is_timed() {
        "The watermark does not matter to such windows: nothing in them is late."
    } else {
        "Without sideOutputLateData what is dropped is only counted (numLateRecordsDropped)."
    };
    listing("Java · Flink 2.0 DataStream", code, note)
}

/// A trigger that Flink does not have.
fn own_trigger(setup: &Setup) -> String {
    if let Windows::Punctuation { marker } = &setup.windows {
        return format!(
            "\nclass AtMark extends Trigger<Event, GlobalWindow> {{\n    \
             public TriggerResult onElement(Event event, long ts, GlobalWindow w, TriggerContext ctx) {{\n        \
             return \"{marker}\".equals(event.kind) ? TriggerResult.FIRE_AND_PURGE : TriggerResult.CONTINUE;\n    }}\n    \
             public TriggerResult onEventTime(long t, GlobalWindow w, TriggerContext ctx) {{ return TriggerResult.CONTINUE; }}\n    \
             public TriggerResult onProcessingTime(long t, GlobalWindow w, TriggerContext ctx) {{ return TriggerResult.CONTINUE; }}\n    \
             public void clear(GlobalWindow w, TriggerContext ctx) {{ }}\n}}\n"
        );
    }
    let (each, timer) = match setup.trigger {
        Asked::Early(Early::Every(ms)) => (
            String::new(),
            format!(
                "        long now = ctx.getCurrentProcessingTime();\n        \
                 ctx.registerProcessingTimeTimer(now - now % {ms} + {ms});\n"
            ),
        ),
        Asked::Early(Early::Count(n)) => (
            format!(
                "        ReducingState<Long> count = ctx.getPartitionedState(COUNT);\n        \
                 count.add(1L);\n        \
                 if (count.get() >= {n}) {{ count.clear(); return TriggerResult.FIRE; }}\n"
            ),
            String::new(),
        ),
        Asked::Each => (
            "        return TriggerResult.FIRE;\n".to_owned(),
            String::new(),
        ),
        _ => return String::new(),
    };
    if !setup.is_timed() {
        return String::new();
    }
    let state = if each.contains("COUNT") {
        "    static final ReducingStateDescriptor<Long> COUNT =\n        \
         new ReducingStateDescriptor<>(\"count\", Long::sum, Types.LONG);\n"
    } else {
        ""
    };
    let rest = if setup.trigger == Asked::Each {
        ""
    } else {
        "        return TriggerResult.CONTINUE;\n"
    };
    format!(
        "\nclass EarlyAndAtEnd extends Trigger<Event, TimeWindow> {{\n{state}    \
         public TriggerResult onElement(Event event, long ts, TimeWindow w, TriggerContext ctx) throws Exception {{\n        \
         if (w.maxTimestamp() <= ctx.getCurrentWatermark()) return TriggerResult.FIRE;   // late\n        \
         ctx.registerEventTimeTimer(w.maxTimestamp());\n{timer}{each}{rest}    }}\n    \
         public TriggerResult onEventTime(long t, TimeWindow w, TriggerContext ctx) {{\n        \
         return t == w.maxTimestamp() ? TriggerResult.FIRE : TriggerResult.CONTINUE;\n    }}\n    \
         public TriggerResult onProcessingTime(long t, TimeWindow w, TriggerContext ctx) {{ return TriggerResult.FIRE; }}\n    \
         public boolean canMerge() {{ return true; }}\n    \
         public void onMerge(TimeWindow w, OnMergeContext ctx) {{ ctx.registerEventTimeTimer(w.maxTimestamp()); }}\n    \
         public void clear(TimeWindow w, TriggerContext ctx) {{ ctx.deleteEventTimeTimer(w.maxTimestamp()); }}\n}}\n"
    )
}

/// An interval of SQL.
fn interval(ms: i64) -> String {
    let (n, unit) = match ms {
        _ if ms % 86_400_000 == 0 => (ms / 86_400_000, "DAY"),
        _ if ms % 3_600_000 == 0 => (ms / 3_600_000, "HOUR"),
        _ if ms % 60_000 == 0 => (ms / 60_000, "MINUTE"),
        _ if ms % 1_000 == 0 => (ms / 1_000, "SECOND"),
        _ => return format!("INTERVAL '{}.{:03}' SECOND(9, 3)", ms / 1_000, ms % 1_000),
    };
    // Two digits go without saying.
    let digits = match n.unsigned_abs() {
        0..100 => String::new(),
        n => format!("({})", n.to_string().len()),
    };
    format!("INTERVAL '{n}' {unit}{digits}")
}

fn flink_sql(setup: &Setup) -> Listing {
    let agg = match setup.aggregate {
        Aggregate::Count => "COUNT(*)",
        Aggregate::Min => "MIN(`value`)",
        Aggregate::Max => "MAX(`value`)",
        Aggregate::Average => "AVG(`value`)",
        _ => "SUM(`value`)",
    };
    let shift = |offset: i64| match offset {
        0 => String::new(),
        ms => format!(", {}", interval(ms)),
    };
    let function = match &setup.windows {
        Windows::Tumbling { size, offset } => format!(
            "TUMBLE(TABLE events, DESCRIPTOR(ts), {}{})",
            interval(*size),
            shift(*offset)
        ),
        Windows::Hopping {
            size,
            slide,
            offset,
        } => format!(
            "HOP(TABLE events, DESCRIPTOR(ts), {}, {}{})",
            interval(*slide),
            interval(*size),
            shift(*offset)
        ),
        Windows::Session { gap } => {
            let by = if setup.keyed {
                " PARTITION BY `key`"
            } else {
                ""
            };
            format!(
                "SESSION(TABLE events{by}, DESCRIPTOR(ts), {})",
                interval(*gap)
            )
        }
        _ => {
            let note = "Flink SQL has windows of time only: TUMBLE, HOP, CUMULATE and SESSION.";
            return listing(
                "SQL · Flink 2.0",
                "-- no such windows in SQL\n".to_owned(),
                note,
            );
        }
    };
    let key = if setup.keyed { "`key`, " } else { "" };
    let code = format!(
        "CREATE TABLE events (\n  `key` STRING,\n  `value` BIGINT,\n  ts TIMESTAMP_LTZ(3) METADATA FROM 'timestamp',\n  \
         WATERMARK FOR ts AS ts - {}\n) WITH (\n  'connector' = 'kafka',\n  'topic' = 'events',\n  \
         'properties.bootstrap.servers' = 'broker-1:9092',\n  'format' = 'json'\n);\n\n\
         SELECT {key}window_start, window_end, {agg} AS result\nFROM TABLE(\n  {function})\n\
         GROUP BY {key}window_start, window_end;\n",
        interval(setup.delay)
    );
    let note = if setup.lateness > 0 || asks_early(setup) {
        "A window of a table function answers once, at the watermark: it has no allowed lateness and no early results, and drops what comes later."
    } else {
        "A window of a table function answers once, at the watermark."
    };
    listing("SQL · Flink 2.0", code, note)
}

fn kafka_streams(setup: &Setup) -> Listing {
    let grace = duration(setup.delay.saturating_add(setup.lateness));
    let (window, merges) = match &setup.windows {
        Windows::Hopping { size, slide, .. } => (
            format!(
                "TimeWindows.ofSizeAndGrace({}, {grace})\n        .advanceBy({})",
                duration(*size),
                duration(*slide)
            ),
            false,
        ),
        Windows::Session { gap } => (
            format!(
                "SessionWindows.ofInactivityGapAndGrace({}, {grace})",
                duration(*gap)
            ),
            true,
        ),
        Windows::Aligned { difference } => (
            format!(
                "SlidingWindows.ofTimeDifferenceAndGrace({}, {grace})",
                duration(*difference)
            ),
            false,
        ),
        Windows::Tumbling { size, .. } => (
            format!("TimeWindows.ofSizeAndGrace({}, {grace})", duration(*size)),
            false,
        ),
        // It has no others.
        _ => (String::new(), false),
    };
    let group = if setup.keyed {
        ".groupByKey()"
    } else {
        ".groupBy((key, event) -> \"all\")"
    };
    let [acc, start, add, merge, _] = java_aggregate(setup.aggregate);
    let aggregate = match (setup.aggregate, merges) {
        (Aggregate::Count, _) => ".count()".to_owned(),
        (_, false) => format!(".aggregate(() -> {start}, (key, event, acc) -> {add})"),
        (_, true) => {
            format!(".aggregate(() -> {start}, (key, event, acc) -> {add}, (key, a, b) -> {merge})")
        }
    };
    let suppress = match setup.trigger {
        Asked::Each => "",
        _ => "\n    .suppress(Suppressed.untilWindowCloses(BufferConfig.unbounded()))",
    };
    let code = format!(
        "KTable<Windowed<String>, {acc}> results = builder\n    \
         .stream(\"events\", Consumed.with(Serdes.String(), eventSerde)\n        \
         .withTimestampExtractor((record, streamTime) -> ((Event) record.value()).ts))\n    \
         {group}\n    .windowedBy({window})\n    {aggregate}{suppress};\n\n\
         results.toStream().to(\"results\");\n"
    );
    let note = match setup.trigger {
        Asked::Each => {
            "Each record updates its row. What comes later than the grace is dropped (dropped-records-total)."
        }
        _ => {
            "suppress holds a result back until nothing can change it any more. Only new records move stream time on: the last windows wait."
        }
    };
    listing("Java · Kafka Streams 4.0", code, note)
}

/// An interval as Spark writes it.
fn spark_interval(ms: i64) -> String {
    if ms % 1_000 == 0 {
        format!("\"{} seconds\"", ms / 1_000)
    } else {
        format!("\"{ms} milliseconds\"")
    }
}

fn spark(setup: &Setup) -> Listing {
    let window = match &setup.windows {
        Windows::Tumbling { size, offset: 0 } => {
            format!("F.window(\"ts\", {})", spark_interval(*size))
        }
        Windows::Tumbling { size, offset } => format!(
            "F.window(\"ts\", {0}, {0}, {1})",
            spark_interval(*size),
            spark_interval(*offset)
        ),
        Windows::Hopping {
            size,
            slide,
            offset: 0,
        } => format!(
            "F.window(\"ts\", {}, {})",
            spark_interval(*size),
            spark_interval(*slide)
        ),
        Windows::Hopping {
            size,
            slide,
            offset,
        } => format!(
            "F.window(\"ts\", {}, {}, {})",
            spark_interval(*size),
            spark_interval(*slide),
            spark_interval(*offset)
        ),
        Windows::Session { gap } => format!("F.session_window(\"ts\", {})", spark_interval(*gap)),
        _ => String::new(),
    };
    let key = if setup.keyed { ", \"key\"" } else { "" };
    let agg = match setup.aggregate {
        Aggregate::Count => "F.count(\"*\")",
        Aggregate::Min => "F.min(\"value\")",
        Aggregate::Max => "F.max(\"value\")",
        Aggregate::Average => "F.avg(\"value\")",
        _ => "F.sum(\"value\")",
    };
    let mode = match MODES[setup.mode] {
        mode @ ("update" | "complete") => mode,
        _ => "append",
    };
    let code = format!(
        "from pyspark.sql import functions as F\n\n\
         results = (events   # columns key, value, ts\n    \
         .withWatermark(\"ts\", {})\n    .groupBy({window}{key})\n    .agg({agg}.alias(\"result\")))\n\n\
         query = (results.writeStream\n    .outputMode(\"{mode}\")\n    \
         .trigger(processingTime={})\n    .format(\"console\")\n    .start())\n",
        spark_interval(setup.delay),
        spark_interval(setup.batch)
    );
    let note = "The watermark moves when a batch is done, so what is very late is still counted if its batch has newer events.";
    listing("Python · PySpark 4.0", code, note)
}

fn beam(setup: &Setup) -> Listing {
    let seconds = |ms: i64| {
        if ms % 1_000 == 0 {
            (ms / 1_000).to_string()
        } else {
            format!("{}", ms as f64 / 1_000.0)
        }
    };
    let window = match &setup.windows {
        Windows::Tumbling { size, offset: 0 } => format!("window.FixedWindows({})", seconds(*size)),
        Windows::Tumbling { size, offset } => {
            format!(
                "window.FixedWindows({}, {})",
                seconds(*size),
                seconds(*offset)
            )
        }
        Windows::Hopping {
            size,
            slide,
            offset: 0,
        } => {
            format!(
                "window.SlidingWindows({}, {})",
                seconds(*size),
                seconds(*slide)
            )
        }
        Windows::Hopping {
            size,
            slide,
            offset,
        } => format!(
            "window.SlidingWindows({}, {}, {})",
            seconds(*size),
            seconds(*slide),
            seconds(*offset)
        ),
        Windows::Session { gap } => format!("window.Sessions({})", seconds(*gap)),
        _ => "window.GlobalWindows()".to_owned(),
    };
    let early = match setup.trigger {
        Asked::Early(Early::Count(n)) => format!("early=trigger.AfterCount({n}), "),
        Asked::Early(Early::Every(ms)) => {
            format!("early=trigger.AfterProcessingTime({}), ", seconds(ms))
        }
        Asked::Each => "early=trigger.AfterCount(1), ".to_owned(),
        _ => String::new(),
    };
    let mode = if setup.mode == 1 {
        "DISCARDING"
    } else {
        "ACCUMULATING"
    };
    let key = if setup.keyed { "e[\"key\"]" } else { "\"all\"" };
    let combine = match setup.aggregate {
        Aggregate::Count => "beam.combiners.Count.PerKey()",
        Aggregate::Min => "beam.CombinePerKey(min)",
        Aggregate::Max => "beam.CombinePerKey(max)",
        Aggregate::Average => "beam.combiners.Mean.PerKey()",
        _ => "beam.CombinePerKey(sum)",
    };
    let code = format!(
        "import apache_beam as beam\nfrom apache_beam.transforms import trigger, window\n\n\
         results = (events\n    | beam.Map(lambda e: window.TimestampedValue(\n        \
         ({key}, e[\"value\"]), e[\"ts\"]))\n    | beam.WindowInto(\n        {window},\n        \
         trigger=trigger.AfterWatermark(\n            {early}late=trigger.AfterCount(1)),\n        \
         allowed_lateness={},\n        accumulation_mode=trigger.AccumulationMode.{mode})\n    \
         | {combine})   # {}\n",
        seconds(setup.lateness),
        trigger_words(setup.trigger),
    );
    let note = "How far the watermark stays behind is the source’s business: with Kafka, KafkaIO’s CustomTimestampPolicyWithLimitedDelay.";
    listing("Python · Beam", code, note)
}

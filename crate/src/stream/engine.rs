//! Where engines differ.
//!
//! A window ends, and then two things have a time: its result comes out, and it takes no more
//! records. Each engine puts them so far after the window's end:
//!
//! | Engine | watermark | comes out at end + | takes nothing from end + | source |
//! |---|---|---|---|---|
//! | Flink | newest − delay − 1 | −1 | lateness − 1 | `EventTimeTrigger`, `WindowOperator.isWindowLate` |
//! | Beam | newest − delay | 0 | lateness | `AfterWatermark`, `LateDataDroppingDoFnRunner` |
//! | Spark | newest − delay, after the batch | 0 | 0 | `WatermarkSupport` |
//! | Kafka Streams | newest (stream time) | grace | grace | `KStreamWindowAggregate` |
//! | – sessions | | grace + 1 | grace + 1 | `KStreamSessionWindowAggregate` |
//! | – aligned with events | | grace | grace − 1 | `KStreamSlidingWindowAggregate` |
//!
//! Windows are `[start, end)` here. Kafka Streams shows a session's last record in place of its end,
//! and both ends of an aligned window are inside.

use super::trigger::{Asked, Early, Mode, Trigger};
use super::window::{Window, Windows};
use std::fmt;
use std::str::FromStr;

/// Whose rules are followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// Apache Flink's `DataStream` windows.
    #[default]
    Flink,
    /// Apache Spark's Structured Streaming.
    Spark,
    /// Kafka Streams.
    KafkaStreams,
    /// Apache Beam.
    Beam,
}

impl Engine {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Flink, Self::Spark, Self::KafkaStreams, Self::Beam];

    /// As it is written in options.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Flink => "flink",
            Self::Spark => "spark",
            Self::KafkaStreams => "kafka-streams",
            Self::Beam => "beam",
        }
    }

    /// As it is written in sentences.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flink => "Flink",
            Self::Spark => "Spark",
            Self::KafkaStreams => "Kafka Streams",
            Self::Beam => "Beam",
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Engine {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|engine| engine.id() == text);
        known.ok_or_else(|| format!("“{text}” is no engine: flink, spark, kafka-streams or beam"))
    }
}

/// Which clock puts a record into its window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeKind {
    /// The record's own timestamp.
    #[default]
    Event,
    /// The clock on the wall when it arrived; a watermark follows.
    Ingestion,
    /// The clock on the wall, which also says when windows end.
    Processing,
}

/// What an engine does with a window, from its end on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Whose they are.
    pub engine: Engine,
    /// The result comes out at the window's end and so many ms.
    pub out: i64,
    /// It takes nothing more from its end and so many ms on; `None` where it always does.
    pub late: Option<i64>,
    /// The clock on the wall is in the watermark's place: nothing is late, and nothing comes out
    /// before the clock is looked at.
    pub by_clock: bool,
}

impl Rules {
    /// Those of `engine` for `windows`, with so much lateness (grace) in ms.
    #[must_use]
    pub fn new(engine: Engine, windows: &Windows, lateness: i64, time: TimeKind) -> Self {
        let (out, late) = match (engine, windows) {
            (Engine::Flink, _) => (-1, lateness.saturating_sub(1)),
            (Engine::Beam, _) => (0, lateness),
            (Engine::Spark, _) => (0, 0),
            (Engine::KafkaStreams, Windows::Session { .. }) => {
                (lateness.saturating_add(1), lateness.saturating_add(1))
            }
            (Engine::KafkaStreams, Windows::Aligned { .. }) => {
                (lateness, lateness.saturating_sub(1))
            }
            (Engine::KafkaStreams, _) => (lateness, lateness),
        };
        let by_clock = time == TimeKind::Processing;
        Self {
            engine,
            out,
            late: (!by_clock).then_some(late),
            by_clock,
        }
    }

    /// The watermark that brings out the result of a window with this end.
    #[must_use]
    pub const fn out_at(&self, end: i64) -> i64 {
        end.saturating_add(self.out)
    }

    /// Whether a window with this end takes nothing more once the watermark is there.
    #[must_use]
    pub const fn is_late(&self, end: i64, watermark: i64) -> bool {
        match self.late {
            Some(late) => end.saturating_add(late) <= watermark,
            None => false,
        }
    }

    /// The watermark that lets a window with this end be forgotten.
    #[must_use]
    pub fn over_at(&self, end: i64) -> i64 {
        let late = self.late.unwrap_or(self.out);
        end.saturating_add(late.max(self.out))
    }

    /// Whether records exactly one gap apart are one session. In Beam they are two.
    #[must_use]
    pub const fn touching(&self) -> bool {
        !matches!(self.engine, Engine::Beam)
    }

    /// Whether a record is late by the session that it would be alone. In Flink and Kafka Streams the
    /// session that it joins counts.
    #[must_use]
    pub const fn alone(&self) -> bool {
        matches!(self.engine, Engine::Spark | Engine::Beam)
    }

    /// Whether each window that a record misses counts as dropped. In Flink the record does, if it
    /// misses all of them.
    #[must_use]
    pub const fn drops_by_window(&self) -> bool {
        !matches!(self.engine, Engine::Flink)
    }

    /// Whether windows begin at 0 and records before it are refused.
    #[must_use]
    pub const fn from_zero(&self) -> bool {
        matches!(self.engine, Engine::KafkaStreams)
    }

    /// How the engine shows a window of time.
    #[must_use]
    pub fn shown(&self, windows: &Windows, window: Window) -> Window {
        let less = match (windows, self.engine) {
            (Windows::Session { gap }, Engine::KafkaStreams) => *gap,
            (Windows::Aligned { .. }, _) => 1,
            _ => 0,
        };
        Window::new(window.start, window.end.saturating_sub(less))
    }
}

/// Spark's output modes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutputMode {
    /// A window once, when the watermark has passed its end.
    #[default]
    Append,
    /// After each batch, the windows that changed in it.
    Update,
    /// After each batch, all windows; none is ever forgotten.
    Complete,
}

/// What is asked of an engine, as a person writes it. `None` is the engine's own way.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whose rules.
    pub engine: Engine,
    /// Which windows.
    pub windows: Windows,
    /// By which clock.
    pub time: TimeKind,
    /// How much out of order records are expected to come, in ms.
    pub watermark: Option<i64>,
    /// In its place: the watermark moves with marked records only, to their timestamps.
    pub punctuated: bool,
    /// How long a complete window still takes records, in ms.
    pub lateness: Option<i64>,
    /// When results come out.
    pub trigger: Option<Asked>,
    /// What they are of, or Spark's output mode.
    pub mode: Option<String>,
}

/// What an engine makes of its options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What it does with windows.
    pub rules: Rules,
    /// When results come out.
    pub trigger: Trigger,
    /// What they are of.
    pub mode: Mode,
    /// Spark's output mode.
    pub output: OutputMode,
    /// So many records make a micro-batch; 0 for all of them.
    pub batch: u32,
}

impl Options {
    /// What the engine makes of it.
    ///
    /// # Errors
    /// In words, where the engine does not have what is asked for: its name, and what it offers.
    pub fn plan(&self) -> Result<Plan, String> {
        self.windows.check()?;
        for (what, ms) in [("watermark", self.watermark), ("lateness", self.lateness)] {
            if ms.is_some_and(|ms| ms < 0) {
                return Err(format!("the {what} cannot be below 0"));
            }
        }
        self.check_windows()?;
        self.check_time()?;
        let output = self.output()?;
        let (trigger, batch) = self.trigger(output)?;
        let mode = self.mode()?;
        let lateness = self.lateness.unwrap_or(0);
        let mut rules = Rules::new(self.engine, &self.windows, lateness, self.time);
        if output == OutputMode::Complete {
            rules.late = None;
        }
        Ok(Plan {
            rules,
            trigger,
            mode,
            output,
            batch,
        })
    }

    fn refuse<T>(&self, what: &str, offers: &str) -> Result<T, String> {
        Err(format!("{} has no {what}: {offers}", self.engine))
    }

    fn check_windows(&self) -> Result<(), String> {
        let what = match self.windows {
            Windows::Count { .. } => "windows of a number of records",
            Windows::Punctuation { .. } => "windows that a record ends",
            Windows::Aligned { .. } => "sliding windows aligned with events",
            Windows::Global => "global window",
            _ => return self.check_offset(),
        };
        match (self.engine, &self.windows) {
            (Engine::Flink, Windows::Aligned { .. }) => {
                self.refuse(what, "give a slide too, as in sliding:10s,5s")
            }
            (Engine::Flink, _)
            | (Engine::Beam, Windows::Global)
            | (Engine::KafkaStreams, Windows::Aligned { .. }) => Ok(()),
            (Engine::Beam, _) => self.refuse(
                what,
                "it has tumbling (fixed), sliding:SIZE,SLIDE, session and global windows; global \
                 with --trigger count:N comes out every N records",
            ),
            (Engine::Spark, _) => self.refuse(
                what,
                "it has tumbling, sliding:SIZE,SLIDE and session windows",
            ),
            (Engine::KafkaStreams, _) => self.refuse(
                what,
                "it has tumbling, sliding:SIZE,SLIDE (hopping), sliding:SIZE (aligned with events) \
                 and session windows",
            ),
        }
    }

    fn check_offset(&self) -> Result<(), String> {
        let Some((size, slide, offset)) = self.windows.grid() else {
            return Ok(());
        };
        match self.engine {
            Engine::KafkaStreams if offset != 0 => self.refuse(
                "offset of windows",
                "they begin at multiples of their advance",
            ),
            Engine::Beam if offset < 0 => {
                self.refuse("offset below 0", "0 or more, and less than the size")
            }
            Engine::KafkaStreams | Engine::Spark if slide > size => self.refuse(
                "windows that slide further than they are long",
                "slide by the size or less",
            ),
            _ => Ok(()),
        }
    }

    fn check_time(&self) -> Result<(), String> {
        match (self.engine, self.time) {
            (Engine::Spark, TimeKind::Processing) => self.refuse(
                "windows by processing time",
                "windows are of a column; --time ingestion takes the arrival",
            ),
            (Engine::Beam, TimeKind::Processing) => self.refuse(
                "windows by processing time",
                "windows are of the records' timestamps; triggers may follow the clock: \
                 --trigger early:2s",
            ),
            (Engine::KafkaStreams, TimeKind::Processing) => self.refuse(
                "clock that ends windows",
                "stream time does; --time ingestion takes the arrival as timestamp \
                 (WallclockTimestampExtractor)",
            ),
            _ => Ok(()),
        }?;
        if self.time == TimeKind::Processing
            && (self.watermark.is_some() || self.lateness.is_some())
        {
            return Err("by processing time nothing is late: no watermark and no lateness".into());
        }
        if self.punctuated && (self.watermark.is_some() || self.time != TimeKind::Event) {
            return Err("a punctuated watermark has no delay, and follows event time".into());
        }
        match self.engine {
            Engine::Spark if self.punctuated => self.refuse(
                "punctuated watermark",
                "the newest timestamp less a delay (withWatermark), as in --watermark 10s",
            ),
            Engine::KafkaStreams if self.punctuated => self.refuse(
                "watermark",
                "stream time is the newest timestamp so far, and --lateness is its grace period",
            ),
            Engine::Spark if self.lateness.is_some() => self.refuse(
                "allowed lateness",
                "its one setting is the watermark's delay (withWatermark), here --watermark",
            ),
            Engine::KafkaStreams if self.watermark.is_some() => self.refuse(
                "watermark",
                "stream time is the newest timestamp so far, and --lateness is its grace period",
            ),
            _ => Ok(()),
        }
    }

    fn trigger(&self, output: OutputMode) -> Result<(Trigger, u32), String> {
        let timed = !matches!(
            self.windows,
            Windows::Count { .. } | Windows::Punctuation { .. } | Windows::Global
        );
        if !timed && self.windows != Windows::Global && self.trigger.is_some() {
            return Err(format!(
                "{} windows come out when they are full: no --trigger",
                self.windows.kind()
            ));
        }
        let trigger = match (self.engine, self.trigger) {
            (Engine::Spark, None) => {
                let query_of_a_file = self.watermark.is_none() && self.mode.is_none();
                return Ok((spark_trigger(output), u32::from(!query_of_a_file)));
            }
            (Engine::Spark, Some(Asked::Batch(n))) => return Ok((spark_trigger(output), n)),
            (Engine::Spark, Some(_)) => {
                return self.refuse(
                    "trigger for windows",
                    "results come with micro-batches (--trigger batch:N), and --mode append, update \
                     or complete says which",
                );
            }
            (Engine::KafkaStreams, None | Some(Asked::Each)) => Trigger::EACH,
            (Engine::KafkaStreams, Some(Asked::Final)) => Trigger::WATERMARK,
            (Engine::KafkaStreams, Some(_)) => {
                return self.refuse(
                    "such trigger",
                    "--trigger each (an update with each record) or final (suppress until the window \
                     closes)",
                );
            }
            (_, None) if timed => Trigger::WATERMARK,
            (_, None) => Trigger::NEVER,
            (_, Some(Asked::Watermark)) => Trigger::WATERMARK,
            (_, Some(Asked::Early(early))) => Trigger {
                early,
                at_watermark: true,
            },
            (_, Some(Asked::Count(n))) => Trigger::count(n),
            (_, Some(Asked::Each)) => Trigger {
                early: Early::Count(1),
                at_watermark: true,
            },
            (_, Some(Asked::Final | Asked::Batch(_))) => {
                return self.refuse(
                    "such trigger",
                    "--trigger watermark, early:N, early:TIME, each or count:N",
                );
            }
        };
        Ok((trigger, 1))
    }

    fn output(&self) -> Result<OutputMode, String> {
        if self.engine != Engine::Spark {
            return Ok(OutputMode::Append);
        }
        let session = matches!(self.windows, Windows::Session { .. });
        match self.mode.as_deref() {
            // Without a watermark it is no stream but a file, and asked for once.
            None if self.watermark.is_none() => Ok(OutputMode::Complete),
            None => Ok(OutputMode::Append),
            Some("append") if self.watermark.is_some() => Ok(OutputMode::Append),
            Some("append") => Err(
                "Append output mode not supported when there are streaming aggregations on streaming \
                 DataFrames/DataSets without watermark: give --watermark, or --mode update or complete"
                    .into(),
            ),
            Some("update") if session => self.refuse(
                "update mode for session windows",
                "--mode append or complete",
            ),
            Some("update") => Ok(OutputMode::Update),
            Some("complete") => Ok(OutputMode::Complete),
            Some(_) => self.refuse("such mode", "--mode append, update or complete"),
        }
    }

    fn mode(&self) -> Result<Mode, String> {
        let mode = self.mode.as_deref();
        match (self.engine, mode) {
            (Engine::Spark, _) | (_, None | Some("accumulating")) => Ok(Mode::Accumulating),
            (Engine::Flink | Engine::Beam, Some("discarding")) => Ok(Mode::Discarding),
            (Engine::Flink, Some("retracting")) => Ok(Mode::Retracting),
            (Engine::Flink, Some(_)) => self.refuse(
                "such mode",
                "--mode accumulating, discarding (a purging trigger) or retracting (as Flink SQL's \
                 changelog does)",
            ),
            (Engine::Beam, Some("retracting")) => self.refuse(
                "retracting mode",
                "accumulating or discarding fired panes; retractions are in its model and were never \
                 built",
            ),
            (Engine::Beam, Some(_)) => {
                self.refuse("such mode", "--mode accumulating or discarding")
            }
            (Engine::KafkaStreams, Some(_)) => self.refuse(
                "such mode",
                "a table's newest value is the result (accumulating); a session that grows takes its \
                 old row back",
            ),
        }
    }
}

const fn spark_trigger(output: OutputMode) -> Trigger {
    match output {
        OutputMode::Append => Trigger::WATERMARK,
        OutputMode::Update | OutputMode::Complete => Trigger::NEVER,
    }
}

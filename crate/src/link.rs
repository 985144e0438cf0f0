//! A state of the page as a link: `#v1.` + base64url(deflate(JSON)).
//!
//! A link carries everything that makes the instant: scenario, seed, commands, and where on the
//! time line one looks; and what the person had chosen and answered. Opening never fails: what
//! cannot be read is left out, and the complaints say so in words for a person.

use crate::id::OrderId;
use crate::map::Map;
use crate::sim::{Acted, LATEST, Prey};
use crate::time::Time;
use crate::view::sketches::Setup;
use crate::view::windows::Saved;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// The engine that plays links now. A link made by another one may play differently.
pub const ENGINE: &str = env!("CARGO_PKG_VERSION");
/// The longest fragment we make or read, `#` not counted.
pub const MAX_FRAGMENT: usize = 8 * 1024;
/// The longest JSON we inflate: a small fragment must not fill the memory.
pub const MAX_JSON: usize = 64 * 1024;

type Members = serde_json::Map<String, Value>;

const PREFIX: &str = "v1.";

/// One state of the page.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Link {
    /// The engine's version that made it.
    pub engine: String,
    /// The scenario's name.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// What was done, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<Acted>,
    /// How many events had been dispatched, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instant: Option<u64>,
    /// The simulated time shown.
    pub at_us: Time,
    /// The page; empty for the scenario's own.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub page: String,
    /// The side panel's tab; empty for the first.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tab: String,
    /// The topic looked at; empty for the first.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub topic: String,
    /// The partition whose replicas are shown, where that is not the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partition: Option<u32>,
    /// The record of that partition whose way is shown: its offset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<i64>,
    /// The visitor whose sessions are looked at, by the row, where that is not the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visitor: Option<u32>,
    /// A moment within the session that is looked at, in ms of event time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<i64>,
    /// The order whose life is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderId>,
    /// The run's hash at `instant`, 16 hex digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// The person's own file, which the link cannot carry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<OwnFile>,
    /// Which option was chosen for each question.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub answers: Map<String, u32>,
    /// The run beside this one, where two are compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beside: Option<Beside>,
    /// What the Sketches page shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sketch: Option<Setup>,
    /// What the Windows page shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub windows: Option<Saved>,
}

/// Another run of the same scene and seed, shown beside the first.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Beside {
    /// What was done in it, in order.
    pub commands: Vec<Acted>,
    /// Whether it is the first of the two, A.
    pub first: bool,
}

/// A file that must be opened again before the run can be replayed.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OwnFile {
    /// Its name.
    pub name: String,
    /// Its hash: see [`content_hash`].
    pub hash: String,
    /// How many times faster than recorded it is replayed.
    pub speed: f64,
}

/// Why a link could not be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TooLong {
    /// More JSON than a reader would inflate.
    Json(usize),
    /// A longer fragment than a reader would take.
    Fragment(usize),
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(n) => write!(
                f,
                "This run has too many commands for a link: {n} bytes of JSON, {MAX_JSON} at most."
            ),
            Self::Fragment(n) => write!(
                f,
                "This run has too many commands for a link: {n} characters, {MAX_FRAGMENT} at most."
            ),
        }
    }
}

/// What opening a link gave.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Opened {
    /// The nearest state that could be read; `None` if nothing could.
    pub link: Option<Link>,
    /// What was wrong, a sentence each; empty if all was well.
    pub complaints: Vec<String>,
}

/// The moment at which a hunt saw a promise break, and the partition in which.
impl From<&Prey> for Link {
    fn from(prey: &Prey) -> Self {
        let shows = prey.breach.witness.partition();
        let shows = shows.filter(|at| !at.topic.is_internal() && at.partition > 0);
        Self {
            engine: ENGINE.to_owned(),
            scenario: prey.scene.clone(),
            seed: prey.seed,
            commands: prey.commands.clone(),
            at_us: prey.breach.stamp.at,
            partition: shows.map(|at| at.partition),
            ..Self::default()
        }
    }
}

impl Link {
    /// As a fragment, without the `#`.
    ///
    /// # Errors
    /// When it would be longer than a reader takes.
    pub fn encode(&self) -> Result<String, TooLong> {
        let json = serde_json::to_vec(self).expect("a link is plain data");
        if json.len() > MAX_JSON {
            return Err(TooLong::Json(json.len()));
        }
        let packed = miniz_oxide::deflate::compress_to_vec(&json, 9);
        let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(packed));
        if text.len() > MAX_FRAGMENT {
            return Err(TooLong::Fragment(text.len()));
        }
        Ok(text)
    }

    /// Reads a fragment, with or without its `#`. An empty one is no link and no complaint.
    #[must_use]
    pub fn open(fragment: &str) -> Opened {
        let text = fragment.strip_prefix('#').unwrap_or(fragment);
        if text.is_empty() {
            return Opened::default();
        }
        match unpack(text) {
            Ok(members) => Self::from_members(members),
            Err(why) => Opened {
                link: None,
                complaints: vec![why],
            },
        }
    }

    /// From the members of a JSON object, one by one, so that one bad member spoils nothing else.
    #[must_use]
    pub fn from_members(mut members: Members) -> Opened {
        let mut link = Self::default();
        let mut complaints = Vec::new();
        let commands = members.remove("commands");
        let beside = members.remove("beside");
        macro_rules! take {
            ($($field:ident: $what:literal),*) => {$(
                if let Some(value) = members.remove(stringify!($field)) {
                    match serde_json::from_value(value) {
                        Ok(good) => link.$field = good,
                        Err(_) => complaints.push(concat!("The link’s ", $what, " could not be read and is left out.").to_owned()),
                    }
                }
            )*};
        }
        take!(engine: "engine version", scenario: "scenario", seed: "seed", instant: "instant",
              at_us: "time", page: "page", tab: "tab", topic: "topic", partition: "partition", record: "record",
              visitor: "visitor", session: "session", order: "order", hash: "hash",
              file: "file", answers: "answers", sketch: "sketch", windows: "windows");
        let scene = crate::scenario::by_name(&link.scenario);
        let latest = scene.map_or(LATEST, |scene| scene.latest());
        link.commands = read_commands(commands, &mut complaints);
        link.commands = in_order(link.commands, latest, &mut complaints);
        link.beside = beside.and_then(|value| read_beside(value, latest, &mut complaints));
        clamp(&mut link, latest, &mut complaints);
        Opened {
            link: Some(link),
            complaints,
        }
    }

    /// What to say when a replay under this engine does not end at the hash the link carries.
    /// `None` when it does, or when the link carries none.
    #[must_use]
    pub fn differs(&self, replayed: u64) -> Option<String> {
        let told = self.hash.as_deref()?;
        if told == hex(replayed) {
            return None;
        }
        Some(if self.engine == ENGINE {
            "This link's run does not replay to the hash it carries: it was changed by hand, or \
             this is a bug in Millrace. What you see is what its commands give now."
                .to_owned()
        } else {
            format!(
                "This link was made by Millrace {}. This is {ENGINE}, which plays it differently: \
                 what you see is not what its maker saw.",
                self.engine
            )
        })
    }
}

/// A run's hash as links and summaries carry it: 16 hex digits.
#[must_use]
pub fn hex(hash: u64) -> String {
    format!("{hash:016x}")
}

/// The hash of a file's content (FNV-1a, 64 bits): to tell whether it is the same file, not to
/// guard against anybody.
#[must_use]
pub fn content_hash(bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hex(hash)
}

/// From the fragment to the members of the JSON object.
fn unpack(text: &str) -> Result<Members, String> {
    let Some(body) = text.strip_prefix(PREFIX) else {
        return Err(
            if text.starts_with('v') && text[1..].starts_with(|c: char| c.is_ascii_digit()) {
                "This link is of a newer kind than this Millrace can read.".to_owned()
            } else {
                "This is not a Millrace link: it should begin with “#v1.”.".to_owned()
            },
        );
    };
    if text.len() > MAX_FRAGMENT {
        return Err(format!(
            "This link is too long: {} characters, {MAX_FRAGMENT} at most.",
            text.len()
        ));
    }
    // Mail programs wrap lines and some tools escape or pad: none of that changes the meaning.
    let body: String = body
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '=')
        .collect();
    let packed = URL_SAFE_NO_PAD
        .decode(body.as_bytes())
        .map_err(|_| "This link is damaged: it holds characters that no link has, or lost some.")?;
    let json = miniz_oxide::inflate::decompress_to_vec_with_limit(&packed, MAX_JSON)
        .map_err(|_| "This link is damaged: part of it is missing or changed.")?;
    match serde_json::from_slice(&json) {
        Ok(Value::Object(members)) => Ok(members),
        _ => Err("This link is damaged: what it holds is not a state of the page.".to_owned()),
    }
}

fn read_commands(value: Option<Value>, complaints: &mut Vec<String>) -> Vec<Acted> {
    let Some(value) = value else {
        return Vec::new();
    };
    let Value::Array(items) = value else {
        complaints.push("The link’s commands could not be read and are left out.".to_owned());
        return Vec::new();
    };
    let count = items.len();
    let mut commands = Vec::with_capacity(count);
    for item in items {
        match read_acted(item) {
            Ok(acted) => commands.push(acted),
            // Whatever came after it happened in a world where it had acted.
            Err(_) => {
                complaints.push(format!(
                    "Command {} of {count} could not be read. It and those after it are left out.",
                    commands.len() + 1
                ));
                break;
            }
        }
    }
    commands
}

/// Reads a command with its time. Serde's own way for a flattened enum costs a browser three
/// copies of everything that a command can be; this one needs none.
///
/// # Errors
/// What is wrong with it.
pub fn read_acted(value: Value) -> Result<Acted, serde_json::Error> {
    let mut members: Members = serde_json::from_value(value)?;
    let at_us = members.remove("at_us").unwrap_or_default();
    let instant = members.remove("instant").unwrap_or_default();
    Ok(Acted {
        at_us: serde_json::from_value(at_us)?,
        instant: serde_json::from_value(instant)?,
        command: serde_json::from_value(Value::Object(members))?,
    })
}

/// Commands in the order of time, none later than a page goes.
fn in_order(mut commands: Vec<Acted>, latest: Time, complaints: &mut Vec<String>) -> Vec<Acted> {
    let before = commands.len();
    commands.retain(|acted| acted.at_us <= latest);
    if commands.len() < before {
        complaints.push("Commands after the latest time of this page are left out.".to_owned());
    }
    let in_order = |a: &Acted, b: &Acted| {
        a.at_us < b.at_us
            || a.at_us == b.at_us && a.instant.unwrap_or(u64::MAX) <= b.instant.unwrap_or(u64::MAX)
    };
    if !commands.is_sorted_by(in_order) {
        // Equals keep their places, so the second sort keeps the order of instants.
        commands.sort_by_cached_key(|acted| acted.instant.unwrap_or(u64::MAX));
        commands.sort_by_cached_key(|acted| acted.at_us.0);
        complaints
            .push("The link’s commands were not in the order of time; they are now.".to_owned());
    }
    commands
}

fn read_beside(value: Value, latest: Time, complaints: &mut Vec<String>) -> Option<Beside> {
    let Value::Object(mut members) = value else {
        complaints.push("The run beside this one could not be read and is left out.".to_owned());
        return None;
    };
    let commands = read_commands(members.remove("commands"), complaints);
    Some(Beside {
        commands: in_order(commands, latest, complaints),
        first: members.remove("first") == Some(Value::Bool(true)),
    })
}

/// Keeps what a link asks for within what a page will do.
fn clamp(link: &mut Link, latest: Time, complaints: &mut Vec<String>) {
    if link.at_us > latest {
        complaints.push(format!(
            "The link asks for {}; this page goes up to {latest}.",
            link.at_us
        ));
        link.at_us = latest;
        link.instant = None;
    }
    if let Some(file) = &mut link.file
        && !(file.speed.is_finite() && file.speed > 0.0)
    {
        file.speed = 1.0;
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

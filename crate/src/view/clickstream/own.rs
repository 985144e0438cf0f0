//! A person's own clicks: a file that is read and made into sessions a little at a time, so that the page
//! stays live, and then looked at as the scene is.

use super::scene::{Known, chosen};
use super::{Boxed, ClickScene, Heavy, Look, Mark, Row, State};
use crate::clickstream::Symbol;
use crate::clickstream::intent::before_purchase;
use crate::clickstream::session::{GAP_MS, Session, Sessionizer};
use crate::scenario::clicks_file::{ClicksFile, ClicksFormat};
use crate::view::panel::Table;

/// How many users are shown at a time.
const ROWS: usize = 5;
/// The least that the axis shows, in ms.
const AXIS_MS: i64 = 92 * 60_000;
/// So many sessions of a user are shown at most, and so many clicks of one.
const MOST_BOXES: usize = 100;
const MOST_CLICKS: usize = 2_000;
/// How many bad rows are listed.
const LISTED: usize = 200;

/// How far a file is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Doing {
    /// Its rows are read.
    Reading,
    /// Each user's clicks are brought into order.
    Sorting,
    /// Sessions are counted, of the users from this place on.
    Counting(usize),
    /// All is done.
    Done,
}

/// A file of clicks.
#[derive(Debug)]
pub struct Own {
    name: String,
    file: ClicksFile,
    sessions: Sessionizer,
    doing: Doing,
    /// The users by their names.
    users: Vec<u32>,
    counts: Counts,
}

/// What all sessions come to.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    sessions: u64,
    buying: u64,
    /// Clicks by their symbols.
    symbols: [u64; 6],
    /// Sessions of one click, of up to 5, 20, 100, and more.
    lengths: [(u64, u64); 5],
}

/// The upper bounds of lengths.
const LENGTHS: [usize; 5] = [1, 5, 20, 100, usize::MAX];

impl Own {
    /// Begins to read a file.
    ///
    /// # Errors
    /// In words, where it has none of the formats.
    pub fn open(name: &str, bytes: Vec<u8>) -> Result<Self, String> {
        let file = ClicksFile::open(bytes).map_err(|why| format!("{name}: {why}"))?;
        Ok(Self {
            name: name.to_owned(),
            file,
            sessions: Sessionizer::new(GAP_MS).expect("there is a gap"),
            doing: Doing::Reading,
            users: Vec::new(),
            counts: Counts::default(),
        })
    }

    /// Does a little more, some tenths of a millisecond. `false` when all is done.
    pub fn step(&mut self) -> bool {
        match self.doing {
            Doing::Reading => {
                let sessions = &mut self.sessions;
                let more = self.file.read(500, |click| {
                    sessions.click(click);
                });
                if !more {
                    self.users = self.file.by_name();
                    self.doing = Doing::Sorting;
                }
            }
            Doing::Sorting => {
                if !self.sessions.settle(100) {
                    self.doing = Doing::Counting(0);
                }
            }
            Doing::Counting(from) => {
                let to = (from + 100).min(self.users.len());
                for &user in &self.users[from..to] {
                    for session in self.sessions.of(user) {
                        self.counts.add(&session);
                    }
                }
                self.doing = match to == self.users.len() {
                    true => Doing::Done,
                    false => Doing::Counting(to),
                };
            }
            Doing::Done => {}
        }
        self.doing != Doing::Done
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether all is done.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.doing == Doing::Done
    }

    /// How much is done, in percent, and what is done now.
    #[must_use]
    pub fn progress(&self) -> (u32, String) {
        let (read, all) = self.file.progress();
        let part = |done: usize, all: usize| (done * 10 / all.max(1)) as u32;
        match self.doing {
            Doing::Reading => (
                (read * 80 / all.max(1)) as u32,
                format!("{} rows read", self.file.rows()),
            ),
            Doing::Sorting => (80, "bringing clicks into order".into()),
            Doing::Counting(n) => (90 + part(n, self.users.len()), "counting sessions".into()),
            Doing::Done => (100, "done".into()),
        }
    }

    /// How many users there are.
    #[must_use]
    pub fn users(&self) -> usize {
        self.users.len()
    }

    /// The place of the first user whose name begins so, or holds it.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<usize> {
        let name_of = |user: &u32| self.file.users().name(*user);
        let first = self
            .users
            .iter()
            .position(|user| name_of(user).starts_with(name));
        first.or_else(|| {
            self.users
                .iter()
                .position(|user| name_of(user).contains(name))
        })
    }

    /// What came of it, in words.
    #[must_use]
    pub fn told(&self) -> String {
        let Counts { sessions, .. } = self.counts;
        let (bad, good) = (self.file.bad_rows(), self.sessions.clicks());
        let format = match self.file.format() {
            ClicksFormat::Simple => "user, ts_ms, event",
            ClicksFormat::Research => {
                "the published research format; a user is one of its sessions"
            }
        };
        let left = match bad {
            0 => String::new(),
            _ => format!(" {bad} rows could not be read and are left out."),
        };
        format!(
            "{}: {good} clicks of {} users are {sessions} sessions ({format}).{left}",
            self.name,
            self.users.len()
        )
    }

    /// What all sessions come to, as tables.
    #[must_use]
    pub fn tables(&self) -> Vec<Table> {
        let counts = &self.counts;
        let share = |n: u64, of: u64| match of {
            0 => "–".into(),
            _ => format!("{:.2} %", n as f64 * 100.0 / of as f64),
        };
        let clicks: u64 = counts.symbols.iter().sum();
        let symbols = Symbol::ALL.into_iter().zip(counts.symbols);
        let symbols = symbols.map(|(symbol, n)| {
            vec![
                format!("{} {}", symbol.number(), symbol.name()),
                n.to_string(),
                share(n, clicks),
            ]
        });
        let mut from = 1;
        let mut lengths = Vec::new();
        for (to, (n, buying)) in LENGTHS.into_iter().zip(counts.lengths) {
            let name = match (from, to) {
                (1, 1) => "1 click".to_owned(),
                (_, usize::MAX) => format!("{from} and more"),
                _ => format!("{from} to {to}"),
            };
            lengths.push(vec![name, n.to_string(), share(buying, n)]);
            from = to.saturating_add(1);
        }
        let (all, buying) = (counts.sessions, counts.buying);
        lengths.push(vec!["all".into(), all.to_string(), share(buying, all)]);
        let heads = |names: [&str; 3]| names.map(String::from).into();
        vec![
            Table {
                caption: "Sessions by their length, and how many of them buy".into(),
                heads: heads(["length", "sessions", "buy"]),
                rows: lengths,
            },
            Table {
                caption: "What was clicked".into(),
                heads: heads(["symbol", "clicks", "share"]),
                rows: symbols.collect(),
            },
        ]
    }

    /// The rows that could not be read: line, and why.
    #[must_use]
    pub fn bad(&self) -> Option<Table> {
        let bad = self.file.bad();
        let rows = bad.iter().take(LISTED);
        let rows = rows.map(|(line, why)| vec![line.to_string(), why.clone()]);
        let all = self.file.bad_rows();
        (all > 0).then(|| Table {
            caption: match all > LISTED as u64 {
                true => format!("The first {LISTED} of {all} rows that were left out"),
                false => "Rows that were left out".into(),
            },
            heads: vec!["line".into(), "why".into()],
            rows: rows.collect(),
        })
    }

    /// Users from this place on, around the session that is looked at. Of a session with very many clicks
    /// the newest are shown.
    pub fn scene(&self, first: usize, (look, heavy): (Look, &Heavy), scene: &mut ClickScene) {
        let users: Vec<u32> = self.users.iter().skip(first).take(ROWS).copied().collect();
        let place = (look.visitor as usize).min(users.len().saturating_sub(1));
        let around = users
            .get(place)
            .and_then(|&user| self.around(user, look.session));
        let (start, last) = around.map_or((0, 0), |session| (session.start(), session.last()));
        let length = ((last - start) / 4 * 5).max(AXIS_MS);
        let from = start - (length - (last - start)) / 3;
        *scene = ClickScene {
            // There is no now in a file.
            now: i64::MAX,
            axis: (from, from + length),
            ..ClickScene::default()
        };
        for (at, user) in users.into_iter().enumerate() {
            let name = self.file.users().name(user).into_owned();
            let all = self.sessions.of(user);
            let seen = all.filter(|s| s.last() >= from && s.start() <= from + length);
            let mut sessions: Vec<Boxed> = seen.take(MOST_BOXES).map(boxed).collect();
            if at == place {
                let known = Known::default();
                scene.chosen = chosen(&name, &mut sessions, &known, Some(start), heavy);
                if let Some(chosen) = &mut scene.chosen {
                    chosen.sent = row(&name, &chosen.session);
                }
            }
            scene.rows.push(Row {
                user: name,
                sessions,
                ends: Vec::new(),
            });
        }
    }

    /// The session of a user around a moment, or the newest.
    fn around(&self, user: u32, moment: Option<i64>) -> Option<Session<'_>> {
        let within = |session: &Session<'_>| {
            moment.is_some_and(|at| (session.start()..session.end()).contains(&at))
        };
        let found = self.sessions.of(user).find(within);
        found.or_else(|| self.sessions.of(user).last())
    }
}

fn boxed(session: Session<'_>) -> Boxed {
    let skip = session.len().saturating_sub(MOST_CLICKS);
    let clicks = session.clicks().skip(skip);
    let marks = clicks.map(|(ts, symbol)| Mark {
        ts,
        symbol,
        ..Mark::default()
    });
    Boxed {
        marks: marks.collect(),
        end: session.end(),
        state: State::Told,
        ..Boxed::default()
    }
}

/// The newest click as the simple format has it.
fn row(user: &str, session: &Boxed) -> String {
    let Some(mark) = session.marks.last() else {
        return String::new();
    };
    let event = Symbol::from_number(mark.symbol).map_or("", Symbol::name);
    format!("{user},{},{event}", mark.ts)
}

impl Counts {
    fn add(&mut self, session: &Session<'_>) {
        let symbols = session.symbols();
        let buys = before_purchase(&symbols).len() < symbols.len();
        self.sessions += 1;
        self.buying += u64::from(buys);
        for symbol in &symbols {
            self.symbols[usize::from(*symbol) - 1] += 1;
        }
        let at = LENGTHS.iter().position(|most| symbols.len() <= *most);
        let (sessions, buying) = &mut self.lengths[at.unwrap_or(4)];
        *sessions += 1;
        *buying += u64::from(buys);
    }
}

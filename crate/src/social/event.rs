//! One thing that somebody did, and how a record says it.

use crate::rng::Rng;
use crate::time::Time;

/// Hashtags.
pub const TAGS: [&str; 48] = [
    "rain", "chess", "coffee", "kafka", "garden", "trains", "football", "books", "storm", "cats",
    "bread", "music", "spark", "films", "weather", "dogs", "maths", "travel", "flink", "monday",
    "tea", "cycling", "poems", "jazz", "snow", "maps", "robots", "stars", "tennis", "history",
    "pasta", "hiking", "theatre", "bees", "rivers", "clocks", "opera", "lego", "birds", "ships",
    "soup", "wine", "yoga", "roses", "comics", "surf", "news", "love",
];

/// How many people there are.
pub const USERS: usize = 300;

/// What people do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    /// Writes something under a hashtag.
    Post,
    /// Likes what somebody wrote.
    Like,
    /// Answers it.
    Reply,
    /// Shows it to others.
    Share,
}

impl Act {
    const ALL: [Self; 4] = [Self::Post, Self::Like, Self::Reply, Self::Share];

    /// As records name it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::Like => "like",
            Self::Reply => "reply",
            Self::Share => "share",
        }
    }

    /// What it adds to the influence of whose post it is.
    #[must_use]
    pub fn points(self) -> u32 {
        match self {
            Self::Post => 0,
            Self::Like => 1,
            Self::Reply => 2,
            Self::Share => 3,
        }
    }
}

/// One thing that somebody did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Event {
    /// What.
    pub act: Act,
    /// Who.
    pub by: u16,
    /// Whose post it is about.
    pub of: u16,
    /// The post's hashtag, by its place in [`TAGS`].
    pub tag: u8,
    /// Whether it is written with a capital, as by people who write on a phone.
    pub capital: bool,
}

/// The share of hashtags that are written with a capital.
const CAPITALS: f64 = 0.4;

/// Every so often, in minutes, another hashtag comes up and the rest go down by one place.
const NEW_EVERY: u64 = 15;

impl Event {
    /// What somebody does at `at`: a few hashtags far more often than the rest, about the posts of a
    /// few people. Takes the same number of random bits whatever comes out.
    pub fn draw(rng: &mut Rng, at: Time) -> Self {
        let squared = |rng: &mut Rng, n: usize| (rng.unit() * rng.unit() * n as f64) as usize;
        let act = match rng.below(10) {
            0..=2 => Act::Post,
            3..=6 => Act::Like,
            7 => Act::Reply,
            _ => Act::Share,
        };
        let by = squared(rng, USERS) as u16;
        let of = squared(rng, USERS) as u16;
        let up = (at.0 / 60_000_000 / NEW_EVERY) as usize % TAGS.len();
        let tag = (squared(rng, TAGS.len()) + TAGS.len() - up) % TAGS.len();
        Self {
            act,
            by,
            of: if act == Act::Post { by } else { of },
            tag: tag as u8,
            capital: rng.chance(CAPITALS),
        }
    }

    /// Writes it as a record's value: `{"act":"like","by":17,"of":3,"tag":"Rain"}`.
    pub fn write(&self, into: &mut Vec<u8>) {
        let name = TAGS[usize::from(self.tag) % TAGS.len()];
        let (first, rest) = name.split_at(1);
        let first = if self.capital {
            first.to_ascii_uppercase()
        } else {
            first.to_owned()
        };
        let (act, by, of) = (self.act.name(), self.by, self.of);
        let text = format!(r#"{{"act":"{act}","by":{by},"of":{of},"tag":"{first}{rest}"}}"#);
        into.clear();
        into.extend_from_slice(text.as_bytes());
    }

    /// What a value says, if it is one of these.
    #[must_use]
    pub fn read(value: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(value).ok()?;
        let (act, rest) = text.strip_prefix(r#"{"act":""#)?.split_once('"')?;
        let (by, rest) = rest.strip_prefix(r#","by":"#)?.split_once(',')?;
        let (of, rest) = rest.strip_prefix(r#""of":"#)?.split_once(',')?;
        let tag = rest.strip_prefix(r#""tag":""#)?.strip_suffix(r#""}"#)?;
        let person = |text: &str| text.parse().ok().filter(|&n: &u16| usize::from(n) < USERS);
        let place = TAGS
            .iter()
            .position(|name| name.eq_ignore_ascii_case(tag))?;
        Some(Self {
            act: Act::ALL.into_iter().find(|known| known.name() == act)?,
            by: person(by)?,
            of: person(of)?,
            tag: place as u8,
            capital: tag.starts_with(|c: char| c.is_ascii_uppercase()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Salt;

    #[test]
    fn what_is_written_is_read() {
        let mut rng = Rng::new(1, Salt::Workload, 0);
        let mut value = Vec::new();
        for minute in 0..2_000 {
            let event = Event::draw(&mut rng, Time(minute * 60_000_000));
            event.write(&mut value);
            assert_eq!(Event::read(&value), Some(event));
        }
        for bad in [
            "",
            "{}",
            r#"{"act":"like","by":17,"of":3,"tag":"nonsense"}"#,
        ] {
            assert_eq!(Event::read(bad.as_bytes()), None, "{bad}");
        }
        let bad = r#"{"act":"like","by":17,"of":300,"tag":"rain"}"#;
        assert_eq!(Event::read(bad.as_bytes()), None, "nobody has this number");
    }

    #[test]
    fn another_hashtag_comes_up_as_time_goes_by() {
        let mut rng = Rng::new(1, Salt::Workload, 0);
        let mut most = |minute: u64| {
            let mut counts = [0; TAGS.len()];
            for _ in 0..20_000 {
                counts[usize::from(Event::draw(&mut rng, Time(minute * 60_000_000)).tag)] += 1;
            }
            (0..TAGS.len()).max_by_key(|&tag| counts[tag])
        };
        assert_eq!((most(0), most(14)), (Some(0), Some(0)));
        assert_eq!((most(15), most(31)), (Some(47), Some(46)));
    }
}

//! What a window makes of its records' values. All of it is integers, so that order cannot matter
//! where the aggregate does not care.

use std::fmt;
use std::str::FromStr;

/// What is made of the values in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregate {
    /// How many records.
    Count,
    /// Their sum; it stays at the ends of an `i64` rather than going round.
    Sum,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// The mean, as sum and count.
    Average,
    /// All of them, in the order they came.
    Collect,
}

/// What a window holds: a few numbers for each aggregate but [`Aggregate::Collect`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acc {
    /// Of so many records.
    Number {
        /// How many.
        n: u64,
        /// Their sum, least or greatest; 0 for none.
        total: i64,
    },
    /// The records' values.
    List(Vec<i64>),
}

/// A result.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// A number.
    Number(i64),
    /// A mean: the sum, and of how many.
    Mean(i64, u64),
    /// All values.
    List(Vec<i64>),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(n) => n.fmt(f),
            Self::Mean(sum, n) => (*sum as f64 / (*n).max(1) as f64).fmt(f),
            Self::List(values) => {
                let mut between = "";
                for value in values {
                    write!(f, "{between}{value}")?;
                    between = " ";
                }
                Ok(())
            }
        }
    }
}

impl Acc {
    /// Of how many records.
    #[must_use]
    pub fn len(&self) -> u64 {
        match self {
            Self::Number { n, .. } => *n,
            Self::List(values) => values.len() as u64,
        }
    }

    /// Whether it is of none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Aggregate {
    /// Of no record.
    #[must_use]
    pub fn empty(self) -> Acc {
        match self {
            Self::Collect => Acc::List(Vec::new()),
            _ => Acc::Number { n: 0, total: 0 },
        }
    }

    /// Whether [`Aggregate::subtract`] undoes [`Aggregate::merge`].
    #[must_use]
    pub const fn has_inverse(self) -> bool {
        matches!(self, Self::Count | Self::Sum | Self::Average)
    }

    /// Takes in one record.
    #[inline]
    pub fn add(self, acc: &mut Acc, value: i64) {
        match acc {
            Acc::Number { n, total } => {
                *total = self.both(*n, *total, 1, value);
                *n += 1;
            }
            Acc::List(values) => values.push(value),
        }
    }

    /// Takes in what another holds.
    #[inline]
    pub fn merge(self, acc: &mut Acc, other: &Acc) {
        match (acc, other) {
            (Acc::Number { n, total }, Acc::Number { n: m, total: more }) => {
                if *m > 0 {
                    *total = self.both(*n, *total, *m, *more);
                    *n += m;
                }
            }
            (Acc::List(values), Acc::List(more)) => values.extend_from_slice(more),
            _ => unreachable!("an aggregate has one kind of accumulator"),
        }
    }

    /// The totals of `n` and of `m > 0` records in one.
    #[inline]
    fn both(self, n: u64, total: i64, m: u64, more: i64) -> i64 {
        match self {
            Self::Count => total + m as i64,
            Self::Sum | Self::Average => total.saturating_add(more),
            _ if n == 0 => more,
            Self::Min => total.min(more),
            Self::Max => total.max(more),
            Self::Collect => total,
        }
    }

    /// Takes out what was merged in before. Only where there is an inverse.
    #[inline]
    pub fn subtract(self, acc: &mut Acc, other: &Acc) {
        if let (Acc::Number { n, total }, Acc::Number { n: m, total: less }) = (acc, other) {
            *total = match self {
                Self::Count => *total - *m as i64,
                _ => total.saturating_sub(*less),
            };
            *n -= m;
        }
    }

    /// What comes of it.
    #[must_use]
    pub fn result(self, acc: &Acc) -> Value {
        match acc {
            Acc::Number { n, total } if self == Self::Average => Value::Mean(*total, *n),
            Acc::Number { total, .. } => Value::Number(*total),
            Acc::List(values) => Value::List(values.clone()),
        }
    }

    const NAMES: [(&'static str, Self); 6] = [
        ("count", Self::Count),
        ("sum", Self::Sum),
        ("min", Self::Min),
        ("max", Self::Max),
        ("avg", Self::Average),
        ("collect", Self::Collect),
    ];
}

impl FromStr for Aggregate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::NAMES.iter().find(|(name, _)| *name == text);
        known.map(|(_, aggregate)| *aggregate).ok_or_else(|| {
            format!("“{text}” is no aggregate: count, sum, min, max, avg or collect")
        })
    }
}

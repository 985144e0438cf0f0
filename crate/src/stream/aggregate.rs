//! What a window makes of its records' values. All of it is integers, so that order cannot matter
//! where the aggregate does not care.

use super::sketched::Sketched;
use serde::{Deserialize, Serialize};
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
    /// About how many different ones (HyperLogLog).
    Distinct {
        /// 2 to this power registers, 4 to 18.
        precision: u8,
    },
    /// Those that make up a share of all or more (Count-Min and heavy hitters).
    Frequent {
        /// The share, in percent, 1 to 100.
        percent: u8,
    },
    /// A fair sample of them (a reservoir).
    Sample {
        /// How many, 1 or more.
        size: u32,
    },
    /// Which there were, so that one can ask (a Bloom filter): about how many different ones.
    Members {
        /// For so many different ones, 1 or more, of which none that was not there is found in more
        /// than 1 % of questions.
        items: u32,
    },
}

/// What a window holds: a few numbers for each aggregate but [`Aggregate::Collect`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// A sketch of so many records.
    Sketch(u64, Box<Sketched>),
}

/// A result.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// A number.
    Number(i64),
    /// A mean: the sum, and of how many.
    Mean(i64, u64),
    /// All values, or a sample of them.
    List(Vec<i64>),
    /// Frequent values and about how often each came, the most frequent first.
    Counts(Vec<(i64, u64)>),
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
            Self::Counts(counts) => {
                let mut between = "";
                for (value, n) in counts {
                    write!(f, "{between}{value}:{n}")?;
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
            Self::Number { n, .. } | Self::Sketch(n, _) => *n,
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
    ///
    /// # Panics
    /// Where [`Aggregate::check`] refuses the size of a sketch.
    #[must_use]
    pub fn empty(self) -> Acc {
        match Sketched::new(self) {
            Some(sketch) => Acc::Sketch(0, Box::new(sketch.expect("the size was checked"))),
            None if self == Self::Collect => Acc::List(Vec::new()),
            None => Acc::Number { n: 0, total: 0 },
        }
    }

    /// Whether there can be such a one.
    ///
    /// # Errors
    /// In words, where a sketch has no such size.
    pub fn check(self) -> Result<(), String> {
        match Sketched::new(self) {
            Some(Err(error)) => Err(error.to_string()),
            _ => Ok(()),
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
            Acc::Sketch(n, sketch) => {
                sketch.add(value);
                *n += 1;
            }
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
            (Acc::Sketch(n, sketch), Acc::Sketch(m, other)) => {
                sketch.merge(other);
                *n += m;
            }
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
            _ => total,
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
            Acc::Sketch(_, sketch) => sketch.result(),
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
        if let Some((_, aggregate)) = known {
            return Ok(*aggregate);
        }
        let refused = || {
            format!(
                "“{text}” is no aggregate: count, sum, min, max, avg or collect, or a sketch: \
                 distinct[:PRECISION], frequent[:PERCENT], sample[:SIZE] or members[:ITEMS]"
            )
        };
        let (kind, size) = text.split_once(':').unwrap_or((text, ""));
        let number = |usual: u32| match size {
            "" => Ok(usual),
            _ => size.parse::<u32>().map_err(|_| refused()),
        };
        let small = |usual: u32| number(usual).map(|n| n.min(255) as u8);
        let sketch = match kind {
            "distinct" => Self::Distinct {
                precision: small(10)?,
            },
            "frequent" => Self::Frequent {
                percent: small(10)?,
            },
            "sample" => Self::Sample { size: number(10)? },
            "members" => Self::Members {
                items: number(1_000)?,
            },
            _ => return Err(refused()),
        };
        sketch.check()?;
        Ok(sketch)
    }
}

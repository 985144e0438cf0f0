//! Functions of a topology as data: a small closed vocabulary, and no language of its own.

use super::Event;
use crate::clickstream::Symbol;
use crate::clickstream::features::Features;
use crate::clickstream::intent::{BALANCED, Kind, Model};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use std::cmp::Ordering;

/// The deepest that expressions may lie in one another.
const DEEPEST: usize = 32;

/// What is made of a record. What cannot be made (a field that is not there, a sum of texts) is null,
/// as SQL has it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expr {
    /// The record's key, a text.
    Key,
    /// Its value.
    Value,
    /// Its time, in ms since the Unix epoch.
    Timestamp,
    /// The start of the window that it is the result of, in ms; null for others.
    WindowStart,
    /// The end of that window.
    WindowEnd,
    /// Only in `reduce` and `aggregate`: what was made of the records before.
    SoFar,
    /// Always this.
    Constant(Json),
    /// A member of the value, `user`, or one further in, `user.name`.
    Field(String),
    /// An object of these members.
    Object(Vec<(String, Self)>),
    /// A list of these.
    List(Vec<Self>),
    /// The words of a text: a list.
    Words(Box<Self>),
    /// Its words that begin with `#`, without it: a list.
    Hashtags(Box<Self>),
    /// A text in lower case.
    Lowercase(Box<Self>),
    /// How many characters a text has, elements a list, members an object.
    Length(Box<Self>),
    /// Texts one after the other; numbers as they are written.
    Concat(Vec<Self>),
    /// The sum of whole numbers; it stays at the ends of 64 bits, as all sums here do.
    Add(Vec<Self>),
    /// The first less the second.
    Subtract(Box<[Self; 2]>),
    /// Their product.
    Multiply(Vec<Self>),
    /// The first by the second, rounded down; null by 0.
    Divide(Box<[Self; 2]>),
    /// The least of whole numbers.
    Least(Vec<Self>),
    /// The greatest.
    Greatest(Vec<Self>),
    /// Whether the first compares so with the second: numbers with numbers, texts with texts.
    Is(Comparison, Box<[Self; 2]>),
    /// Whether it is null.
    IsNull(Box<Self>),
    /// Whether all are true.
    And(Vec<Self>),
    /// Whether one is true.
    Or(Vec<Self>),
    /// Whether it is not true.
    Not(Box<Self>),
    /// How likely a session with these symbols, a text of digits, is to end in a purchase, as a logistic
    /// regression on k-grams and motifs sees it where half of all sessions do, to three digits.
    WillBuy(Box<Self>),
    /// If the first is true the second, else the third.
    If(Box<[Self; 3]>),
}

/// How two values compare.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Comparison {
    /// Less.
    #[serde(rename = "<")]
    Less,
    /// Less or equal.
    #[serde(rename = "<=")]
    AtMost,
    /// Equal; also of truths, lists and objects, and of null with null.
    #[serde(rename = "==")]
    Equal,
    /// Not equal.
    #[serde(rename = "!=")]
    Unequal,
    /// Greater or equal.
    #[serde(rename = ">=")]
    AtLeast,
    /// Greater.
    #[serde(rename = ">")]
    Greater,
}

/// The tags of a text: its words that begin with `#`, without it.
pub fn hashtags(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split_whitespace();
    words.filter_map(|word| word.strip_prefix('#').filter(|tag| !tag.is_empty()))
}

/// A value as a text, where a key is made of it: a text as it is, anything else as JSON.
#[must_use]
pub fn text(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

impl Expr {
    /// A member of the value.
    #[must_use]
    pub fn field(path: &str) -> Self {
        Self::Field(path.to_owned())
    }

    /// Whether the vocabulary is used as it can be.
    ///
    /// # Errors
    /// In words: too deep, or `so_far` where nothing was before.
    pub(super) fn check(&self, may_look_back: bool) -> Result<(), String> {
        self.check_below(may_look_back, DEEPEST)
    }

    fn check_below(&self, may_look_back: bool, left: usize) -> Result<(), String> {
        if left == 0 {
            return Err(format!(
                "its expression is more than {DEEPEST} deep: make it of several steps"
            ));
        }
        let all = |parts: &[Self]| {
            let mut parts = parts.iter();
            parts.try_for_each(|part| part.check_below(may_look_back, left - 1))
        };
        match self {
            Self::SoFar if !may_look_back => Err(
                "so_far is what reduce and aggregate made of the records before; nothing else has it"
                    .to_owned(),
            ),
            Self::Object(members) => {
                let mut members = members.iter();
                members.try_for_each(|(_, part)| part.check_below(may_look_back, left - 1))
            }
            Self::List(parts)
            | Self::Concat(parts)
            | Self::Add(parts)
            | Self::Multiply(parts)
            | Self::Least(parts)
            | Self::Greatest(parts)
            | Self::And(parts)
            | Self::Or(parts) => all(parts),
            Self::Words(part)
            | Self::Hashtags(part)
            | Self::Lowercase(part)
            | Self::Length(part)
            | Self::WillBuy(part)
            | Self::IsNull(part)
            | Self::Not(part) => all(std::slice::from_ref(part)),
            Self::Subtract(two) | Self::Divide(two) | Self::Is(_, two) => all(&two[..]),
            Self::If(three) => all(&three[..]),
            _ => Ok(()),
        }
    }

    /// What it makes of a record.
    #[must_use]
    pub fn of(&self, event: &Event) -> Json {
        self.with(event, &Json::Null)
    }

    /// Whether it is true of a record.
    #[must_use]
    pub fn is_true_of(&self, event: &Event) -> bool {
        self.of(event) == Json::Bool(true)
    }

    /// What it makes of a record and of what was made before.
    #[must_use]
    pub fn with(&self, event: &Event, so_far: &Json) -> Json {
        let part = |part: &Self| part.with(event, so_far);
        let numbers = |parts: &[Self], both: fn(i64, i64) -> i64| -> Json {
            let mut numbers = parts.iter().map(|p| part(p).as_i64());
            let first = numbers.next().flatten();
            let folded = first.and_then(|first| {
                numbers.try_fold(first, |all, next| next.map(|next| both(all, next)))
            });
            folded.map_or(Json::Null, Json::from)
        };
        let window =
            |of: fn(super::Window) -> i64| event.window.map_or(Json::Null, |w| of(w).into());
        match self {
            Self::Key => event.key.as_ref().map_or(Json::Null, |key| (**key).into()),
            Self::Value => event.value.clone(),
            Self::Timestamp => event.ts.into(),
            Self::WindowStart => window(|w| w.start),
            Self::WindowEnd => window(|w| w.end),
            Self::SoFar => so_far.clone(),
            Self::Constant(value) => value.clone(),
            Self::Field(path) => {
                let mut parts = path.split('.');
                let found = parts.try_fold(&event.value, |value, name| value.get(name));
                found.cloned().unwrap_or_default()
            }
            Self::Object(members) => {
                let mut object = Map::new();
                for (name, member) in members {
                    object.insert(name.clone(), part(member));
                }
                object.into()
            }
            Self::List(parts) => Json::Array(parts.iter().map(part).collect()),
            Self::Words(of) => words(&part(of), |text| {
                text.split_whitespace().map(Json::from).collect()
            }),
            Self::Hashtags(of) => words(&part(of), |text| hashtags(text).map(Json::from).collect()),
            Self::Lowercase(of) => match part(of) {
                Json::String(text) => text.to_lowercase().into(),
                _ => Json::Null,
            },
            Self::Length(of) => match part(of) {
                Json::String(text) => text.chars().count().into(),
                Json::Array(list) => list.len().into(),
                Json::Object(members) => members.len().into(),
                _ => Json::Null,
            },
            Self::WillBuy(of) => match part(of) {
                Json::String(symbols) => will_buy(&symbols).into(),
                _ => Json::Null,
            },
            Self::Concat(parts) => {
                let texts = parts.iter().map(|p| text(&part(p)));
                texts.collect::<String>().into()
            }
            Self::Add(parts) => numbers(parts, i64::saturating_add),
            Self::Multiply(parts) => numbers(parts, i64::saturating_mul),
            Self::Least(parts) => numbers(parts, i64::min),
            Self::Greatest(parts) => numbers(parts, i64::max),
            Self::Subtract(two) => numbers(&two[..], i64::saturating_sub),
            Self::Divide(two) => match (part(&two[0]).as_i64(), part(&two[1]).as_i64()) {
                (Some(n), Some(by)) if by != 0 => {
                    let towards_zero = n.saturating_div(by);
                    let below = n.wrapping_rem(by) != 0 && (n < 0) != (by < 0);
                    (towards_zero - i64::from(below)).into()
                }
                _ => Json::Null,
            },
            Self::Is(how, two) => compare(*how, &part(&two[0]), &part(&two[1])),
            Self::IsNull(of) => part(of).is_null().into(),
            Self::And(parts) => parts.iter().all(|p| part(p) == Json::Bool(true)).into(),
            Self::Or(parts) => parts.iter().any(|p| part(p) == Json::Bool(true)).into(),
            Self::Not(of) => (part(of) != Json::Bool(true)).into(),
            Self::If(three) => {
                let holds = part(&three[0]) == Json::Bool(true);
                part(&three[if holds { 1 } else { 2 }])
            }
        }
    }
}

fn will_buy(symbols: &str) -> f64 {
    let model = Model::small(Kind::Logistic, Features::Both);
    let model = model.expect("we carry the weights of a regression");
    let symbols = symbols.bytes().filter_map(Symbol::from_digit);
    let symbols: Vec<u8> = symbols.map(Symbol::number).collect();
    libm::round(model.probability_for(&symbols, BALANCED) * 1_000.0) / 1_000.0
}

fn words(of: &Json, split: impl Fn(&str) -> Vec<Json>) -> Json {
    of.as_str()
        .map_or(Json::Null, |text| Json::Array(split(text)))
}

fn compare(how: Comparison, a: &Json, b: &Json) -> Json {
    let order = match (a, b) {
        (Json::String(a), Json::String(b)) => Some(a.cmp(b)),
        (Json::Number(x), Json::Number(y)) => match (x.as_i64(), y.as_i64()) {
            (Some(x), Some(y)) => Some(x.cmp(&y)),
            _ => a
                .as_f64()
                .zip(b.as_f64())
                .and_then(|(x, y)| x.partial_cmp(&y)),
        },
        _ => (a == b).then_some(Ordering::Equal),
    };
    match how {
        Comparison::Equal => (order == Some(Ordering::Equal)).into(),
        Comparison::Unequal => (order != Some(Ordering::Equal)).into(),
        Comparison::Less => order.map_or(Json::Null, |o| o.is_lt().into()),
        Comparison::AtMost => order.map_or(Json::Null, |o| o.is_le().into()),
        Comparison::AtLeast => order.map_or(Json::Null, |o| o.is_ge().into()),
        Comparison::Greater => order.map_or(Json::Null, |o| o.is_gt().into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(value: Json) -> Event {
        Event {
            key: Some("k".into()),
            window: None,
            value,
            ts: 1_000,
        }
    }

    fn of(expr: Json, value: Json) -> Json {
        let expr: Expr = serde_json::from_value(expr).expect("an expression");
        expr.check(false).expect("a good one");
        expr.of(&event(value))
    }

    #[test]
    fn each_word_of_the_vocabulary() {
        let tweet = json!("Rain #Again in #Prag");
        assert_eq!(
            of(json!({"hashtags": "value"}), tweet.clone()),
            json!(["Again", "Prag"])
        );
        assert_eq!(
            of(json!({"words": {"lowercase": "value"}}), json!("A b")),
            json!(["a", "b"])
        );
        assert_eq!(of(json!({"length": "value"}), tweet), json!(20));
        let user = json!({"user": {"name": "ann", "age": 7}, "n": 2});
        assert_eq!(
            of(json!({"field": "user.name"}), user.clone()),
            json!("ann")
        );
        assert_eq!(of(json!({"field": "user.no"}), user.clone()), Json::Null);
        assert_eq!(of(json!({"field": "n.no"}), user.clone()), Json::Null);
        let (age, n) = (json!({"field": "user.age"}), json!({"field": "n"}));
        for (expr, result) in [
            (json!({"add": [age, n, {"constant": 1}]}), json!(10)),
            (json!({"add": [age, {"field": "user"}]}), Json::Null),
            (json!({"add": []}), Json::Null),
            (json!({"subtract": [n, age]}), json!(-5)),
            (json!({"multiply": [n, age]}), json!(14)),
            (json!({"divide": [age, n]}), json!(3)),
            (json!({"divide": [{"constant": -7}, n]}), json!(-4)),
            (json!({"divide": [age, {"constant": 0}]}), Json::Null),
            (json!({"least": [age, n]}), json!(2)),
            (json!({"greatest": [age, n]}), json!(7)),
            (json!({"is": ["<", [n, age]]}), json!(true)),
            (json!({"is": ["<=", [age, n]]}), json!(false)),
            (
                json!({"is": ["==", [{"field": "user"}, {"field": "user"}]]}),
                json!(true),
            ),
            (
                json!({"is": ["!=", ["key", {"constant": "k"}]]}),
                json!(false),
            ),
            (
                json!({"is": [">", [{"constant": 1.5}, {"constant": 1}]]}),
                json!(true),
            ),
            (json!({"is": [">=", [n, "key"]]}), Json::Null),
            (json!({"is_null": {"field": "no"}}), json!(true)),
            (
                json!({"and": [{"is_null": {"field": "no"}}, {"is": ["<", [n, age]]}]}),
                json!(true),
            ),
            (json!({"or": [{"is": [">", [n, age]]}]}), json!(false)),
            (json!({"not": {"constant": true}}), json!(false)),
            (json!({"if": [{"constant": true}, n, age]}), json!(2)),
            (
                json!({"concat": ["key", {"constant": "-"}, n]}),
                json!("k-2"),
            ),
            (
                json!({"list": ["timestamp", "window_start", "window_end"]}),
                json!([1000, null, null]),
            ),
            (
                json!({"object": [["a", "key"], ["b", n]]}),
                json!({"a": "k", "b": 2}),
            ),
        ] {
            assert_eq!(of(expr.clone(), user.clone()), result, "{expr}");
        }
        let most = json!({"add": [{"constant": i64::MAX}, {"constant": 1}]});
        assert_eq!(of(most, Json::Null), json!(i64::MAX));
        let odd = json!({"divide": [{"constant": i64::MIN}, {"constant": -1}]});
        assert_eq!(of(odd, Json::Null), json!(i64::MAX));
    }

    #[test]
    fn words_with_a_hash_are_tags() {
        let tags: Vec<&str> = hashtags("rain #again in #Prag # ##x a#b").collect();
        assert_eq!(tags, ["again", "Prag", "#x"]);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        assert!(Expr::SoFar.check(false).is_err());
        assert!(Expr::SoFar.check(true).is_ok());
        let mut deep = Expr::Value;
        for _ in 0..40 {
            deep = Expr::Not(Box::new(deep));
        }
        assert!(deep.check(true).unwrap_err().contains("32 deep"));
        let unknown = serde_json::from_value::<Expr>(json!({"eval": "1 + 1"}));
        assert!(
            unknown.unwrap_err().to_string().contains("hashtags"),
            "it says what there is"
        );
    }
}

//! Which names a topic may have, in the words of the real tools (`Topic.java`, `kafka-topics`).

use std::fmt;

/// The longest name, in UTF-16 units: a directory is called `<topic>-<partition>`, and a file
/// system allows 255 (KAFKA-3219). It was 255 from 0.8.1 to 0.9, whence "fewer than 256" in older
/// texts.
pub const MAX_LENGTH: usize = 249;

/// Printed by `kafka-topics` when it creates a topic whose name [`can_collide`].
pub const COLLISION_WARNING: &str = "WARNING: Due to limitations in metric names, topics with a \
    period ('.') or underscore ('_') could collide. To avoid issues it is best to use either, but \
    not both.";

/// Why a name is refused (`InvalidTopicException`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TopicNameError {
    /// It is empty. A request cannot even say so: see [`TopicNameError::in_request`].
    Empty,
    /// It is `.` or `..`, which directories are.
    Dots(String),
    /// It is longer than [`MAX_LENGTH`].
    TooLong(String),
    /// It has other characters than `[a-zA-Z0-9._-]`.
    Characters(String),
}

impl fmt::Display for TopicNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Topic name is invalid: ")?;
        match self {
            Self::Empty => f.write_str("the empty string is not allowed"),
            Self::Dots(name) => write!(f, "'{name}' is not allowed"),
            Self::TooLong(name) => write!(
                f,
                "the length of '{name}' is longer than the max allowed length {MAX_LENGTH}"
            ),
            Self::Characters(name) => write!(
                f,
                "'{name}' contains one or more characters other than ASCII alphanumerics, \
                 '.', '_' and '-'"
            ),
        }
    }
}

impl std::error::Error for TopicNameError {}

impl TopicNameError {
    /// The words of the admin client, which refuses an empty name before it asks a broker; any
    /// other error reads as it is.
    #[must_use]
    pub fn in_request(&self) -> String {
        match self {
            Self::Empty => "The given topic name '' cannot be represented in a request.".to_owned(),
            other => other.to_string(),
        }
    }
}

/// Whether a topic may be called `name`.
///
/// # Errors
/// Why not.
pub fn validate(name: &str) -> Result<(), TopicNameError> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.is_empty() {
        Err(TopicNameError::Empty)
    } else if name == "." || name == ".." {
        Err(TopicNameError::Dots(name.to_owned()))
    } else if name.encode_utf16().count() > MAX_LENGTH {
        Err(TopicNameError::TooLong(name.to_owned()))
    } else if !name.chars().all(legal) {
        Err(TopicNameError::Characters(name.to_owned()))
    } else {
        Ok(())
    }
}

/// Whether `name` could collide with another in metric names, which write `.` as `_`.
#[must_use]
pub fn can_collide(name: &str) -> bool {
    name.contains(['.', '_'])
}

/// Whether the two are one name once `.` is written as `_`. Every name collides with itself.
#[must_use]
pub fn collide(a: &str, b: &str) -> bool {
    let unified = |name: &str| name.replace('.', "_");
    unified(a) == unified(b)
}

/// The refusal of `name` because `existing`, another topic, collides with it
/// (`InvalidTopicException`).
#[must_use]
pub fn collision(name: &str, existing: &str) -> String {
    format!("Topic '{name}' collides with existing topic: {existing}")
}

/// The advice of the course notes, where a good name does not follow it yet: a domain, a model and
/// an event type at least, with dots between. Kafka's own topics (`__…`) need none.
#[must_use]
pub fn hint(name: &str) -> Option<&'static str> {
    let parts = name.split('.').filter(|part| !part.is_empty()).count();
    (parts < 3 && !name.starts_with("__")).then_some(
        "Hint: names of the form <domain>.<model>.<event_type>, such as shop.order.placed, tell \
         consumers what they will find. Whatever the form, keep to one across all topics.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_refused_in_kafkas_words() {
        let says = |name: &str| validate(name).map_err(|e| e.to_string());
        assert_eq!(says("A.b_c-1"), Ok(()));
        assert_eq!(
            says(".."),
            Err("Topic name is invalid: '..' is not allowed".to_owned())
        );
        assert!(says(&"a".repeat(249)).is_ok());
        let long = says(&"é".repeat(250)).expect_err("length is looked at before characters");
        assert!(long.ends_with("is longer than the max allowed length 249"));
        assert_eq!(
            TopicNameError::Empty.in_request(),
            "The given topic name '' cannot be represented in a request."
        );
    }

    #[test]
    fn a_period_and_an_underscore_are_one_to_metrics() {
        assert!(collide("my.topic_1", "my_topic_1"));
        assert!(!collide("my-topic", "my_topic"));
        assert!(can_collide("a.b") && can_collide("a_b") && !can_collide("a-b"));
    }

    #[test]
    fn the_hint_is_for_names_that_lack_a_part() {
        assert!(hint("orders").is_some());
        assert_eq!(hint("com.udacity.data_stream.lesson2.quiz.result"), None);
        assert_eq!(hint("__consumer_offsets"), None);
    }
}

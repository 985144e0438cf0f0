//! Names that are valid, `[name, words]` that are not, and the rule of collisions.

use super::{Case, Report, equal};
use crate::cluster::topic_name::{collide, collision, validate};
use std::io;

pub(super) fn judge(case: &Case<'_>, report: &mut Report<'_>) -> io::Result<bool> {
    if case.list.starts_with("valid")
        && let Some(name) = case.value.as_str()
    {
        let checked = validate(name).map_err(|error| format!("refused: {error}"));
        report.check(case.path, checked)?;
        return Ok(true);
    }
    if case.list.starts_with("invalid") {
        let (name, words) = match case.pair() {
            Some((name, words)) => (name.as_str(), words.as_str()),
            None => (case.value.as_str(), Some("")),
        };
        let (Some(name), Some(words)) = (name, words) else {
            return Ok(false);
        };
        report.check(case.path, check_refusal(name, words))?;
        return Ok(true);
    }
    if case.name.starts_with("collision")
        && let Some(rule) = case.value.as_str()
    {
        let Some((name, existing, words)) = read_collision(rule) else {
            report.skip(case.path, &format!("told in words: {rule}"))?;
            return Ok(true);
        };
        let checked = if collide(name, existing) {
            equal("refusal", collision(name, existing), words.to_owned())
        } else {
            Err(format!("'{name}' and '{existing}' do not collide"))
        };
        report.check(case.path, checked)?;
        return Ok(true);
    }
    Ok(false)
}

/// `words` are all or the end of the refusal, `<name>` standing for the name; in brackets may follow
/// what the command line says instead.
fn check_refusal(name: &str, words: &str) -> Result<(), String> {
    let error = validate(name)
        .err()
        .ok_or_else(|| format!("'{name}' is accepted"))?;
    let (broker, client) = words
        .split_once(" (CLI: \"")
        .map_or((words, None), |(broker, rest)| {
            (broker, rest.strip_suffix("\")"))
        });
    let broker = broker.replace("<name>", name);
    let says = error.to_string();
    if !says.ends_with(&broker) {
        return Err(format!("{broker:?} expected, {says:?} found"));
    }
    client.map_or(Ok(()), |client| {
        equal("command line", error.in_request(), client.to_owned())
    })
}

/// `… creating NAME when EXISTING exists -> "WORDS" …`
fn read_collision(rule: &str) -> Option<(&str, &str, &str)> {
    let (_, rest) = rule.split_once("creating ")?;
    let (name, rest) = rest.split_once(" when ")?;
    let (existing, rest) = rest.split_once(" exists -> \"")?;
    let (words, _) = rest.split_once('"')?;
    Some((name, existing, words))
}

//! A script of commands on file: JSON lines, each one command and when it acts.

use crate::sim::{Acted, Command};
use serde_json::{Map, Value};

/// Reads a file; blank lines are let be.
///
/// # Errors
/// Every line that is no command: its number from 1, and what is wrong with it. A script acts as a
/// whole or not at all, since what follows a missing command would mean something else.
pub fn parse(text: &str) -> Result<Vec<Acted>, Vec<(usize, String)>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut commands = Vec::new();
    let mut bad = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        match read(line) {
            Ok(acted) => commands.push(acted),
            Err(why) => bad.push((index + 1, why)),
        }
    }
    if bad.is_empty() {
        Ok(commands)
    } else {
        Err(bad)
    }
}

fn read(line: &str) -> Result<Acted, String> {
    const SAMPLE: &str = r#"{"at_us":12000000,"set_work":{"service":"payment","mean_us":900000}}"#;
    let mut members: Map<String, Value> = match serde_json::from_slice(line.as_bytes()) {
        Ok(Value::Object(members)) => members,
        Ok(_) => return Err(format!("not a JSON object, such as {SAMPLE}")),
        Err(error) => return Err(format!("not JSON: {}", without_place(&error))),
    };
    let at_us = members.remove("at_us");
    let at_us = at_us.ok_or("at_us is missing: when does it act, in microseconds?")?;
    let at_us = serde_json::from_value(at_us)
        .map_err(|_| "at_us is not a whole number of microseconds, 0 or more")?;
    let instant = members.remove("instant").unwrap_or(Value::Null);
    let instant = serde_json::from_value(instant)
        .map_err(|_| "instant is not a count of events: a whole number, 0 or more")?;
    let mut names: Vec<&str> = members.keys().map(String::as_str).collect();
    names.sort_unstable();
    match names.as_slice() {
        [] => Err(format!("no command, only a time: write it as {SAMPLE}")),
        [name] => {
            let name = (*name).to_owned();
            match serde_json::from_value::<Command>(Value::Object(members)) {
                Ok(command) => Ok(Acted {
                    at_us,
                    instant,
                    command,
                }),
                Err(error) => Err(format!("{name}: {}", without_place(&error))),
            }
        }
        several => Err(format!(
            "one command a line, not {}: {}",
            several.len(),
            several.join(", ")
        )),
    }
}

/// The line number that serde adds is always 1 here.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line 1 column ") {
        Some(place) => format!("{} (column {})", &text[..place], error.column()),
        None => text,
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::protocol::{Service, Stop};
    use crate::time::Time;
    use proptest::prelude::*;

    #[test]
    fn each_line_is_a_command_and_when_it_acts() {
        let text = "\u{feff}{\"at_us\":5,\"heal\":null}\r\n\n\
                    {\"burst\":{},\"at_us\":7,\"instant\":90}\n\
                    {\"at_us\":9,\"stop\":{\"node\":\"payment\",\"how\":\"killed\"}}";
        let at = |at_us, instant, command| Acted {
            at_us: Time(at_us),
            instant,
            command,
        };
        let killed = Command::Stop {
            node: "payment".into(),
            how: Stop::Killed,
        };
        let burst = Command::Burst {
            factor: 10.0,
            for_us: 5_000_000,
        };
        let expected = vec![
            at(5, None, Command::Heal),
            at(7, Some(90), burst),
            at(9, None, killed),
        ];
        assert_eq!(parse(text), Ok(expected));
        assert_eq!(parse(""), Ok(Vec::new()));
    }

    #[test]
    fn every_bad_line_is_named_with_its_trouble() {
        let text = "{\"at_us\":1,\"heal\":null}\n\
                    slow payment\n\
                    {\"set_rate\":{\"per_s\":20}}\n\
                    {\"at_us\":-1,\"heal\":null}\n\
                    {\"at_us\":1}\n\
                    {\"at_us\":1,\"explode\":{}}\n\
                    {\"at_us\":1,\"set_work\":{\"service\":\"paiment\",\"mean_us\":1}}\n\
                    {\"at_us\":1,\"heal\":null,\"pause\":{\"service\":\"payment\"}}\n\
                    [1]\n\
                    {\"at_us\":1,\"set_rate\":{\"per_s\":1,\"per_min\":1}}\n\
                    {\"at_us\":1,\"heal\":null,\"instant\":\"soon\"}";
        let said = [
            "not JSON",
            "at_us is missing",
            "at_us is not",
            "no command",
            "unknown variant `explode`",
            "expected one of `payment`",
            "one command a line, not 2: heal, pause",
            "not a JSON object",
            "per_min",
            "instant is not",
        ];
        let bad = parse(text).unwrap_err();
        assert_eq!(bad.len(), said.len(), "{bad:#?}");
        for (place, ((line, why), said)) in bad.iter().zip(said).enumerate() {
            assert_eq!(*line, place + 2);
            assert!(why.contains(said), "line {line}: {why}");
            assert!(!why.contains("line 1"), "line {line}: {why}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(
            std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(5_000)
        ))]

        #[test]
        fn fuzz_commands_file_mutated(
            edits in prop::collection::vec((any::<prop::sample::Index>(), any::<char>()), 0..4),
        ) {
            let work = Command::SetWork { service: Service::Payment, mean_us: 900_000 };
            let acted = Acted { at_us: Time(12), instant: Some(4), command: work };
            let line = serde_json::to_string(&acted).unwrap();
            let mut text: Vec<char> = format!("{line}\n\n{line}\n{line}").chars().collect();
            for (place, with) in edits {
                let place = place.index(text.len());
                text[place] = with;
            }
            let text: String = text.into_iter().collect();
            match parse(&text) {
                // What was read is read again from what it is written as.
                Ok(commands) => for acted in commands {
                    let line = serde_json::to_string(&acted).unwrap();
                    prop_assert_eq!(parse(&line), Ok(vec![acted]));
                },
                Err(bad) => {
                    let lines = text.lines().count();
                    prop_assert!(bad.iter().all(|(line, _)| (1..=lines).contains(line)));
                }
            }
        }

        #[test]
        fn fuzz_commands_file_keeps_every_number(per_s in any::<f64>(), at in any::<u64>()) {
            prop_assume!(per_s.is_finite());
            let acted = Acted { at_us: Time(at), instant: Some(at), command: Command::SetRate { per_s } };
            let line = serde_json::to_string(&acted).unwrap();
            prop_assert_eq!(parse(&line), Ok(vec![acted]));
        }

        #[test]
        fn fuzz_commands_file_random(text in "(\\{\"at_us\":[0-9]{1,25},\"[a-z_]{1,9}\":[^\n]{0,20}\\}|\\PC{0,60})(\n\\PC{0,20}){0,2}") {
            let _ = parse(&text);
        }
    }
}

//! Child processes: what is said before them, while they run, and when they fail.

use crate::Result;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, IsTerminal, Read, Write, stderr};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// Says what comes next, what it is for and how long it usually takes.
pub fn announce(what: &str, why: &str, usual: &str) {
    eprintln!("==> {what}: {why} (usually {usual})");
}

/// Runs a command whose output only matters if it fails; meanwhile shows the elapsed time and
/// the last line.
pub fn quietly(command: &mut Command) -> Result {
    let name = describe(command);
    let (mut child, lines) = piped(command.stderr(Stdio::piped()))?;
    let mut progress = Progress::new();
    let mut tail = VecDeque::new();
    let status = follow(&mut child, &lines, |line| {
        if let Some(line) = line.filter(|line| !line.trim().is_empty()) {
            tail.push_back(line);
            if tail.len() > 60 {
                tail.pop_front();
            }
        }
        progress.show(tail.back().map_or("", |line| line.trim()));
    })?;
    progress.end();
    if status.success() {
        return Ok(());
    }
    for line in tail {
        eprintln!("{line}");
    }
    Err(format!(
        "`{name}` failed ({status}); its last lines are above"
    ))
}

/// Runs a command whose output a person wants to see, and returns what it wrote to standard
/// output. While nothing comes, says now and then that it still runs.
pub fn aloud(command: &mut Command) -> Result<(ExitStatus, String)> {
    let (mut child, lines) = piped(command)?;
    let started = Instant::now();
    let mut heard = Instant::now();
    let mut text = String::new();
    let status = follow(&mut child, &lines, |line| {
        if let Some(line) = line {
            println!("{line}");
            text.push_str(&line);
            text.push('\n');
        } else if heard.elapsed() < Duration::from_secs(60) {
            return;
        } else {
            eprintln!("    … {} s", started.elapsed().as_secs());
        }
        heard = Instant::now();
    })?;
    Ok((status, text))
}

/// Runs a command that speaks for itself.
pub fn plainly(command: &mut Command) -> Result {
    let name = describe(command);
    let status = command.status().map_err(|why| cannot_start(&name, &why))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`{name}` failed ({status})"))
    }
}

/// What a command prints, if it can be started and succeeds.
pub fn ask(command: &mut Command) -> Option<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_string())
}

fn describe(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program());
    let words = std::iter::once(name).chain(command.get_args());
    words
        .map(std::ffi::OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}

fn cannot_start(name: &str, why: &std::io::Error) -> String {
    format!("cannot start `{name}`: {why}")
}

/// Starts a command with its output going, line by line, into a channel.
fn piped(command: &mut Command) -> Result<(Child, Receiver<String>)> {
    let name = describe(command);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|why| cannot_start(&name, &why))?;
    let (sender, lines) = channel();
    if let Some(out) = child.stdout.take() {
        forward(out, sender.clone());
    }
    if let Some(err) = child.stderr.take() {
        forward(err, sender);
    }
    Ok((child, lines))
}

fn forward(from: impl Read + Send + 'static, to: Sender<String>) {
    std::thread::spawn(move || {
        let mut from = BufReader::new(from);
        let mut bytes = Vec::new();
        while from
            .read_until(b'\n', &mut bytes)
            .is_ok_and(|count| count > 0)
        {
            let line = String::from_utf8_lossy(&bytes).trim_end().to_string();
            bytes.clear();
            if to.send(line).is_err() {
                return;
            }
        }
    });
}

/// Calls `each` for every line, and about once a second with none, until the child has ended.
fn follow(
    child: &mut Child,
    lines: &Receiver<String>,
    mut each: impl FnMut(Option<String>),
) -> Result<ExitStatus> {
    loop {
        match lines.recv_timeout(Duration::from_secs(1)) {
            Ok(line) => each(Some(line)),
            Err(RecvTimeoutError::Disconnected) => {
                return child
                    .wait()
                    .map_err(|why| format!("lost a child process: {why}"));
            }
            // A grandchild may hold the pipe open after the child has gone: do not wait for it.
            Err(RecvTimeoutError::Timeout) => match child.try_wait() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) => each(None),
                Err(why) => return Err(format!("lost a child process: {why}")),
            },
        }
    }
}

/// One line that is rewritten on a terminal, or a line now and then in a log.
struct Progress {
    started: Instant,
    shown: Instant,
    terminal: bool,
}

impl Progress {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            started: now,
            shown: now,
            terminal: stderr().is_terminal(),
        }
    }

    fn show(&mut self, last: &str) {
        let pause = if self.terminal {
            Duration::from_millis(200)
        } else {
            Duration::from_secs(15)
        };
        if self.shown.elapsed() < pause {
            return;
        }
        self.shown = Instant::now();
        let seconds = self.started.elapsed().as_secs();
        let last: String = last.chars().take(70).collect();
        if self.terminal {
            eprint!("\r\x1b[2K    {seconds} s  {last}");
            let _ = stderr().flush();
        } else {
            eprintln!("    {seconds} s  {last}");
        }
    }

    fn end(&self) {
        if self.terminal {
            eprint!("\r\x1b[2K");
        }
        eprintln!("    done in {} s", self.started.elapsed().as_secs());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn output_is_kept_and_the_status_told() {
        let (status, text) = aloud(&mut shell("echo one; echo two; exit 3")).unwrap();
        assert_eq!((status.code(), text.as_str()), (Some(3), "one\ntwo\n"));
    }

    #[test]
    fn a_failure_names_the_command() {
        let why = quietly(&mut shell("exit 1")).unwrap_err();
        assert!(why.contains("sh -c exit 1"), "{why}");
        let why = quietly(&mut Command::new("no-such-program-here")).unwrap_err();
        assert!(why.contains("cannot start `no-such-program-here`"), "{why}");
    }

    #[test]
    fn a_grandchild_that_holds_the_pipe_does_not_hold_us() {
        let started = Instant::now();
        let (status, text) = aloud(&mut shell("sleep 20 & echo here")).unwrap();
        assert!(status.success() && text == "here\n");
        assert!(started.elapsed() < Duration::from_secs(15));
    }
}

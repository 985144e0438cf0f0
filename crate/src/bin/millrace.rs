//! The headless runner: hands the process's arguments and streams to [`millrace::cli::run`].

use std::io::{BufWriter, Write, stderr, stdin, stdout};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut out = BufWriter::new(stdout().lock());
    let code = millrace::cli::run(
        std::env::args_os(),
        &mut stdin().lock(),
        &mut out,
        &mut stderr().lock(),
    );
    // What is lost here was lost to a reader that has gone.
    let _ = out.flush();
    ExitCode::from(code)
}

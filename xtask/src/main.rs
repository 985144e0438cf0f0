//! Set-up, build, serve, test and bench.
fn main() {}

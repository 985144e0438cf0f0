//! Millrace in a browser tab.

// Until the shell embeds it.
#[allow(dead_code, unused_imports)]
mod stage;

fn main() {}

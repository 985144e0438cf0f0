//! Millrace in a browser tab.
fn main() {}

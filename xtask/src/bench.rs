//! `cargo xtask bench`.

use crate::Result;

pub fn bench() -> Result {
    Err("soon".into())
}

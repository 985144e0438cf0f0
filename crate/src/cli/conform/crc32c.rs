//! `[text or hex, checksum]`: hex in what Kafka's code computed, text elsewhere.

use super::{Case, Report, equal, unhex};
use std::io;

pub(super) fn judge(case: &Case<'_>, report: &mut Report<'_>) -> io::Result<bool> {
    let Some((data, crc)) = case.pair() else {
        return Ok(false);
    };
    let (Some(data), Some(crc)) = (data.as_str(), crc.as_u64()) else {
        return Ok(false);
    };
    let checked = if case.list.starts_with("computed") || case.list.contains("hex") {
        unhex(data).and_then(|bytes| check(&bytes, crc))
    } else {
        check(data.as_bytes(), crc)
    };
    report.check(case.path, checked)?;
    Ok(true)
}

/// Whether `crc` is the CRC-32C of `bytes`.
pub(super) fn check(bytes: &[u8], crc: u64) -> Result<(), String> {
    equal("CRC-32C", u64::from(crate::log::crc32c(bytes)), crc)
}

//! `[number, hex]` in a list named after the encoding; `{…_hex}` that must be refused.

use super::{Case, Report, equal, hex, unhex};
use crate::log::varint::{
    VarintError, put_unsigned_varint, put_varint, put_varlong, take_unsigned_varint, take_varint,
    take_varlong,
};
use serde_json::Value;
use std::io;

#[derive(Clone, Copy, Debug)]
enum Encoding {
    Unsigned,
    Varint,
    Varlong,
}

impl Encoding {
    fn named(name: &str) -> Option<Self> {
        if name.contains("unsigned_varint") {
            Some(Self::Unsigned)
        } else if name.contains("varlong") && !name.contains("unsigned") {
            Some(Self::Varlong)
        } else if name.contains("varint") {
            Some(Self::Varint)
        } else {
            None
        }
    }

    fn put(self, n: i64) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        match self {
            // Java has no unsigned type: -1 stands for the largest.
            Self::Unsigned => put_unsigned_varint(&mut out, unsigned(n)?),
            Self::Varint => put_varint(&mut out, i32::try_from(n).ok()?),
            Self::Varlong => put_varlong(&mut out, n),
        }
        Some(out)
    }

    fn take(self, bytes: &mut &[u8]) -> Result<i64, VarintError> {
        match self {
            Self::Unsigned => take_unsigned_varint(bytes).map(i64::from),
            Self::Varint => take_varint(bytes).map(i64::from),
            Self::Varlong => take_varlong(bytes),
        }
    }

    fn check(self, n: i64, spelt: &str) -> Result<(), String> {
        let bytes = unhex(spelt)?;
        let put = self
            .put(n)
            .ok_or_else(|| format!("{n} is not of the type of a {self:?}"))?;
        equal("encoded", hex(&put), spelt.to_lowercase())?;
        let mut rest = &bytes[..];
        let taken = self.take(&mut rest).map_err(|error| error.to_string())?;
        let expected = match self {
            Self::Unsigned => unsigned(n).map_or(n, i64::from),
            Self::Varint | Self::Varlong => n,
        };
        equal("decoded", taken, expected)?;
        equal("bytes left over", rest.len(), 0)
    }
}

fn unsigned(n: i64) -> Option<u32> {
    u32::try_from(n)
        .ok()
        .or_else(|| i32::try_from(n).ok().map(i32::cast_unsigned))
}

pub(super) fn judge(case: &Case<'_>, report: &mut Report<'_>) -> io::Result<bool> {
    if let Some((n, spelt)) = case.pair()
        && let Some(encoding) = Encoding::named(case.list)
        && let (Some(n), Some(spelt)) = (number(n), spelt.as_str())
    {
        report.check(case.path, encoding.check(n, spelt))?;
        return Ok(true);
    }
    let invalid: Vec<_> = case
        .value
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((Encoding::named(name)?, name, value.as_str()?)))
        .filter(|(_, name, _)| name.ends_with("_hex"))
        .collect();
    for (encoding, name, spelt) in &invalid {
        let refused = unhex(spelt).and_then(|bytes| match encoding.take(&mut &bytes[..]) {
            Err(_) => Ok(()),
            Ok(n) => Err(format!("{spelt} was read as {n}, not refused")),
        });
        report.check(&format!("{}.{name}", case.path), refused)?;
    }
    Ok(!invalid.is_empty())
}

fn number(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_i64(),
    }
}

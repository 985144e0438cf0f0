//! `millrace partition`: where the Java client's default partitioner puts keys.

use super::{OK, Streams};
use crate::client::partitioner::{murmur2, partition_for_key};
use std::io;

/// Print each key, its murmur2 hash (signed, 32 bits) and its partition, separated by tabs.
#[derive(clap::Args)]
pub(super) struct Args {
    /// How many partitions the topic has.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(i32::MAX)))]
    partitions: u32,
    /// The keys, hashed as UTF-8. Put `--` before one that begins with a dash.
    #[arg(required = true, value_name = "KEY")]
    keys: Vec<String>,
}

pub(super) fn run(args: &Args, streams: &mut Streams<'_>) -> io::Result<u8> {
    for key in &args.keys {
        let hash = murmur2(key.as_bytes());
        let partition = partition_for_key(key.as_bytes(), args.partitions);
        writeln!(streams.stdout, "{key}\t{hash}\t{partition}")?;
    }
    Ok(OK)
}

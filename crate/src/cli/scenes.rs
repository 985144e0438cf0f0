//! `millrace scenarios` and `millrace sample-orders`: what there is to play.

use super::{OK, Streams, report};
use crate::scenario::{self, orders_file};
use std::io;

pub(super) fn list(streams: &mut Streams<'_>) -> io::Result<u8> {
    let scenes = scenario::all().into_iter();
    let rows: Vec<Vec<String>> = scenes.map(|scene| vec![scene.name, scene.title]).collect();
    report::table(streams.stdout, &["name", "what it shows"], &rows)?;
    Ok(OK)
}

pub(super) fn sample_orders(streams: &mut Streams<'_>) -> io::Result<u8> {
    streams.stdout.write_all(orders_file::sample().as_bytes())?;
    Ok(OK)
}

//! A run's partitions as the files of a broker's log directory.

use crate::id::TopicPartition;
use crate::log::files::export;
use crate::sim::World;
use crate::view::scene::topic_order;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

/// Whether `dir` can take them: it is missing or empty.
pub(super) fn check(dir: &Path) -> Result<(), String> {
    let what = match fs::read_dir(dir).map(Iterator::count) {
        Ok(0) => return Ok(()),
        Ok(_) => "holds other things already; name a new folder or an empty one".to_owned(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => error.to_string(),
    };
    Err(format!("{}: {what}", dir.display()))
}

/// Writes `orders-0/00000000000000000000.log`, `.index`, `.timeindex` and so on into `dir`.
/// Returns how many partitions there are.
pub(super) fn write(world: &World, dir: &Path) -> io::Result<usize> {
    let mut written = 0;
    for id in topic_order(world) {
        for number in 0..world.partitions(id) {
            let Some(log) = world.log(TopicPartition::new(id, number)) else {
                continue;
            };
            let place = dir.join(format!("{}-{number}", world.topic_name(id)));
            fs::create_dir_all(&place)?;
            for segment in log.segments() {
                for file in export(&segment) {
                    fs::write(place.join(file.name), file.bytes)?;
                }
            }
            written += 1;
        }
    }
    Ok(written)
}

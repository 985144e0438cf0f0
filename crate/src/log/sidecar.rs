//! The other files beside a log: the index of aborted transactions and the leader epoch checkpoint.

use std::fmt;

/// An entry of a `.txnindex` file: a transaction that was aborted, whose records a consumer with
/// `read_committed` passes over (`AbortedTxn.java`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AbortedTxn {
    /// The producer.
    pub producer_id: i64,
    /// The transaction's first record in this partition.
    pub first_offset: i64,
    /// Its abort marker.
    pub last_offset: i64,
    /// The last stable offset once the marker was written.
    pub last_stable_offset: i64,
}

impl AbortedTxn {
    /// Bytes of an entry: a version, which is 0, and four numbers.
    pub const BYTES: usize = 34;

    /// The entry in its file form.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let fields = [
            self.producer_id,
            self.first_offset,
            self.last_offset,
            self.last_stable_offset,
        ];
        let (places, _) = bytes[2..].as_chunks_mut::<8>();
        for (place, field) in places.iter_mut().zip(fields) {
            *place = field.to_be_bytes();
        }
        bytes
    }

    /// The entry of that file form; `None` for a version other than 0.
    #[must_use]
    pub fn decode(bytes: &[u8; Self::BYTES]) -> Option<Self> {
        let (version, rest) = bytes.split_at(2);
        let (fields, _) = rest.as_chunks::<8>();
        let field = |i: usize| i64::from_be_bytes(fields[i]);
        (version == [0, 0]).then(|| Self {
            producer_id: field(0),
            first_offset: field(1),
            last_offset: field(2),
            last_stable_offset: field(3),
        })
    }
}

/// A `leader-epoch-checkpoint` file: which epoch began at which offset, ascending. As text: version
/// 0, how many, then a line each (`LeaderEpochCheckpointFile.java`).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LeaderEpochCheckpoint(
    /// Epoch and start offset.
    pub Vec<(i32, i64)>,
);

impl fmt::Display for LeaderEpochCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0\n{}\n", self.0.len())?;
        self.0
            .iter()
            .try_for_each(|(epoch, offset)| writeln!(f, "{epoch} {offset}"))
    }
}

impl LeaderEpochCheckpoint {
    /// Reads the text.
    ///
    /// # Errors
    /// The line that is not as it should be, or the count that is not that of the lines.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut lines = text.lines();
        let version = lines.next().unwrap_or_default();
        if version != "0" {
            return Err(format!("version '{version}' of a checkpoint is not known"));
        }
        let count = lines.next().unwrap_or_default();
        let entries: Vec<_> = lines
            .map(|line| {
                let (epoch, offset) = line.split_once(' ')?;
                Some((epoch.parse().ok()?, offset.parse().ok()?))
            })
            .collect::<Option<_>>()
            .ok_or("Malformed line in checkpoint file")?;
        if count.parse() != Ok(entries.len()) {
            return Err(format!(
                "Expected {count} entries in checkpoint file, but found only {}",
                entries.len()
            ));
        }
        Ok(Self(entries))
    }
}

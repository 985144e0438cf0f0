//! Keys as dense numbers, in the order they were first seen.

/// A table that gives each key a number. It is only looked up in, never walked, so that its order
/// cannot matter; the hash is fixed (FNV-1a's constants over words of 8 bytes).
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// The keys' bytes, one after the other, and where each ends.
    bytes: Vec<u8>,
    ends: Vec<u32>,
    /// Numbers + 1 by hash, 0 for an empty place; a power of two long, at most half full.
    table: Vec<u32>,
}

impl Keys {
    /// Without a key.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The bytes of the key with this number.
    ///
    /// # Panics
    /// If no key has it.
    #[must_use]
    #[inline]
    pub fn bytes(&self, id: u32) -> &[u8] {
        let id = id as usize;
        let start = if id == 0 { 0 } else { self.ends[id - 1] };
        &self.bytes[start as usize..self.ends[id] as usize]
    }

    /// The key with this number, as text.
    #[must_use]
    pub fn name(&self, id: u32) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(self.bytes(id))
    }

    fn hash(key: &[u8]) -> u64 {
        const PRIME: u64 = 0x0000_0100_0000_01b3;
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        let (words, rest) = key.as_chunks::<8>();
        for word in words {
            hash = (hash ^ u64::from_le_bytes(*word)).wrapping_mul(PRIME);
            hash ^= hash >> 32;
        }
        for &byte in rest {
            hash = (hash ^ u64::from(byte)).wrapping_mul(PRIME);
        }
        hash ^ (hash >> 29)
    }

    /// The number of `key`, a new one if it was never seen.
    ///
    /// # Panics
    /// Beyond 4 GiB of keys.
    #[inline]
    pub fn id(&mut self, key: &[u8]) -> u32 {
        if self.table.len() < 2 * (self.ends.len() + 1) {
            self.grow();
        }
        let mask = self.table.len() - 1;
        let mut place = Self::hash(key) as usize & mask;
        loop {
            match self.table[place] {
                0 => break,
                found if self.bytes(found - 1) == key => return found - 1,
                _ => place = (place + 1) & mask,
            }
        }
        let id = self.ends.len() as u32;
        self.bytes.extend_from_slice(key);
        let end = u32::try_from(self.bytes.len()).expect("less than 4 GiB of keys");
        self.ends.push(end);
        self.table[place] = id + 1;
        id
    }

    fn grow(&mut self) {
        let len = (2 * self.table.len()).max(16);
        let mut table = vec![0; len];
        for id in 0..self.ends.len() as u32 {
            let mut place = Self::hash(self.bytes(id)) as usize & (len - 1);
            while table[place] != 0 {
                place = (place + 1) & (len - 1);
            }
            table[place] = id + 1;
        }
        self.table = table;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_keeps_its_number() {
        let mut keys = Keys::new();
        let name = |n: u32| format!("user-{}", n.wrapping_mul(2_654_435_761) % 5_000);
        let first: Vec<u32> = (0..20_000).map(|n| keys.id(name(n).as_bytes())).collect();
        let again: Vec<u32> = (0..20_000).map(|n| keys.id(name(n).as_bytes())).collect();
        assert_eq!(first, again);
        for (n, &id) in (0..).zip(&first) {
            assert_eq!(keys.name(id), name(n));
        }
        let seen = first.iter().max().map_or(0, |&most| most as usize + 1);
        assert_eq!(keys.len(), seen);
        assert_eq!(Keys::new().id(b""), 0);
    }
}

//! Clicks in one word each, time and symbol: what is needed to bring a session's clicks into order of
//! event time, in whichever order they came.

/// The greatest number that fits beside a time.
pub const GREATEST: u8 = 7;
const BITS: u32 = 3;
/// The latest time, in ms either side of 1970: some 36 million years.
const FURTHEST: i64 = i64::MAX >> BITS;

/// A time in ms and a number of 0 to [`GREATEST`] in one word, which sorts by time and then by number.
/// `None` where one is out of range.
#[must_use]
#[inline]
pub const fn pack(ts: i64, number: u8) -> Option<i64> {
    if number > GREATEST || ts > FURTHEST || ts < -FURTHEST {
        return None;
    }
    Some((ts << BITS) | number as i64)
}

/// What [`pack`] packed.
#[must_use]
#[inline]
pub const fn unpack(word: i64) -> (i64, u8) {
    (word >> BITS, (word & GREATEST as i64) as u8)
}

/// The symbols of packed clicks as digits, by time and then by number. A click that is there twice, as
/// after a crash of what took it, counts once.
#[must_use]
pub fn digits(words: &[i64]) -> String {
    let mut words = words.to_vec();
    words.sort_unstable();
    words.dedup();
    let numbers: Vec<u8> = words.into_iter().map(|word| unpack(word).1).collect();
    super::symbol::digits(&numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_sort_by_time_and_then_by_number() {
        let pairs = [(-5, 7), (-1, 0), (-1, 3), (0, 0), (0, 7), (1, 1)];
        let words = pairs.map(|(ts, number)| pack(ts, number).expect("in range"));
        assert!(words.is_sorted());
        assert_eq!(words.map(unpack), pairs);
        let clicks = [(5, 2), (-1, 3), (5, 1), (5, 2)];
        let clicks = clicks.map(|(ts, number)| pack(ts, number).expect("in range"));
        assert_eq!(digits(&clicks), "312");
        assert_eq!(pack(0, 8), None);
        assert_eq!(pack(FURTHEST + 1, 1), None);
        assert_eq!(pack(FURTHEST, 7).map(unpack), Some((FURTHEST, 7)));
        assert_eq!(pack(-FURTHEST, 0).map(unpack), Some((-FURTHEST, 0)));
    }
}

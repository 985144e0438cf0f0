//! Remainders by one divisor, again and again, without dividing.

/// A divisor, and what takes the place of dividing by it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Modulus {
    divisor: u64,
    /// ⌊(2⁶⁴ − 1) / divisor⌋
    inverse: u64,
}

impl Modulus {
    /// `divisor` is at least 1.
    pub fn new(divisor: u64) -> Self {
        Self {
            divisor,
            inverse: u64::MAX / divisor,
        }
    }

    pub fn divisor(self) -> u64 {
        self.divisor
    }

    /// `x` mod the divisor (Barrett, 1986). The quotient estimated from the inverse is at most one
    /// too low: both the inverse and the product lose less than one by rounding down.
    pub fn of(self, x: u64) -> u64 {
        let quotient = ((u128::from(x) * u128::from(self.inverse)) >> 64) as u64;
        let rest = x.wrapping_sub(quotient.wrapping_mul(self.divisor));
        // Less by the divisor, unless that runs below 0, where numbers are greatest. (A branch here
        // would be guessed wrongly half of the time.)
        rest.min(rest.wrapping_sub(self.divisor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::mix;

    #[test]
    fn remainders_are_those_of_dividing() {
        let edges = [
            1,
            2,
            3,
            7,
            1 << 31,
            (1 << 32) - 1,
            1 << 32,
            1 << 63,
            u64::MAX - 1,
            u64::MAX,
        ];
        let divisors = edges
            .into_iter()
            .chain((0..2_000).map(|i| mix(i) >> (i % 63) | 1));
        for divisor in divisors {
            let modulus = Modulus::new(divisor);
            let near = [
                divisor - 1,
                divisor,
                divisor.wrapping_mul(2).wrapping_sub(1),
            ];
            let some = (0..50).map(|i| mix(divisor ^ i));
            for x in edges.into_iter().chain(near).chain(some).chain([0]) {
                assert_eq!(modulus.of(x), x % divisor, "{x} mod {divisor}");
            }
        }
    }
}

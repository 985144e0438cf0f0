//! How many different items: HyperLogLog (Flajolet, Fusy, Gandouet and Meunier, 2007), with the
//! corrections of HLL++ (Heule, Nunkesser and Hall, 2013) and the estimator of Ertl (2017).
//!
//! Half of all hashes begin with a 0, a quarter with 00, one in 2^x with x zeros: the longest run of
//! zeros seen tells the order of magnitude of how many different items there were, and an item seen
//! again changes nothing. One such number is off by a factor; 2^p of them, each for its share of the
//! items, are off by 1.04/√2^p.

mod bias;

use super::SketchError;
use super::bytes::{Kind, Reader, Writer};
use crate::rng::mix;
use bias::BIAS;
use std::f64::consts::LN_2;
use std::ops::RangeInclusive;

/// The precisions there are: p from 16 registers to 262,144.
pub const PRECISIONS: RangeInclusive<u8> = 4..=18;

/// HLL++ trusts linear counting up to these estimates, for p from 4 on (Heule et al., table in the
/// appendix).
pub const THRESHOLDS: [u32; 15] = [
    10, 20, 40, 80, 220, 400, 900, 1_800, 3_100, 6_500, 11_500, 20_000, 50_000, 120_000, 350_000,
];

/// The counter before HyperLogLog: one register, the longest run of leading zeros in any hash.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SingleRegister {
    longest: u8,
}

impl SingleRegister {
    /// The zeros that the hash of `item` begins with: x or more with probability 2^-x.
    #[must_use]
    pub fn zeros(item: u64) -> u8 {
        mix(item).leading_zeros() as u8
    }

    /// Takes an item; whether it changed anything.
    pub fn add(&mut self, item: u64) -> bool {
        let zeros = Self::zeros(item);
        let raised = zeros > self.longest;
        self.longest = self.longest.max(zeros);
        raised
    }

    /// The longest run of leading zeros seen, 0 to 64.
    #[must_use]
    pub fn longest(self) -> u8 {
        self.longest
    }

    /// About how many different items there were: 2^longest. There is no bound to speak of: half of
    /// the time it is off by a factor of two or more, and one item in 64 makes it say 64 by itself.
    #[must_use]
    pub fn estimate(self) -> f64 {
        (u128::from(1_u8) << self.longest) as f64
    }
}

/// How many different items were seen, in 2^p registers of one byte.
///
/// The low p bits of an item's hash choose the register; it keeps the greatest **rank**, which is
/// the number of leading zeros of the other 64 − p bits, plus 1.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HyperLogLog {
    p: u8,
    registers: Vec<u8>,
}

impl HyperLogLog {
    /// Empty, with 2^p registers.
    ///
    /// # Errors
    /// When `p` is not one of [`PRECISIONS`].
    pub fn new(p: u8) -> Result<Self, SketchError> {
        if !PRECISIONS.contains(&p) {
            return Err(SketchError::Size(format!(
                "the precision p is {p}, and must be from {} to {}: 2^p registers",
                PRECISIONS.start(),
                PRECISIONS.end()
            )));
        }
        Ok(Self {
            p,
            registers: vec![0; 1 << p],
        })
    }

    /// The register that an item belongs to, and its rank there.
    #[must_use]
    pub fn place(&self, item: u64) -> (usize, u8) {
        let hash = mix(item);
        let register = hash as usize & (self.registers.len() - 1);
        // A bit below the others ends the run of zeros, should all of them be 0.
        let rest = (hash >> self.p) << self.p | 1 << (self.p - 1);
        (register, rest.leading_zeros() as u8 + 1)
    }

    /// Takes an item; whether it changed anything.
    pub fn add(&mut self, item: u64) -> bool {
        let (register, rank) = self.place(item);
        let register = &mut self.registers[register];
        let raised = rank > *register;
        if raised {
            *register = rank;
        }
        raised
    }

    /// p.
    #[must_use]
    pub fn precision(&self) -> u8 {
        self.p
    }

    /// The greatest rank of each register; 0 where no item came.
    #[must_use]
    pub fn registers(&self) -> &[u8] {
        &self.registers
    }

    /// How many registers no item came to.
    #[must_use]
    pub fn zeros(&self) -> usize {
        self.registers.iter().filter(|&&rank| rank == 0).count()
    }

    /// m, as what it is reckoned with.
    fn m(&self) -> f64 {
        self.registers.len() as f64
    }

    /// The standard error of the estimates, as a share of the truth: 1.04/√m (2007, theorem 1). The
    /// error is nearly normal, so 19 of 20 estimates lie within two of it, 997 of 1,000 within three.
    #[must_use]
    pub fn standard_error(&self) -> f64 {
        1.04 / libm::sqrt(self.m())
    }

    /// The normalized harmonic mean of the registers: α m² / Σ 2^-rank (2007, figure 2). Far too high
    /// while there are fewer than 2.5 m items, which is what the corrections are for.
    #[must_use]
    pub fn raw(&self) -> f64 {
        let m = self.m();
        let alpha = match self.p {
            4 => 0.673,
            5 => 0.697,
            6 => 0.709,
            _ => 0.7213 / (1.0 + 1.079 / m),
        };
        // Added up by rank: few exact terms, and the same whatever the order.
        let sum = self
            .ranks()
            .iter()
            .rev()
            .fold((0.0, 64), |(sum, rank), &n| {
                (sum + libm::ldexp(f64::from(n), -rank), rank - 1)
            });
        alpha * m * m / sum.0
    }

    /// How many registers have each rank, 0 to 64.
    fn ranks(&self) -> [u32; 65] {
        let mut ranks = [0; 65];
        for &rank in &self.registers {
            ranks[usize::from(rank)] += 1;
        }
        ranks
    }

    /// m ln(m/V), with V registers empty: linear counting (Whang et al., 1990). `None` if none is.
    fn linear_counting(&self) -> Option<f64> {
        let zeros = self.zeros();
        (zeros > 0).then(|| self.m() * libm::log(self.m() / zeros as f64))
    }

    /// The estimate of 2007: raw, but by linear counting where that gives at most 2.5 m and a
    /// register is empty, and corrected for colliding hashes near the number of those. (The paper
    /// does so from 2³²/30 on, since its hashes have 32 bits; ours have 64.)
    #[must_use]
    pub fn estimate_2007(&self) -> f64 {
        const HASHES: f64 = 18_446_744_073_709_551_616.0;
        let raw = self.raw();
        if raw <= 2.5 * self.m()
            && let Some(linear) = self.linear_counting()
        {
            return linear;
        }
        if raw > HASHES / 30.0 {
            // No more than there are hashes, whatever the registers say.
            return -HASHES * libm::log1p(-(raw / HASHES).min(1.0 - f64::EPSILON));
        }
        raw
    }

    /// The estimate of HLL++ for a dense sketch: by linear counting up to the [`THRESHOLDS`]; above,
    /// raw, less the mean bias that was measured at the six nearest raw estimates while raw is at
    /// most 5 m (Heule et al., section 5.2).
    #[must_use]
    pub fn estimate_plus_plus(&self) -> f64 {
        let place = usize::from(self.p - PRECISIONS.start());
        if let Some(linear) = self.linear_counting()
            && linear <= f64::from(THRESHOLDS[place])
        {
            return linear;
        }
        let raw = self.raw();
        if raw <= 5.0 * self.m() {
            raw - bias_at(raw, BIAS[place])
        } else {
            raw
        }
    }

    /// The estimate of Ertl ("New cardinality estimation algorithms for HyperLogLog sketches", 2017,
    /// algorithm 6), which is as good for few items as for many and needs no thresholds. This is the
    /// one to use.
    #[must_use]
    pub fn estimate(&self) -> f64 {
        let m = self.m();
        let ranks = self.ranks();
        let greatest = usize::from(65 - self.p);
        let mut z = m * tau(1.0 - f64::from(ranks[greatest]) / m);
        for rank in (1..greatest).rev() {
            z = 0.5 * (z + f64::from(ranks[rank]));
        }
        z += m * sigma(f64::from(ranks[0]) / m);
        m * m / (2.0 * LN_2 * z)
    }

    /// Becomes the sketch of both streams: the greater rank of each register.
    ///
    /// # Errors
    /// When the other has another precision.
    pub fn merge(&mut self, other: &Self) -> Result<(), SketchError> {
        if self.p != other.p {
            return Err(SketchError::Unlike);
        }
        for (rank, theirs) in self.registers.iter_mut().zip(&other.registers) {
            *rank = (*rank).max(*theirs);
        }
        Ok(())
    }

    /// In bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let writer = Writer::new(Kind::HyperLogLog).u8(self.p);
        writer.u8s(&self.registers).finish()
    }

    /// From bytes.
    ///
    /// # Errors
    /// When they are not what [`to_bytes`](Self::to_bytes) writes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SketchError> {
        let mut reader = Reader::new(Kind::HyperLogLog, bytes)?;
        let p = reader.u8()?;
        if !PRECISIONS.contains(&p) {
            return Err(SketchError::Damaged("there is no such precision"));
        }
        let registers = reader.u8s(1 << p)?;
        reader.end()?;
        if registers.iter().any(|&rank| rank > 65 - p) {
            return Err(SketchError::Damaged("a rank is higher than any can be"));
        }
        Ok(Self { p, registers })
    }
}

/// How many points the bias is taken from.
const NEIGHBOURS: usize = 6;

/// The mean bias at the points whose raw estimates are nearest. `points` are pairs of how many items
/// there were and of what the raw estimate was too high, in ten-thousandths. The
/// points are a few hundred and not quite in order of their raw estimates, so all are looked at.
fn bias_at(raw: f64, points: &[(u32, i32)]) -> f64 {
    let bias = |&(_, bias): &(u32, i32)| f64::from(bias) / 10_000.0;
    let distance = |point: &(u32, i32)| (f64::from(point.0) + bias(point) - raw).abs();
    let mut nearest: Vec<&(u32, i32)> = points.iter().collect();
    nearest.sort_by(|a, b| distance(a).total_cmp(&distance(b)));
    let nearest = &nearest[..NEIGHBOURS];
    nearest.iter().map(|point| bias(point)).sum::<f64>() / NEIGHBOURS as f64
}

/// x + Σ x^(2^k) 2^(k-1), k from 1 on.
fn sigma(mut x: f64) -> f64 {
    if x >= 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z == before {
            return z;
        }
    }
}

/// (1 − x − Σ (1 − x^(2^-k))² 2^-k) / 3, k from 1 on.
fn tau(mut x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = libm::sqrt(x);
        let before = z;
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
        if z == before {
            return z / 3.0;
        }
    }
}

#[cfg(test)]
mod tests;

//! Weights in bytes, little-endian.

const MAGIC: &[u8; 4] = b"MRIN";

pub struct Writer(Vec<u8>);

impl Writer {
    pub fn new(kind: u8) -> Self {
        let mut bytes = MAGIC.to_vec();
        bytes.push(kind);
        Self(bytes)
    }

    pub fn u8(&mut self, n: u8) {
        self.0.push(n);
    }

    pub fn u16(&mut self, n: u16) {
        self.0.extend(n.to_le_bytes());
    }

    pub fn reals(&mut self, reals: &[f32]) {
        for real in reals {
            self.0.extend(real.to_le_bytes());
        }
    }

    pub fn bytes(self) -> Vec<u8> {
        self.0
    }
}

pub struct Reader<'a>(&'a [u8]);

const SHORT: &str = "the file of weights ends too early";

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Result<Self, &'static str> {
        let rest = bytes.strip_prefix(MAGIC);
        rest.map(Self).ok_or("this is no file of weights")
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], &'static str> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(SHORT)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub fn u8(&mut self) -> Result<u8, &'static str> {
        self.take::<1>().map(|[byte]| byte)
    }

    pub fn u16(&mut self) -> Result<u16, &'static str> {
        self.take().map(u16::from_le_bytes)
    }

    pub fn real(&mut self) -> Result<f32, &'static str> {
        let real = f32::from_le_bytes(self.take()?);
        // Nothing that is learned is so large, and what is no number would spread.
        if real.abs() < 1e6 {
            Ok(real)
        } else {
            Err("a weight is out of range")
        }
    }

    pub fn reals(&mut self, n: usize) -> Result<Vec<f32>, &'static str> {
        (0..n).map(|_| self.real()).collect()
    }

    pub fn end(&self) -> Result<(), &'static str> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err("the file of weights goes on where it should end")
        }
    }
}

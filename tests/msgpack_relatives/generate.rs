//! Messages for the relatives: values of every sort, half of them with something wrong.

use rs2p::wire::Value;

/// Endless msgpack, the same for the same seed.
pub struct Messages(u64);

impl Messages {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Steele and Vigna's SplitMix64.
    fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.number() % limit as u64) as usize
    }

    fn value(&mut self, depth: usize) -> Value {
        let containers = if depth == 0 { 0 } else { 4 };
        match self.below(13 + containers) {
            0 => Value::Nil,
            1 => Value::Bool(self.below(2) == 1),
            // Of every length.
            2..5 => {
                let shift = self.below(64);
                Value::from((self.number() as i64) >> shift)
            }
            5 | 6 => {
                let shift = self.below(64);
                Value::from(self.number() >> shift)
            }
            7 => Value::F32(f32::from_bits(self.number() as u32)),
            8 => Value::F64(f64::from_bits(self.number())),
            9 => Value::F64(self.below(100) as f64 / 2.0),
            10 => self.text(),
            11 => {
                let length = self.below(40);
                Value::from(
                    (0..length)
                        .map(|_| self.number() as u8)
                        .collect::<Vec<u8>>(),
                )
            }
            12 => self.ext(),
            13 | 14 => {
                let count = self.below(18);
                Value::from(
                    (0..count)
                        .map(|_| self.value(depth - 1))
                        .collect::<Vec<_>>(),
                )
            }
            _ => self.map(depth - 1),
        }
    }

    fn text(&mut self) -> Value {
        let length = self.below(40);
        let any = |number: u64| char::from_u32(number as u32 % 0x11_0000).unwrap_or('é');
        let text = (0..length).map(|_| match self.below(3) {
            0 => any(self.number()),
            _ => (b' ' + self.below(95) as u8) as char,
        });
        Value::from(text.collect::<String>())
    }

    fn ext(&mut self) -> Value {
        let tag = self.number() as i8;
        let length = [0, 1, 2, 3, 4, 8, 16, 17][self.below(8)];
        let bytes = (0..length)
            .map(|_| self.number() as u8)
            .collect::<Vec<u8>>();
        Value::Ext(tag, bytes.into())
    }

    /// Mostly keys of text, now and then two equal ones.
    fn map(&mut self, depth: usize) -> Value {
        let count = self.below(6);
        let entries = (0..count).map(|_| {
            let key = match self.below(6) {
                0 => self.value(depth.min(1)),
                1 => Value::from(["a", "b", "1", "01"][self.below(4)]),
                _ => self.text(),
            };
            (key, self.value(depth))
        });
        Value::from(entries.collect::<Vec<_>>())
    }

    /// Changes a byte, takes one out, puts one in, or cuts the end off.
    fn spoil(&mut self, bytes: &mut Vec<u8>) {
        let at = self.below(bytes.len());
        match self.below(4) {
            0 => bytes[at] = self.number() as u8,
            1 => bytes[at] ^= 1 << self.below(8),
            2 => bytes.insert(at, self.number() as u8),
            _ => bytes.truncate(at),
        }
    }
}

impl Iterator for Messages {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        self.value(4).encode(&mut bytes);
        if self.below(2) == 1 {
            self.spoil(&mut bytes);
        }
        Some(bytes)
    }
}

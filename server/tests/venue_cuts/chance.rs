//! Chance from a seed (SplitMix64).

pub struct Chance(pub u64);

impl Chance {
    /// A number from 0 to one less than `most`.
    pub fn up_to(&mut self, most: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        i64::try_from((mixed ^ (mixed >> 31)) % most.unsigned_abs().max(1)).expect("a small number")
    }
}

//! What must be the same on every machine: these run natively and in a browser.

use millrace::rng::{Dist, Rng, Salt};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// Every distribution draws the same spans wherever it runs: the logarithms, exponentials and
/// cosines agree to the bit, so that one seed is one history.
#[wasm_bindgen_test(unsupported = test)]
fn draws_are_the_same_everywhere() {
    let dists = [
        Dist::Constant { us: 7 },
        Dist::Exponential { mean_us: 80_000 },
        Dist::LogNormal {
            mean_us: 80_000,
            sigma: 0.25,
        },
    ];
    let mut rng = Rng::new(41, Salt::Service, 3);
    let fold = (0..30_000).fold(0_u64, |hash, turn| {
        hash.wrapping_mul(0x100_0000_01b3) ^ dists[turn % 3].draw(&mut rng).0
    });
    assert_eq!(fold, 3_840_121_434_102_480_210);
}

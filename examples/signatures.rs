//! How many RSA-2048 signatures this machine makes in a second on all its cores: what bounds signed letters.
//!
//! `cargo run --release --example signatures`

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use letterpress::model::signing_key::{Algorithm, SigningKey, SigningKeyError};

const SPAN: Duration = Duration::from_secs(3);

fn main() -> Result<(), SigningKeyError> {
    let (key, _) = SigningKey::generate(Algorithm::Rsa)?;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    // About what the headers of a letter come to.
    let input = [b'x'; 1_500];
    let made = AtomicU64::new(0);
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while began.elapsed() < SPAN && key.sign(&input).is_ok() {
                    made.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    let made = u32::try_from(made.into_inner()).unwrap_or(u32::MAX);
    println!(
        "{:.0} signatures/s on {cores} cores",
        f64::from(made) / began.elapsed().as_secs_f64()
    );
    Ok(())
}

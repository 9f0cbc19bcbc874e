//! `sleep SECONDS`: does nothing for a while; the number may have a fraction.

#![no_std]
#![no_main]

use core::time::Duration;
use sys::{env, eprintln, time};

sys::entry!(main);

fn main() -> i32 {
    match env::args().nth(1).and_then(duration) {
        Some(duration) => {
            time::sleep(duration);
            0
        }
        None => {
            eprintln!("usage: sleep SECONDS");
            2
        }
    }
}

fn duration(text: &[u8]) -> Option<Duration> {
    let text = core::str::from_utf8(text).ok()?;
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let seconds =
        if seconds.is_empty() && !fraction.is_empty() { 0 } else { seconds.parse().ok()? };
    let mut nanoseconds = 0;
    for place in 0..9 {
        let digit = match fraction.as_bytes().get(place) {
            Some(digit @ b'0'..=b'9') => u32::from(digit - b'0'),
            Some(_) => return None,
            None => 0,
        };
        nanoseconds = nanoseconds * 10 + digit;
    }
    Some(Duration::new(seconds, nanoseconds))
}

//! Scenarios that are wrong on purpose.

use super::super::Outcome;
use sys::Errno;
use sys::abi::memory::{MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ};
use sys::file::{self, File};
use sys::io::Fd;
use sys::memory::Mapping;

/// Any two of three things may fail, but not the first and the last.
pub fn one_of_two_is_enough() -> Outcome {
    let first = file::pipe();
    let between = Mapping::new(4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, Fd(-1), 0);
    let last = File::open("/bin");
    if let (Err(_), Err(_)) = (&first, &last) {
        panic!("neither a pipe nor a directory");
    }
    let fails: Option<Errno> = first.err().or(between.err()).or(last.err());
    fails.map_or(Ok(()), |errno| Err(errno.into()))
}

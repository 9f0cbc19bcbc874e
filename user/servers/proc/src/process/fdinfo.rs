//! `fdinfo/N`: a descriptor.

use super::Subject;
use crate::text::{Text, add};
use sys::abi::statistics::DescriptorStatistics;
use sys::{Errno, Result};

/// Writes what is known of descriptor `number`.
pub fn fdinfo(of: &Subject<'_>, number: u32, text: &mut Text) -> Result<()> {
    let mut entry = [DescriptorStatistics::default()];
    let count = of.kernel.descriptors(of.pid, number, &mut entry)?;
    let [entry] = entry;
    if count == 0 || entry.number != number {
        return Err(Errno::ENOENT);
    }
    add!(text, "pos:\t{}\nflags:\t0{:o}\n", { entry.position }, { entry.flags });
    add!(text, "mnt_id:\t{}\nino:\t{}\n", { entry.mount }, { entry.inode });
    Ok(())
}

//! The tables of a machine that was booted, before anything goes on from there.

use super::kernel_image::KernelImage;
use super::sample::Sample;
use crate::snapshot::Snapshot;
use crate::stop::{Result, failed};
use std::path::Path;

/// No page table of a machine with so much memory gives more than it should.
pub fn check(snapshot: &Snapshot, memory: u64, kernel: &Path) -> Result<()> {
    let sample = Sample::take_still(&mut snapshot.restore_stopped()?, memory)?;
    let image = KernelImage::read(kernel).map_err(failed)?;
    sample.check(&image).map(drop).map_err(|why| failed(format!("after the boot: {why}")))
}

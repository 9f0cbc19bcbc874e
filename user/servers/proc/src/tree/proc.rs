//! What a node stands for, and who may look at it.

use super::number::{Number, Part};
use super::of_process::{FILES, Kind};
use crate::Kernel;
use crate::process::Subject;
use crate::stream::Streams;
use sys::abi::file::{S_IFDIR, S_IFLNK, S_IFREG};
use sys::abi::permission::Looker;
use sys::abi::statistics::{DescriptorStatistics, ProcessDetails};
use sys::node::{Asker, NODE_CONTROLS_FAULTS, NODE_IS_OPENED};
use sys::{Errno, Result};

/// The tree of `/proc`.
pub struct Proc<K> {
    pub(super) kernel: K,
    pub(super) streams: Streams,
}

impl<K: Kernel> Proc<K> {
    /// Of what `kernel` tells.
    pub const fn new(kernel: K) -> Self {
        Self { kernel, streams: Streams::new() }
    }

    #[cfg(test)]
    pub(crate) const fn kernel_for_tests(&self) -> &K {
        &self.kernel
    }

    /// The process of a node; ENOENT once it is gone.
    pub(super) fn process(&self, number: Number) -> Result<ProcessDetails> {
        let details = self.kernel.details(number.pid).map_err(gone)?;
        if number.tid != 0 {
            let thread = self.kernel.next_thread(number.pid, number.tid - 1).map_err(gone)?;
            thread.filter(|thread| thread.tid == number.tid).ok_or(Errno::ENOENT)?;
        }
        Ok(details)
    }

    pub(super) fn subject(&self, number: Number, asker: &Asker) -> Result<Subject<'_>> {
        let process = self.process(number)?;
        // The directory may be a thread's that is not its process's first.
        let tid = if number.tid == 0 { number.pid } else { number.tid };
        Ok(Subject {
            kernel: &self.kernel,
            pid: process.pid,
            tid: (number.tid != 0 || tid != process.pid).then_some(tid),
            is_whole: number.tid == 0,
            reader: asker.tid.cast_signed(),
            may_look: may_look(&process, asker),
            may_see_frames: asker.is_privileged(),
        })
    }

    pub(super) fn has_descriptor(&self, pid: i32, number: u32) -> bool {
        let mut entry = [DescriptorStatistics::default()];
        let count = self.kernel.descriptors(pid, number, &mut entry).unwrap_or(0);
        count != 0 && entry.iter().all(|entry| entry.number == number)
    }

    pub(super) fn process_attributes(&self, number: Number) -> Result<(u32, u32, ProcessDetails)> {
        let process = self.process(number)?;
        let mut flags = if is_private(number.part) { NODE_IS_OPENED } else { 0 };
        let mode = match number.part {
            Part::Directory => S_IFDIR | 0o555,
            Part::File(index) => {
                let file = FILES.get(index).ok_or(Errno::ENOENT)?;
                if matches!(file.kind, Kind::Control(_)) {
                    flags |= NODE_CONTROLS_FAULTS;
                }
                match file.kind {
                    Kind::Directory => S_IFDIR | file.mode,
                    Kind::Link(_) => S_IFLNK | 0o777,
                    _ => S_IFREG | file.mode,
                }
            }
            Part::Descriptor(fd) | Part::DescriptorInfo(fd) => {
                if !self.has_descriptor(number.pid, fd) {
                    return Err(Errno::ENOENT);
                }
                match number.part {
                    Part::Descriptor(_) => S_IFLNK | 0o700,
                    _ => S_IFREG | 0o400,
                }
            }
        };
        Ok((mode, flags, process))
    }
}

/// Only who may look into the process may open it, and read it: an id that an open file has may be
/// another process's by then.
pub(super) fn is_private(part: Part) -> bool {
    match part {
        Part::File(index) => FILES.get(index).is_some_and(|file| file.is_private),
        Part::DescriptorInfo(_) => true,
        Part::Directory | Part::Descriptor(_) => false,
    }
}

/// A process that is gone has no files.
pub(super) fn gone(why: Errno) -> Errno {
    if why == Errno::ESRCH { Errno::ENOENT } else { why }
}

/// What a file that was opened in time says of a process that is gone.
pub(super) fn ended(why: Errno) -> Errno {
    if why == Errno::ENOENT { Errno::ESRCH } else { why }
}

/// Whether somebody may look into a process.
fn may_look(process: &ProcessDetails, asker: &Asker) -> bool {
    let Asker { user, group, .. } = *asker;
    let looker = Looker { user, group, is_privileged: asker.sees_all };
    let [users, groups] =
        [process.users, process.groups].map(|[real, effective, saved, _]| [real, effective, saved]);
    is_own(process, asker) || looker.may_look_into(users, groups, process.is_dumpable != 0)
}

fn is_own(process: &ProcessDetails, asker: &Asker) -> bool {
    asker.pid == process.pid.cast_unsigned()
}

/// Whose the files of a process are: root's, if it hides its memory, but for directories that everybody
/// may read, and for itself.
pub(super) fn owner(process: &ProcessDetails, mode: u32, asker: &Asker) -> (u32, u32) {
    let is_open = mode == S_IFDIR | 0o555 || process.is_dumpable != 0 || is_own(process, asker);
    let ([_, user, ..], [_, group, ..]) = (process.users, process.groups);
    if is_open { (user, group) } else { (0, 0) }
}

//! Regular files that are open.

use super::buffers::{Source, UserBuffers};
use super::caller;
use super::description::{File, MAX_NON_LFS, MAX_OFFSET};
use super::locks::Owner;
use super::operations::Operations;
use super::regular::{At, Program, Regular, SizeLimit};
use crate::result::{Errno, Result};
use abi::file::{FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE, O_APPEND, O_LARGEFILE};
use kcore::node_tree::NodeId;

#[inline(always)]
fn node(file: &File) -> Result<NodeId> {
    file.node().map(|node| node.node()).ok_or(Errno::EBADF)
}

/// [`Operations::read`] of a regular file.
#[inline(always)]
pub fn read(regular: &Regular, file: &File, to: &mut UserBuffers) -> Result<usize> {
    let node = node(file)?;
    file.with_position(|position| {
        let count = regular.read(node, *position, to)?;
        *position += count as u64;
        Ok(count)
    })
}

/// [`Operations::read_at`] of a regular file.
#[inline(always)]
pub fn read_at(regular: &Regular, file: &File, offset: u64, to: &mut UserBuffers) -> Result<usize> {
    regular.read(node(file)?, offset, to)
}

/// [`Operations::write`] of a regular file.
#[inline(always)]
pub fn write(regular: &Regular, file: &File, from: &mut Source) -> Result<usize> {
    file.with_position(|position| {
        let (start, count) = write_from(regular, file, *position, from)?;
        if count != 0 {
            *position = start + count as u64;
        }
        Ok(count)
    })
}

/// Writes at an offset, or the end; returns where that was and how much.
#[inline(always)]
fn write_from(
    regular: &Regular,
    file: &File,
    offset: u64,
    from: &mut Source,
) -> Result<(u64, usize)> {
    let at = if file.has(O_APPEND) { At::End } else { At::Offset(offset) };
    let reach = if file.has(O_LARGEFILE) { MAX_OFFSET } else { MAX_NON_LFS };
    let limit = SizeLimit { resource: caller::file_size_limit(), reach };
    regular.write(node(file)?, at, from, limit)
}

impl Operations for Regular {
    fn read(&self, file: &File, to: &mut UserBuffers) -> Result<usize> {
        read(self, file, to)
    }

    fn read_at(&self, file: &File, offset: u64, to: &mut UserBuffers) -> Result<usize> {
        read_at(self, file, offset, to)
    }

    fn write(&self, file: &File, from: &mut Source) -> Result<usize> {
        write(self, file, from)
    }

    fn write_at(&self, file: &File, offset: u64, from: &mut Source) -> Result<usize> {
        write_from(self, file, offset, from).map(|(_, count)| count)
    }

    fn seek(&self, file: &File, offset: i64, whence: u32) -> Result<u64> {
        file.move_position(offset, whence, || Ok(self.size()))
    }

    fn truncate(&self, file: &File, size: u64) -> Result<()> {
        self.truncate(node(file)?, size)
    }

    fn allocate(&self, file: &File, mode: i32, offset: u64, len: u64) -> Result<()> {
        if offset + len > MAX_OFFSET {
            return Err(Errno::EFBIG);
        }
        if mode & FALLOC_FL_PUNCH_HOLE != 0 {
            return self.punch_hole(node(file)?, offset, len);
        }
        self.allocate(node(file)?, offset, len, mode & FALLOC_FL_KEEP_SIZE == 0)
    }

    fn readable_bytes(&self, file: &File) -> Option<u32> {
        let position = file.with_position(|position| Ok(*position)).ok()?;
        Some(self.size().saturating_sub(position) as u32)
    }

    fn sync(&self) -> Result<()> {
        Ok(())
    }

    fn close(&self, file: &File) {
        self.locks().remove_owner(Owner::of_file(file));
        if file.may_write().is_ok() {
            self.remove_writer();
        }
    }
}

impl Operations for Program {
    fn close(&self, _: &File) {
        self.0.allow_writers();
    }
}

//! Open files that servers answer for.

use super::Served;
use super::attributes::permissions;
use crate::failpoint;
use crate::file::access::Caller;
use crate::file::buffers::{Source, UserBuffers};
use crate::file::caller;
use crate::file::description::File;
use crate::file::operations::Operations;
use crate::result::{Errno, Result};
use abi::file::{SEEK_CUR, SEEK_SET};
use abi::node::{
    Attributes, CHANGE_SIZE, Changes, NODE_CONTROLS_FAULTS, NODE_HAS_SIZE, NODE_IS_OPENED, Request,
};
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use kcore::lease::LeaseAccess;

/// A regular file that is open.
pub struct Opened {
    node: Served,
    /// Which of all that were opened it is.
    number: u32,
    /// Whether nothing is injected into reading and writing it.
    controls_faults: bool,
}

/// The number of the last file that was opened.
static LAST: AtomicU32 = AtomicU32::new(0);

/// Opens a regular file or a directory whose attributes are these, as far as the server is concerned:
/// it is asked if it wants to be. `access` is what must be allowed.
pub fn open(
    node: &Served,
    attributes: &Attributes,
    flags: u32,
    access: u32,
    caller: &Caller,
) -> Result<Opened> {
    caller.may(&permissions(attributes), access)?;
    if attributes.flags & NODE_IS_OPENED != 0 {
        node.mount.ask(Request::Open { node: node.node, flags }, caller, None)?;
    }
    Ok(Opened {
        node: node.clone(),
        number: LAST.fetch_add(1, Relaxed).wrapping_add(1),
        controls_faults: attributes.flags & NODE_CONTROLS_FAULTS != 0,
    })
}

impl Opened {
    fn read_from(&self, offset: u64, to: &mut UserBuffers) -> Result<usize> {
        let Served { mount, node } = &self.node;
        let caller = caller::identity();
        to.each(|range, done| {
            if range.is_empty() {
                return Ok(0);
            }
            let (node, offset) = (*node, offset + done as u64);
            let request = Request::Read { node, offset, file: self.number };
            let (answer, room) = mount.ask_with(request, &caller, range, LeaseAccess::Write)?;
            answer.length(room)
        })
    }

    fn write_to(&self, offset: u64, from: &mut Source) -> Result<usize> {
        let Served { mount, node } = &self.node;
        // What the kernel copies between files goes to its own.
        let Source::User(from) = from else { return Err(Errno::EINVAL) };
        let caller = caller::identity();
        from.each(|range, done| {
            let request = Request::Write { node: *node, offset: offset + done as u64 };
            let (answer, room) = mount.ask_with(request, &caller, range, LeaseAccess::Read)?;
            answer.length(room)
        })
    }

    /// Sets the size.
    pub fn truncate_to(&self, size: u64) -> Result<()> {
        self.node.truncate(size, &caller::identity())
    }
}

impl Served {
    /// Sets the size of a regular file, if the server allows it.
    pub fn truncate(&self, size: u64, caller: &Caller) -> Result<()> {
        self.set_attributes(&Changes { mask: CHANGE_SIZE, size, ..Changes::default() }, caller)
    }
}

impl Operations for Opened {
    fn read(&self, file: &File, to: &mut UserBuffers) -> Result<usize> {
        file.with_position(|position| {
            let count = self.read_at(file, *position, to)?;
            *position += count as u64;
            Ok(count)
        })
    }

    fn read_at(&self, _: &File, offset: u64, to: &mut UserBuffers) -> Result<usize> {
        failpoint::exempt(self.controls_faults, || self.read_from(offset, to))
    }

    fn write(&self, file: &File, from: &mut Source) -> Result<usize> {
        file.with_position(|position| {
            let count = self.write_at(file, *position, from)?;
            *position += count as u64;
            Ok(count)
        })
    }

    fn write_at(&self, _: &File, offset: u64, from: &mut Source) -> Result<usize> {
        failpoint::exempt(self.controls_faults, || self.write_to(offset, from))
    }

    fn seek(&self, file: &File, offset: i64, whence: u32) -> Result<u64> {
        let size = match whence {
            SEEK_SET | SEEK_CUR => 0,
            _ => match self.node.attributes(&caller::identity())? {
                attributes if attributes.flags & NODE_HAS_SIZE != 0 => attributes.size,
                _ => return Err(Errno::EINVAL),
            },
        };
        file.move_position(offset, whence, || Ok(size))
    }

    fn truncate(&self, _: &File, size: u64) -> Result<()> {
        self.truncate_to(size)
    }

    fn sync(&self) -> Result<()> {
        // The kernel keeps nothing of it.
        Ok(())
    }
}

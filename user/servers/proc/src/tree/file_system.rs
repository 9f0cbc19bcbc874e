//! Answering requests.

use super::Proc;
use super::fixed::{self, Content, Fixed};
use super::listing::FIRST_ID;
use super::number::{self, Number, Part};
use super::of_process::{self, Control, FILES, File, Kind};
use super::proc::{ended, is_private, owner};
use crate::Kernel;
use crate::process::{Subject, fdinfo};
use crate::stream::Key;
use crate::text::Text;
use alloc::vec::Vec;
use sys::abi::file::{DT_LNK, DT_REG, NAME_MAX, S_IFDIR, Statfs64, W_OK};
use sys::abi::node::CHANGE_SIZE;
use sys::node::{
    Asker, Attributes, Changes, Entries, FileSystem, Input, Object, Output, ROOT, Target,
};
use sys::{Errno, Result};

/// What `statfs` shows of a `/proc`.
const PROC_SUPER_MAGIC: u32 = 0x9fa0;
/// What `stat` shows as a good size for reading, as Linux does.
const BLOCK_SIZE: u32 = 1024;

/// As much as anybody writes.
const MOST_WRITTEN: usize = 32;

/// A node that can be written.
fn control(node: u64) -> Option<(Number, &'static Control)> {
    let number = Number::of_node(node)?;
    let Part::File(index) = number.part else { return None };
    match &FILES.get(index)?.kind {
        Kind::Control(control) => Some((number, control)),
        _ => None,
    }
}

/// A number without a sign or leading zeros.
fn id(name: &[u8]) -> Option<u32> {
    let text = core::str::from_utf8(name).ok()?;
    let plain = text == "0" || text.starts_with(|first: char| matches!(first, '1'..='9'));
    text.parse().ok().filter(|_| plain)
}

impl<K: Kernel> FileSystem for Proc<K> {
    fn look_up(&mut self, directory: u64, name: &[u8], _: &Asker) -> Result<u64> {
        let number = match Number::of_node(directory) {
            None => {
                if let Some(node) = fixed::find(directory, name) {
                    return Ok(node);
                }
                if directory != ROOT {
                    return Err(Errno::ENOENT);
                }
                let pid = id(name).and_then(|id| i32::try_from(id).ok()).filter(|pid| *pid != 0);
                // Threads can be found here too, but are not listed.
                let number = Number::process(pid.ok_or(Errno::ENOENT)?);
                return self.process(number).map(|_| number.node());
            }
            Some(number) => number,
        };
        let part = match number.part {
            Part::Directory => {
                let has_failpoints = self.kernel.has_failpoints();
                let is_it = |file: &File| file.name == name && file.exists(number, has_failpoints);
                let index = FILES.iter().position(is_it);
                Part::File(index.ok_or(Errno::ENOENT)?)
            }
            Part::File(index) => {
                let id = id(name).ok_or(Errno::ENOENT)?;
                match FILES.get(index).map(|file| file.name) {
                    Some(b"task") => {
                        let tid = i32::try_from(id).map_err(|_| Errno::ENOENT)?;
                        let thread = Number { tid, part: Part::Directory, ..number };
                        self.process(thread)?;
                        return Ok(thread.node());
                    }
                    Some(b"fd") => Part::Descriptor(id),
                    Some(b"fdinfo") => Part::DescriptorInfo(id),
                    _ => return Err(Errno::ENOENT),
                }
            }
            _ => return Err(Errno::ENOENT),
        };
        if let Part::Descriptor(fd) | Part::DescriptorInfo(fd) = part
            && (fd > number::MOST_DESCRIPTORS || !self.has_descriptor(number.pid, fd))
        {
            return Err(Errno::ENOENT);
        }
        Ok(Number { part, ..number }.node())
    }

    fn attributes(&mut self, node: u64, asker: &Asker) -> Result<Attributes> {
        let common = Attributes { ino: node, block_size: BLOCK_SIZE, ..Attributes::default() };
        let Some(number) = Number::of_node(node) else {
            let Fixed { mode, content, .. } = fixed::get(node)?;
            let nlink = if matches!(content, Content::Directory) { 2 } else { 1 };
            return Ok(Attributes { mode: *mode, nlink, ..common });
        };
        let (mode, flags, process) = self.process_attributes(number)?;
        let (uid, gid) = owner(&process, mode, asker);
        let nlink = if mode & S_IFDIR != 0 { 2 } else { 1 };
        Ok(Attributes { mode, nlink, uid, gid, flags, ..common })
    }

    fn parent(&mut self, directory: u64) -> Result<u64> {
        let Some(number) = Number::of_node(directory) else { return fixed::parent(directory) };
        Ok(match (number.part, number.tid) {
            (Part::Directory, 0) => ROOT,
            (Part::Directory, _) => {
                let task = FILES.iter().position(|file| file.name == b"task");
                let part = Part::File(task.ok_or(Errno::ENOENT)?);
                Number { tid: 0, part, ..number }.node()
            }
            _ => Number { part: Part::Directory, ..number }.node(),
        })
    }

    fn path(&mut self, node: u64) -> Result<Vec<u8>> {
        let Some(number) = Number::of_node(node) else { return fixed::path(node) };
        let mut path = Text::new();
        path.add(format_args!("/{}", number.pid));
        if number.tid != 0 {
            path.add(format_args!("/task/{}", number.tid));
        }
        match number.part {
            Part::Directory => {}
            Part::File(index) => {
                path.add_bytes(b"/");
                path.add_bytes(FILES.get(index).ok_or(Errno::ENOENT)?.name);
            }
            Part::Descriptor(fd) => path.add(format_args!("/fd/{fd}")),
            Part::DescriptorInfo(fd) => path.add(format_args!("/fdinfo/{fd}")),
        }
        Ok(path.bytes().to_vec())
    }

    fn open(&mut self, node: u64, _: u32, asker: &Asker) -> Result<()> {
        match Number::of_node(node) {
            Some(number) if !self.subject(number, asker)?.may_look => Err(Errno::EACCES),
            _ => Ok(()),
        }
    }

    fn read(&mut self, node: u64, offset: u64, to: &mut Output<'_>, asker: &Asker) -> Result<()> {
        let (key, room) = (Key { node, file: to.file() }, to.room());
        let Self { kernel, .. } = self;
        let bytes = match Number::of_node(node) {
            None => {
                let content = &fixed::get(node)?.content;
                self.streams.read(key, offset, room, |cursor, text| match content {
                    Content::Whole(write) => write(kernel, text).map(|()| None),
                    Content::Pieces(write) => write(kernel, cursor, text),
                    _ => Err(Errno::EISDIR),
                })?
            }
            Some(number) => {
                let subject = self.subject(number, asker).map_err(ended)?;
                let part = number.part;
                if is_private(part) && !subject.may_look {
                    return Err(Errno::EACCES);
                }
                let kind = match part {
                    Part::File(index) => Some(&FILES.get(index).ok_or(Errno::ENOENT)?.kind),
                    _ => None,
                };
                match kind {
                    Some(Kind::Bytes(copy)) => {
                        return copy(&subject, offset, room, &mut |bytes| to.write(bytes));
                    }
                    Some(Kind::Control(control)) => {
                        let mut text = Text::new();
                        (control.read)(&subject, &mut text)?;
                        return to.write_from(text.bytes(), offset);
                    }
                    _ => {}
                }
                let of = Subject { kernel: &self.kernel, ..subject };
                self.streams.read(key, offset, room, |cursor, text| match (kind, part) {
                    (Some(Kind::Whole(write)), _) => write(&of, text).map(|()| None),
                    (Some(Kind::Pieces(write)), _) => write(&of, cursor, text),
                    (None, Part::DescriptorInfo(fd)) => fdinfo(&of, fd, text).map(|()| None),
                    _ => Err(Errno::EISDIR),
                })?
            }
        };
        to.write(&bytes)
    }

    fn write(&mut self, node: u64, _: u64, from: &Input<'_>, asker: &Asker) -> Result<u32> {
        let (number, control) = control(node).ok_or(Errno::EIO)?;
        let subject = self.subject(number, asker).map_err(ended)?;
        let mut bytes = [0; MOST_WRITTEN];
        let bytes = bytes.get_mut(..from.len()).ok_or(Errno::EINVAL)?;
        let count = from.read(0, bytes)?;
        (control.write)(&subject, bytes.get(..count).unwrap_or_default(), asker)?;
        Ok(count as u32)
    }

    /// What is opened to be written anew is cut off first.
    fn set_attributes(&mut self, node: u64, changes: &Changes, asker: &Asker) -> Result<()> {
        if control(node).is_none() || changes.mask != CHANGE_SIZE {
            return Err(Errno::EPERM);
        }
        asker.may(&self.attributes(node, asker)?, W_OK)
    }

    fn read_directory(
        &mut self,
        directory: u64,
        position: u64,
        entries: &mut Entries,
        asker: &Asker,
    ) -> Result<()> {
        let Some(number) = Number::of_node(directory) else {
            if !matches!(fixed::get(directory)?.content, Content::Directory) {
                return Err(Errno::ENOTDIR);
            }
            if position < FIRST_ID && !fixed::list(directory, position, entries) {
                return Ok(());
            }
            return match directory {
                ROOT => self.list_processes(position, entries),
                _ => Ok(()),
            };
        };
        self.process(number)?;
        let name = match number.part {
            Part::Directory => {
                let has_failpoints = self.kernel.has_failpoints();
                return of_process::list(number, position, entries, has_failpoints);
            }
            Part::File(index) => FILES.get(index).ok_or(Errno::ENOENT)?.name,
            _ => return Err(Errno::ENOTDIR),
        };
        let (part, kind): (fn(u32) -> Part, u8) = match name {
            b"task" => return self.list_threads(number.pid, position, entries),
            b"fd" => (Part::Descriptor, DT_LNK),
            b"fdinfo" => (Part::DescriptorInfo, DT_REG),
            _ => return Err(Errno::ENOTDIR),
        };
        if !self.subject(number, asker)?.may_look {
            return Err(Errno::EACCES);
        }
        self.list_descriptors(number, position, entries, part, kind)
    }

    fn read_link(&mut self, node: u64, asker: &Asker) -> Result<Target> {
        let Some(number) = Number::of_node(node) else {
            return match fixed::get(node)?.content {
                Content::Link(text) => Ok(Target::Text(text(asker))),
                _ => Err(Errno::EINVAL),
            };
        };
        let object = match number.part {
            Part::Descriptor(fd) => Object::Descriptor(fd),
            Part::File(index) => match FILES.get(index).map(|file| &file.kind) {
                Some(Kind::Link(object)) => *object,
                _ => return Err(Errno::EINVAL),
            },
            _ => return Err(Errno::EINVAL),
        };
        // Who may follow it is the kernel's to say.
        self.process(number)?;
        let tid = if number.tid == 0 { number.pid } else { number.tid };
        Ok(Target::Magic { tid: tid.unsigned_abs(), object })
    }

    fn figures(&mut self) -> Result<Statfs64> {
        let (bsize, frsize) = (4096, 4096);
        let kind = PROC_SUPER_MAGIC;
        Ok(Statfs64 { kind, bsize, frsize, namelen: NAME_MAX, ..Statfs64::default() })
    }
}

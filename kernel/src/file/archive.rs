//! Makes the built-in tree: what is in the boot archive, read-only, then `/tmp` and `/dev`.

use super::access::Caller;
use super::open::content_of;
use super::regular::Regular;
use super::tree::{self, Content, Tree};
use crate::arch::paging::PAGE_OFFSET;
use crate::mm::direct_map::max_low_pfn;
use crate::mm::object::Object;
use crate::result::{Errno, Result};
use abi::file::{DeviceNumber, S_IFCHR, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::slice;
use kcore::addr::PhysAddr;
use kcore::cpio::{Archive, Entry, LinkKey};
use kcore::node_tree::{NewNode, NodeId, Timestamp};

/// Fills the tree. What is wrong with the archive goes to the log, and the rest of it is used.
pub fn unpack(archive: Option<(PhysAddr, u32)>) -> Result<()> {
    tree::initialise()?;
    if let Some((start, len)) = archive {
        match bytes(start, len) {
            Some(bytes) => unpack_entries(start, bytes)?,
            None => log::error!("the boot archive does not lie in low memory: not used"),
        }
    }
    make_devices()
}

/// The archive as the direct map shows it.
fn bytes(start: PhysAddr, len: u32) -> Option<&'static [u8]> {
    let end = PhysAddr::new(start.as_u64() + u64::from(len));
    if end.as_u64() > u64::from(max_low_pfn().as_u32()) << 12 {
        return None;
    }
    let address = PAGE_OFFSET.checked_add(u32::try_from(start.as_u64()).ok()?)?;
    // SAFETY: boot keeps the archive's frames from everybody, for ever; they are in the direct
    // map; nobody writes them.
    Some(unsafe { slice::from_raw_parts(address as *const u8, len as usize) })
}

struct Unpacker {
    start: PhysAddr,
    /// Files with several names, so far.
    links: Vec<(LinkKey, NodeId)>,
    caller: Caller,
}

fn unpack_entries(start: PhysAddr, bytes: &'static [u8]) -> Result<()> {
    let mut unpacker = Unpacker { start, links: Vec::new(), caller: Caller::kernel()? };
    for entry in Archive::new(bytes) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(corrupt) => {
                log::error!(
                    "the boot archive is corrupt at {:#x} ({:?}): the rest of it is not used",
                    corrupt.offset,
                    corrupt.kind
                );
                break;
            }
        };
        match unpacker.entry(&entry) {
            Err(Errno::ENOMEM) => return Err(Errno::ENOMEM),
            Err(error) => {
                log::warn!("the boot archive's {}: {error}", entry.name.escape_ascii());
            }
            Ok(()) => {}
        }
    }
    // Unpacking changed the directories.
    for entry in Archive::new(bytes).map_while(|entry| entry.ok()) {
        if entry.mode & S_IFMT == S_IFDIR {
            let mut tree = tree::lock();
            if let Ok(node) = find(&tree, entry.name) {
                set_times(&mut tree, node, &entry)?;
            }
        }
    }
    Ok(())
}

/// The components of a name in the archive.
fn components(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    name.split(|byte| *byte == b'/').filter(|part| !matches!(*part, b"" | b"."))
}

fn find(tree: &Tree, name: &[u8]) -> Result<NodeId> {
    components(name).try_fold(tree.root(), |directory, part| tree.lookup(directory, part))
}

fn set_times(tree: &mut Tree, node: NodeId, entry: &Entry) -> Result<()> {
    let time = Timestamp { seconds: i64::from(entry.mtime), nanoseconds: 0 };
    let attributes = tree.attributes_mut(node)?;
    (attributes.accessed, attributes.modified, attributes.changed) = (time, time, time);
    Ok(())
}

impl Unpacker {
    fn entry(&mut self, entry: &Entry) -> Result<()> {
        let mut tree = tree::lock();
        let mut directory = tree.root();
        let mut parts = components(entry.name).peekable();
        let Some(mut name) = parts.next() else { return self.root(&mut tree, entry) };
        for next in parts {
            directory = self.make_directory(&mut tree, directory, name)?;
            name = next;
        }
        if name == b".." {
            return Err(Errno::EINVAL);
        }
        let kind = entry.mode & S_IFMT;
        if let Ok(old) = tree.lookup(directory, name) {
            let old_kind = tree.node(old)?.attributes().mode & S_IFMT;
            if kind == S_IFDIR && old_kind == S_IFDIR {
                return set_attributes(&mut tree, old, entry);
            }
            let edit = tree.edit(&self.caller);
            // A later entry replaces an earlier one. Nothing is lost with it but names.
            let _ = match old_kind {
                S_IFDIR => tree.remove_directory(directory, name, &edit)?,
                _ => tree.unlink(directory, name, &edit)?,
            };
        }
        let new = NewNode { mode: entry.mode, uid: entry.uid, gid: entry.gid, rdev: number(entry) };
        let edit = tree.edit(&self.caller);
        let node = match kind {
            S_IFDIR => tree.create_directory(directory, name, new, &edit)?,
            S_IFLNK => tree.create_symbolic_link(directory, name, entry.data, new, &edit)?,
            _ => {
                let known = entry.link_key().and_then(|key| {
                    self.links.iter().find(|(known, _)| *known == key).map(|(_, node)| *node)
                });
                if let Some(node) = known {
                    tree.link(node, directory, name, &edit)?;
                    // Usually the last of a file's names comes with its data.
                    if !entry.data.is_empty() {
                        let content = self.content(entry)?;
                        if let Some(place) = tree.content_mut(node)? {
                            *place = content;
                        }
                    }
                    return Ok(());
                }
                let content = || self.content(entry);
                let node = tree.create_node(directory, name, new, content, &edit)?;
                if let Some(key) = entry.link_key() {
                    self.links.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
                    self.links.push((key, node));
                }
                node
            }
        };
        set_times(&mut tree, node, entry)
    }

    fn root(&self, tree: &mut Tree, entry: &Entry) -> Result<()> {
        let root = tree.root();
        if entry.mode & S_IFMT == S_IFDIR { set_attributes(tree, root, entry) } else { Ok(()) }
    }

    /// The directory `name`, made if the archive did not.
    fn make_directory(&self, tree: &mut Tree, directory: NodeId, name: &[u8]) -> Result<NodeId> {
        match tree.lookup(directory, name) {
            Err(Errno::ENOENT) if name != b".." => {
                let edit = tree.edit(&self.caller);
                let new = NewNode { mode: 0o755, ..NewNode::default() };
                tree.create_directory(directory, name, new, &edit)
            }
            found => found,
        }
    }

    fn content(&self, entry: &Entry) -> Result<Content> {
        if entry.mode & S_IFMT != S_IFREG {
            return content_of(entry.mode);
        }
        let start = PhysAddr::new(self.start.as_u64() + u64::from(entry.data_offset));
        let object = match entry.data.len() as u32 {
            0 => Object::memory(0)?,
            len => Object::archive(start, len)?,
        };
        Ok(Content::Regular(Regular::new(object, true)?))
    }
}

fn set_attributes(tree: &mut Tree, node: NodeId, entry: &Entry) -> Result<()> {
    let attributes = tree.attributes_mut(node)?;
    attributes.mode = attributes.mode & S_IFMT | entry.mode & 0o7777;
    (attributes.uid, attributes.gid) = (entry.uid, entry.gid);
    Ok(())
}

fn number(entry: &Entry) -> u32 {
    let (major, minor) = entry.node_device;
    DeviceNumber::new(major, minor).encode()
}

/// `/tmp` and `/dev`, which can be written, and the devices.
fn make_devices() -> Result<()> {
    const DEVICES: [(&[u8], u32, u32, u32); 8] = [
        (b"null", 0o666, 1, 3),
        (b"zero", 0o666, 1, 5),
        (b"full", 0o666, 1, 7),
        (b"random", 0o666, 1, 8),
        (b"urandom", 0o666, 1, 9),
        (b"kmsg", 0o644, 1, 11),
        (b"tty", 0o666, 5, 0),
        (b"console", 0o600, 5, 1),
    ];
    // What a process has open, by the server of /proc.
    const LINKS: [(&[u8], &[u8]); 4] = [
        (b"fd", b"/proc/self/fd"),
        (b"stdin", b"/proc/self/fd/0"),
        (b"stdout", b"/proc/self/fd/1"),
        (b"stderr", b"/proc/self/fd/2"),
    ];
    let caller = Caller::kernel()?;
    let mut tree = tree::lock();
    let tree = &mut tree;
    let root = tree.root();
    let dev = directory(tree, &caller, root, b"dev", 0o755)?;
    let shm = directory(tree, &caller, dev, b"shm", 0o1777)?;
    let tmp = directory(tree, &caller, root, b"tmp", 0o1777)?;
    for (name, mode, major, minor) in DEVICES {
        let mode = S_IFCHR | mode;
        let rdev = DeviceNumber::new(major, minor).encode();
        let new = NewNode { mode, rdev, ..NewNode::default() };
        let edit = tree.edit(&caller);
        match tree.create_node(dev, name, new, || content_of(mode), &edit) {
            // The archive has its own.
            Ok(_) | Err(Errno::EEXIST) => {}
            Err(error) => return Err(error),
        }
    }
    for (name, text) in LINKS {
        let new = NewNode { mode: 0o777, ..NewNode::default() };
        let edit = tree.edit(&caller);
        match tree.create_symbolic_link(dev, name, text, new, &edit) {
            Ok(_) | Err(Errno::EEXIST) => {}
            Err(error) => return Err(error),
        }
    }
    tree.seal();
    for node in [dev, shm, tmp] {
        tree.unseal(node)?;
    }
    Ok(())
}

/// The directory `name`, made if it is not there.
fn directory(
    tree: &mut Tree,
    caller: &Caller,
    parent: NodeId,
    name: &[u8],
    mode: u32,
) -> Result<NodeId> {
    let edit = tree.edit(caller);
    let new = NewNode { mode, ..NewNode::default() };
    match tree.create_directory(parent, name, new, &edit) {
        Err(Errno::EEXIST) => tree.lookup(parent, name),
        made => made,
    }
}

/// A file of the tree before there are processes: the kernel's own use.
pub fn file(path: &[u8]) -> Result<Arc<Object>> {
    let tree = tree::lock();
    match tree.node(find(&tree, path)?)?.content() {
        Some(Content::Regular(regular)) => Ok(regular.object().clone()),
        _ => Err(Errno::ENOENT),
    }
}

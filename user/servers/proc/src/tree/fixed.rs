//! The files of the machine, and the directories they are in.

use crate::Kernel;
use crate::process::kernel_page_tables;
use crate::system::*;
use crate::text::Text;
use alloc::format;
use alloc::vec::Vec;
use sys::abi::file::{DT_DIR, DT_LNK, DT_REG, S_IFDIR, S_IFLNK, S_IFREG};
use sys::node::{Asker, Entries, ROOT};
use sys::{Errno, Result};

/// A node whose number is its place in the list, counted from [`ROOT`].
pub struct Fixed {
    pub name: &'static str,
    /// The place of its directory.
    pub directory: usize,
    /// Type and permissions.
    pub mode: u32,
    pub content: Content,
}

/// What it holds.
pub enum Content {
    /// A text that is written at once.
    Whole(fn(&dyn Kernel, &mut Text) -> Result<()>),
    /// A text that is written in pieces.
    Pieces(fn(&dyn Kernel, u64, &mut Text) -> Result<Option<u64>>),
    /// A link that leads each asker to his own.
    Link(fn(&Asker) -> Vec<u8>),
    /// Other nodes.
    Directory,
}

const fn directory(name: &'static str, directory: usize) -> Fixed {
    Fixed { name, directory, mode: S_IFDIR | 0o555, content: Content::Directory }
}

const fn whole(
    name: &'static str,
    directory: usize,
    write: fn(&dyn Kernel, &mut Text) -> Result<()>,
) -> Fixed {
    Fixed { name, directory, mode: S_IFREG | 0o444, content: Content::Whole(write) }
}

const fn pieces(
    name: &'static str,
    write: fn(&dyn Kernel, u64, &mut Text) -> Result<Option<u64>>,
) -> Fixed {
    // Addresses of the kernel are for root.
    Fixed { name, directory: 0, mode: S_IFREG | 0o400, content: Content::Pieces(write) }
}

const fn link(name: &'static str, text: fn(&Asker) -> Vec<u8>) -> Fixed {
    Fixed { name, directory: 0, mode: S_IFLNK | 0o777, content: Content::Link(text) }
}

const SYS: usize = 1;
const SYS_KERNEL: usize = 2;
const SYS_VM: usize = 3;
const TTY: usize = 4;
const SYS_FS: usize = 39;
const SYS_FS_EPOLL: usize = 40;

/// All of them. New ones go to the end: their places are numbers of nodes that are open.
pub const FIXED: &[Fixed] = &[
    directory("", 0),
    directory("sys", 0),
    directory("kernel", SYS),
    directory("vm", SYS),
    directory("tty", 0),
    link("self", |asker| format!("{}", asker.pid).into_bytes()),
    link("thread-self", |asker| format!("{}/task/{}", asker.pid, asker.tid).into_bytes()),
    whole("buddyinfo", 0, buddyinfo),
    whole("cpuinfo", 0, cpuinfo),
    whole("devices", 0, devices),
    whole("filesystems", 0, filesystems),
    whole("interrupts", 0, interrupts),
    pieces("kmap", kmap),
    whole("loadavg", 0, loadavg),
    whole("meminfo", 0, meminfo),
    pieces("page_tables", kernel_page_tables),
    Fixed { mode: S_IFREG | 0o400, ..whole("slabinfo", 0, slabinfo) },
    whole("stat", 0, stat),
    whole("uptime", 0, uptime),
    whole("version", 0, version),
    pieces("vmallocinfo", vmallocinfo),
    whole("vmstat", 0, vmstat),
    whole("zoneinfo", 0, zoneinfo),
    whole("drivers", TTY, tty_drivers),
    whole("domainname", SYS_KERNEL, domainname),
    whole("hostname", SYS_KERNEL, hostname),
    whole("ngroups_max", SYS_KERNEL, ngroups_max),
    whole("osrelease", SYS_KERNEL, osrelease),
    whole("ostype", SYS_KERNEL, ostype),
    whole("pid_max", SYS_KERNEL, pid_max),
    whole("version", SYS_KERNEL, osversion),
    whole("min_free_kbytes", SYS_VM, min_free_kbytes),
    whole("mmap_min_addr", SYS_VM, mmap_min_addr),
    whole("overcommit_memory", SYS_VM, overcommit_memory),
    whole("overcommit_ratio", SYS_VM, overcommit_ratio),
    link("mounts", |_| b"self/mounts".to_vec()),
    whole("cmdline", 0, command_line),
    whole("partitions", 0, partitions),
    whole("swaps", 0, swaps),
    directory("fs", SYS),
    directory("epoll", SYS_FS),
    whole("max_user_watches", SYS_FS_EPOLL, max_user_watches),
];

fn place(node: u64) -> usize {
    node.checked_sub(ROOT).and_then(|place| usize::try_from(place).ok()).unwrap_or(usize::MAX)
}

fn node_at(place: usize) -> u64 {
    ROOT + place as u64
}

/// A node. ENOENT.
pub fn get(node: u64) -> Result<&'static Fixed> {
    FIXED.get(place(node)).ok_or(Errno::ENOENT)
}

fn in_directory(directory: usize) -> impl Iterator<Item = (usize, &'static Fixed)> {
    // The root is in itself.
    FIXED.iter().enumerate().skip(1).filter(move |(_, fixed)| fixed.directory == directory)
}

/// The node of this name in a directory.
pub fn find(directory: u64, name: &[u8]) -> Option<u64> {
    let found = in_directory(place(directory)).find(|(_, fixed)| fixed.name.as_bytes() == name);
    found.map(|(place, _)| node_at(place))
}

/// The directory above.
pub fn parent(directory: u64) -> Result<u64> {
    get(directory).map(|fixed| node_at(fixed.directory))
}

/// Where a node is.
pub fn path(node: u64) -> Result<Vec<u8>> {
    let fixed = get(node)?;
    let above = node_at(fixed.directory);
    let mut path = if above == ROOT { Vec::new() } else { self::path(above)? };
    path.push(b'/');
    path.extend_from_slice(fixed.name.as_bytes());
    Ok(path)
}

/// Lists a directory from `position` on. False if not all fitted.
pub fn list(directory: u64, position: u64, entries: &mut Entries) -> bool {
    let position = usize::try_from(position).unwrap_or(usize::MAX);
    for ((at, fixed), next) in in_directory(place(directory)).zip(1..).skip(position) {
        let kind = match fixed.content {
            Content::Directory => DT_DIR,
            Content::Link(_) => DT_LNK,
            _ => DT_REG,
        };
        if !entries.add(fixed.name.as_bytes(), node_at(at), kind, next) {
            return false;
        }
    }
    true
}

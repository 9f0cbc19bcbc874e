//! The files of each process and thread.

use super::number::{Number, Part};
use crate::process::*;
use crate::text::Text;
use sys::Result;
use sys::abi::file::{DT_DIR, DT_LNK, DT_REG};
use sys::node::{Asker, Entries, Object};

/// A file in the directory of a process.
pub struct File {
    pub name: &'static [u8],
    /// Permissions.
    pub mode: u32,
    /// Only who may look into the process may open it.
    pub is_private: bool,
    /// Not in the directories of threads.
    pub of_process_only: bool,
    pub kind: Kind,
}

/// What it holds.
pub enum Kind {
    /// A text that is written at once.
    Whole(fn(&Subject<'_>, &mut Text) -> Result<()>),
    /// A text that is written in pieces.
    Pieces(fn(&Subject<'_>, u64, &mut Text) -> Result<Option<u64>>),
    /// Bytes that are found by their offset.
    Bytes(fn(&Subject<'_>, u64, usize, Put<'_>) -> Result<()>),
    /// A number that can be written, and that controls fault injection: only in kernels with
    /// failpoints.
    Control(Control),
    /// Other nodes.
    Directory,
    /// It leads to something of the process.
    Link(Object),
}

/// How a number is read and written.
pub struct Control {
    pub read: fn(&Subject<'_>, &mut Text) -> Result<()>,
    pub write: fn(&Subject<'_>, &[u8], &Asker) -> Result<()>,
}

impl File {
    /// Whether it is there, for a process or for a thread.
    pub fn exists(&self, of: Number, has_failpoints: bool) -> bool {
        (of.tid == 0 || !self.of_process_only)
            && (has_failpoints || !matches!(self.kind, Kind::Control(_)))
    }
}

const fn file(name: &'static [u8], write: fn(&Subject<'_>, &mut Text) -> Result<()>) -> File {
    let kind = Kind::Whole(write);
    File { name, mode: 0o444, is_private: false, of_process_only: false, kind }
}

const fn bytes(
    name: &'static [u8],
    copy: fn(&Subject<'_>, u64, usize, Put<'_>) -> Result<()>,
) -> File {
    let kind = Kind::Bytes(copy);
    File { name, mode: 0o444, is_private: false, of_process_only: false, kind }
}

const fn private(file: File, mode: u32) -> File {
    File { mode, is_private: true, ..file }
}

const fn pieces(
    name: &'static [u8],
    write: fn(&Subject<'_>, u64, &mut Text) -> Result<Option<u64>>,
) -> File {
    let kind = Kind::Pieces(write);
    File { name, mode: 0o444, is_private: true, of_process_only: false, kind }
}

const fn control(name: &'static [u8], control: Control) -> File {
    let kind = Kind::Control(control);
    File { name, mode: 0o644, is_private: false, of_process_only: false, kind }
}

const fn link(name: &'static [u8], object: Object) -> File {
    let kind = Kind::Link(object);
    File { name, mode: 0o777, is_private: false, of_process_only: false, kind }
}

const fn directory(name: &'static [u8], mode: u32, of_process_only: bool) -> File {
    File { name, mode, is_private: false, of_process_only, kind: Kind::Directory }
}

/// All of them. New ones go to the end: their places are in numbers of nodes that are open.
pub const FILES: &[File] = &[
    directory(b"task", 0o555, true),
    directory(b"fd", 0o500, false),
    directory(b"fdinfo", 0o500, false),
    link(b"exe", Object::Program),
    link(b"cwd", Object::WorkingDirectory),
    link(b"root", Object::Root),
    private(file(b"auxv", auxv), 0o400),
    bytes(b"cmdline", cmdline),
    file(b"comm", comm),
    private(bytes(b"environ", environ), 0o400),
    file(b"limits", limits),
    pieces(b"maps", maps),
    private(bytes(b"pagemap", pagemap), 0o400),
    pieces(b"page_tables", page_tables),
    pieces(b"smaps", smaps),
    private(file(b"smaps_rollup", smaps_rollup), 0o444),
    file(b"stat", stat),
    file(b"statm", statm),
    file(b"status", status),
    file(b"wchan", wchan),
    file(b"mounts", mounts),
    file(b"mountinfo", mountinfo),
    control(b"fail-nth", Control { read: fail_nth, write: set_fail_nth }),
    control(b"make-it-fail", Control { read: make_it_fail, write: set_make_it_fail }),
];

/// Lists them from `position` on.
pub fn list(of: Number, position: u64, entries: &mut Entries, has_failpoints: bool) -> Result<()> {
    let position = usize::try_from(position).unwrap_or(usize::MAX);
    for ((index, file), next) in FILES.iter().enumerate().zip(1..).skip(position) {
        if !file.exists(of, has_failpoints) {
            continue;
        }
        let kind = match file.kind {
            Kind::Directory => DT_DIR,
            Kind::Link(_) => DT_LNK,
            _ => DT_REG,
        };
        let node = Number { part: Part::File(index), ..of }.node();
        if !entries.add(file.name, node, kind, next) {
            break;
        }
    }
    Ok(())
}

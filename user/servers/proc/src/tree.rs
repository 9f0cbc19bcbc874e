//! Which nodes there are.

use crate::Kernel;
use alloc::format;
use alloc::vec::Vec;
use sys::abi::file::{DT_LNK, DT_REG, NAME_MAX, S_IFDIR, S_IFLNK, S_IFREG, Statfs64};
use sys::node::{Asker, Attributes, Entries, FileSystem, Output, ROOT, Target};
use sys::{Errno, Result};

/// The tree of `/proc`.
pub struct Proc<K>(pub K);

/// What `statfs` shows of a `/proc`.
pub const PROC_SUPER_MAGIC: u32 = 0x9fa0;

const UPTIME: u64 = 2;
const VERSION: u64 = 3;
const SELF: u64 = 4;

/// What is in the root, besides processes.
const FILES: [(u64, &[u8], u32); 3] = [
    (UPTIME, b"uptime", S_IFREG | 0o444),
    (VERSION, b"version", S_IFREG | 0o444),
    (SELF, b"self", S_IFLNK | 0o777),
];

impl<K: Kernel> FileSystem for Proc<K> {
    fn look_up(&mut self, directory: u64, name: &[u8], _: &Asker) -> Result<u64> {
        let file = FILES.iter().find(|file| directory == ROOT && file.1 == name);
        file.map(|file| file.0).ok_or(Errno::ENOENT)
    }

    fn attributes(&mut self, node: u64, _: &Asker) -> Result<Attributes> {
        let (mode, nlink) = match FILES.iter().find(|file| file.0 == node) {
            Some(file) => (file.2, 1),
            None if node == ROOT => (S_IFDIR | 0o555, 2),
            None => return Err(Errno::ENOENT),
        };
        Ok(Attributes { ino: node, mode, nlink, ..Attributes::default() })
    }

    fn parent(&mut self, _: u64) -> Result<u64> {
        Ok(ROOT)
    }

    fn path(&mut self, node: u64) -> Result<Vec<u8>> {
        let file = FILES.iter().find(|file| file.0 == node).ok_or(Errno::ENOENT)?;
        Ok([b"/", file.1].concat())
    }

    fn read(&mut self, node: u64, offset: u64, to: &mut Output<'_>, _: &Asker) -> Result<()> {
        let text = match node {
            UPTIME => {
                let centiseconds = self.0.uptime()? / 10_000_000;
                let (seconds, rest) = (centiseconds / 100, centiseconds % 100);
                format!("{seconds}.{rest:02} 0.00\n").into_bytes()
            }
            VERSION => [&self.0.version()?[..], b"\n"].concat(),
            _ => return Err(Errno::EIO),
        };
        to.write_from(&text, offset)
    }

    fn read_directory(
        &mut self,
        directory: u64,
        position: u64,
        entries: &mut Entries,
        _: &Asker,
    ) -> Result<()> {
        if directory != ROOT {
            return Err(Errno::ENOTDIR);
        }
        let position = usize::try_from(position).unwrap_or(usize::MAX);
        for ((node, name, mode), next) in FILES.into_iter().zip(1..).skip(position) {
            let kind = if mode == S_IFLNK | 0o777 { DT_LNK } else { DT_REG };
            if !entries.add(name, node, kind, next) {
                break;
            }
        }
        Ok(())
    }

    fn read_link(&mut self, node: u64, asker: &Asker) -> Result<Target> {
        match node {
            SELF => Ok(Target::Text(format!("{}", asker.pid).into_bytes())),
            _ => Err(Errno::EINVAL),
        }
    }

    fn figures(&mut self) -> Result<Statfs64> {
        let (bsize, frsize) = (4096, 4096);
        let kind = PROC_SUPER_MAGIC;
        Ok(Statfs64 { kind, bsize, frsize, namelen: NAME_MAX, ..Statfs64::default() })
    }
}

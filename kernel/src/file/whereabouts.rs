//! What people are told of where an open file is: the texts behind `/proc/PID/fd` and `maps`.

use super::context::path_of;
use super::description::{File, Kind, Node};
use super::found::Found;
use super::place::Place;
use super::served::next_mount;
use super::status::FileStatus;
use crate::mm::space::KeptOpen;
use crate::result::{Errno, Result};
use abi::file::{S_IFDIR, S_IFREG};
use abi::node::Attributes;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::any::Any;

impl Found {
    /// The path seen from `root`, or what it is if it has none.
    pub fn whereabouts(&self, root: Place) -> Result<Vec<u8>> {
        match self {
            Self::Open(file) => file.whereabouts(root),
            found => path_of(found.place()?, root),
        }
    }
}

impl File {
    /// The description that a mapping keeps open.
    pub fn of_mapping(kept: Arc<dyn KeptOpen>) -> Option<Arc<Self>> {
        let kept: Arc<dyn Any + Send + Sync> = kept;
        kept.downcast().ok()
    }

    /// As [`status`](Self::status), but nobody is asked: of a server's node, which may be that of
    /// whoever wants to know, only number and type.
    pub fn shown_status(&self) -> Result<FileStatus> {
        let Some(served) = self.served() else { return self.status() };
        let mode = if self.is_directory() { S_IFDIR } else { S_IFREG };
        Ok(served.status(&Attributes { ino: served.place().node, mode, ..Attributes::default() }))
    }

    /// Its path seen from `root`, or what it is if it has none.
    pub fn whereabouts(&self, root: Place) -> Result<Vec<u8>> {
        match self.node_of() {
            Node::Held(held) => match path_of(held.place(), root) {
                Err(Errno::ENOENT) => numbered(b"/#", held.node().inode_number(), b" (deleted)"),
                path => path,
            },
            Node::Served(served) => match path_of(served.place(), root) {
                // The server itself asks.
                Err(Errno::EDEADLK) => path_of(served.covered().place(), root),
                path => path,
            },
            Node::Anonymous { ino, .. } => match self.kind() {
                Kind::Socket(_) => numbered(b"socket:[", *ino, b"]"),
                Kind::Epoll(_) => joined(&[b"anon_inode:[eventpoll]"]),
                Kind::Eventfd(_) => joined(&[b"anon_inode:[eventfd]"]),
                Kind::Timerfd(_) => joined(&[b"anon_inode:[timerfd]"]),
                Kind::Signalfd(_) => joined(&[b"anon_inode:[signalfd]"]),
                _ => numbered(b"pipe:[", *ino, b"]"),
            },
        }
    }
}

/// The path of the directory that a mount is on, seen from `root`. ENOENT if there is no such mount.
pub fn mount_path(number: u32, root: Place) -> Result<Vec<u8>> {
    let mount = number.checked_sub(1).and_then(next_mount);
    let mount = mount.filter(|mount| mount.number() == number).ok_or(Errno::ENOENT)?;
    path_of(mount.covered_place(), root)
}

fn numbered(before: &[u8], number: u32, behind: &[u8]) -> Result<Vec<u8>> {
    let mut digits = [0; 10];
    let (mut first, mut rest) = (digits.len(), number);
    loop {
        first -= 1;
        if let Some(digit) = digits.get_mut(first) {
            *digit = b'0' + (rest % 10) as u8;
        }
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    joined(&[before, digits.get(first..).unwrap_or_default(), behind])
}

fn joined(parts: &[&[u8]]) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    for part in parts {
        text.try_reserve(part.len()).map_err(|_| Errno::ENOMEM)?;
        text.extend_from_slice(part);
    }
    Ok(text)
}

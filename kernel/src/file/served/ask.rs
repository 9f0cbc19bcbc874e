//! Asking a server, as the running task.

use super::Mount;
use crate::file::access::Caller;
use crate::ipc::attachments::{Attachments, LentMemory};
use crate::ipc::lease;
use crate::ipc::request::{self, Question};
use crate::ipc::slot::Words;
use crate::mm::user::UserSlice;
use crate::process::{CurrentThread, current};
use crate::result::{Errno, Result};
use abi::Plain;
use abi::ipc::{LENT_READ, LENT_WRITE, Tag};
use abi::node::{Asker, Request};
use abi::permission::Looker;
use alloc::boxed::Box;
use alloc::vec::Vec;
use kcore::lease::{Lease, LeaseAccess, MAX_LEASE_PAGES};

/// Memory of the kernel's that a request lends: parts one behind the other.
pub struct Lent {
    attachments: Box<Attachments>,
    bytes: Vec<u8>,
}

/// What a server replied, its memory given back.
pub struct Answer {
    words: Words,
    count: usize,
    bytes: Vec<u8>,
}

impl Lent {
    pub fn new() -> Result<Self> {
        Ok(Self { attachments: Attachments::new().boxed()?, bytes: Vec::new() })
    }

    /// One more lease: bytes for the server to read.
    pub fn read(mut self, bytes: &[u8]) -> Result<Self> {
        self.add(bytes.len(), LeaseAccess::Read)?;
        self.bytes.extend_from_slice(bytes);
        Ok(self)
    }

    /// One more lease: supplementary groups.
    pub fn groups(mut self, groups: &[u32]) -> Result<Self> {
        self.add(size_of_val(groups), LeaseAccess::Read)?;
        self.bytes.extend(groups.iter().flat_map(|group| group.to_le_bytes()));
        Ok(self)
    }

    /// One more lease: place for so many bytes.
    pub fn write(mut self, len: usize) -> Result<Self> {
        self.add(len, LeaseAccess::Write)?;
        self.bytes.resize(self.bytes.len() + len, 0);
        Ok(self)
    }

    fn add(&mut self, len: usize, access: LeaseAccess) -> Result<()> {
        self.bytes.try_reserve(len).map_err(|_| Errno::ENOMEM)?;
        let lease = Lease { start: self.bytes.len() as u32, len: len as u32, access };
        self.attachments.leases.add(lease, u32::MAX)
    }

    fn finish(self) -> Box<Attachments> {
        let Self { mut attachments, bytes } = self;
        attachments.memory = LentMemory::Kernel(bytes);
        attachments
    }
}

impl Answer {
    /// The first words of the reply. EIO if there are not so many.
    pub fn words<const N: usize>(&self) -> Result<[u32; N]> {
        match self.words.first_chunk() {
            Some(words) if N <= self.count => Ok(*words),
            _ => Err(Errno::EIO),
        }
    }

    /// A number of bytes, of which there is place for `room`.
    pub fn length(&self, room: usize) -> Result<usize> {
        let [length] = self.words()?;
        let length = length as usize;
        if length <= room { Ok(length) } else { Err(Errno::EIO) }
    }

    /// A structure that the server filled in, from byte `start` of what was lent on.
    pub fn structure<T: Plain>(&self, start: usize) -> Result<T> {
        let bytes = self.bytes.get(start..).unwrap_or_default();
        T::take(bytes).map(|(value, _)| value).ok_or(Errno::EIO)
    }

    /// Everything that was lent.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

impl Mount {
    /// Asks on behalf of `caller`. The server's errors are the program's.
    pub fn ask(&self, request: Request, caller: &Caller, lent: Option<Lent>) -> Result<Answer> {
        self.send(request, caller, lent.map(Lent::finish))
    }

    /// Asks with a part of the running program's memory lent, which is as long as can be lent at once.
    /// Returns the answer and that length. EFAULT if the memory is not there.
    pub fn ask_with(
        &self,
        request: Request,
        caller: &Caller,
        memory: &UserSlice,
        access: LeaseAccess,
    ) -> Result<(Answer, usize)> {
        let len = u32::try_from(memory.len()).unwrap_or(u32::MAX);
        let whole = Lease { start: memory.address(), len, access };
        let lease = whole.cut(MAX_LEASE_PAGES);
        let (lease, attachments) = match pin(&lease) {
            // What is there of it goes first, as in Linux's copies.
            Err(Errno::EFAULT) if lease.pages() > 1 => {
                let first = lease.cut(1);
                (first, pin(&first)?)
            }
            attachments => (lease, attachments?),
        };
        Ok((self.send(request, caller, Some(attachments))?, lease.len as usize))
    }

    fn send(
        &self,
        request: Request,
        caller: &Caller,
        attachments: Option<Box<Attachments>>,
    ) -> Result<Answer> {
        let thread = current();
        let encoded = request.encode(asker(&thread, caller));
        let mut words: Words = [0; _];
        for (place, word) in words.iter_mut().zip(encoded.words) {
            *place = word;
        }
        let leases = attachments.as_ref().map_or(0, |attachments| attachments.leases.len());
        let tag = Tag::new(encoded.label, encoded.count as u32).with(leases, 0).retry();
        let from = thread.process().ipc.level();
        let question = Question { tag, words, from, attachments };
        let answer = request::call(self.port(), question)?;
        let bytes = match answer.attachments.map(|attachments| attachments.memory) {
            Some(LentMemory::Kernel(bytes)) => bytes,
            _ => Vec::new(),
        };
        Ok(Answer { words: answer.words, count: answer.tag.words() as usize, bytes })
    }
}

fn asker(thread: &CurrentThread, caller: &Caller) -> Asker {
    let (pid, tid) = (thread.process().pid(), thread.tid());
    let Looker { user, group, is_privileged } = caller.looker();
    Asker { pid, tid, user, group, sees_all: is_privileged.into() }
}

fn pin(lease: &Lease) -> Result<Box<Attachments>> {
    let access = if lease.access == LeaseAccess::Read { LENT_READ } else { LENT_WRITE };
    let mut attachments = Attachments::new().boxed()?;
    let lent = abi::ipc::Lent { address: lease.start, length: lease.len, access };
    lease::pin(&current().mm(), &[lent], &mut attachments)?;
    Ok(attachments)
}

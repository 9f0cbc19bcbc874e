//! Descriptors that travel with messages: SCM_RIGHTS.

use super::collector::{Sockets, bury, collect, collect_all, let_go, suspect};
use super::packet::Packet;
use crate::file::caller;
use crate::file::description::File;
use crate::result::{Errno, Result};
use crate::sync::Mutex;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};
use kcore::socket::{Mark, Traffic, Travellers};

/// What one message carries.
pub struct Rights {
    files: Vec<Arc<File>>,
    /// Who sends them.
    user: u32,
    /// In somebody's [`Graves`](super::Graves).
    pub(super) next: Option<Box<Self>>,
}

/// How a file that is a socket travels. Changes while [`TRANSIT`] is locked.
pub struct Travel {
    /// How many messages carry it.
    messages: AtomicU32,
    pub(super) mark: Mark,
}

impl Travel {
    pub const fn new() -> Self {
        Self { messages: AtomicU32::new(0), mark: Mark::new() }
    }

    #[inline]
    pub(super) fn messages(&self) -> u32 {
        self.messages.load(Relaxed)
    }
}

/// What is on its way.
pub(super) struct Transit {
    pub(super) sockets: Travellers<Sockets>,
    /// How many files all messages of a user carry.
    users: Vec<(u32, usize)>,
}

impl Transit {
    /// Room for a message with so many sockets. ENOMEM.
    fn reserve(&mut self, count: usize) -> Result<()> {
        self.sockets.reserve(count)?;
        self.users.try_reserve(1).map_err(|_| Errno::ENOMEM)
    }

    /// Keeps no room while nothing is on its way.
    fn shrink(&mut self) {
        self.sockets.shrink();
        if self.users.is_empty() {
            self.users = Vec::new();
        }
    }
}

/// While it is locked, no message with rights comes or goes.
pub(super) static TRANSIT: Mutex<Transit> =
    Mutex::new(Transit { sockets: Travellers::new(), users: Vec::new() });
/// How many files all messages carry.
pub(super) static CARRIED: AtomicUsize = AtomicUsize::new(0);

impl Rights {
    /// ETOOMANYREFS if the user has more on their way than a process may have open.
    pub fn new(files: Vec<Arc<File>>) -> Result<Box<Self>> {
        let user = caller::real_user();
        if is_over_limit(user) && !caller::is_privileged() {
            collect_all();
            if is_over_limit(user) {
                return Err(Errno::ETOOMANYREFS);
            }
        }
        Box::try_new(Self { files, user, next: None }).map_err(|_| Errno::ENOMEM)
    }

    pub fn files(&self) -> &[Arc<File>] {
        &self.files
    }

    /// The same once more, for who only looks.
    fn again(&self) -> Result<Box<Self>> {
        let mut files = Vec::new();
        files.try_reserve_exact(self.files.len()).map_err(|_| Errno::ENOMEM)?;
        files.extend(self.files.iter().cloned());
        Box::try_new(Self { files, user: self.user, next: None }).map_err(|_| Errno::ENOMEM)
    }

    pub(super) fn sockets(&self) -> impl Iterator<Item = &Arc<File>> {
        self.files.iter().filter(|file| file.socket().is_some())
    }
}

fn is_over_limit(user: u32) -> bool {
    let limit = caller::descriptor_limit() as usize;
    CARRIED.load(Relaxed) > limit
        && TRANSIT.lock().users.iter().any(|(of, files)| *of == user && *files > limit)
}

/// Sends a message with rights off by `push`, whose result says whether it is on its way. Who calls it
/// [`collect`]s at its end. ENOMEM.
pub fn depart<R, E>(
    packet: &Packet,
    push: impl FnOnce() -> core::result::Result<R, E>,
) -> Result<core::result::Result<R, E>> {
    let mut transit = TRANSIT.lock();
    let most = packet.with_rights(|rights| rights.map_or(0, |rights| rights.sockets().count()));
    let pushed = transit.reserve(most).map(|()| push());
    if !matches!(pushed, Ok(Ok(_))) {
        transit.shrink();
        return pushed;
    }
    let Transit { sockets, users } = &mut *transit;
    packet.with_rights(|rights| {
        let Some(rights) = rights else { return };
        CARRIED.fetch_add(rights.files.len(), Relaxed);
        match users.iter_mut().find(|(user, _)| *user == rights.user) {
            Some((_, files)) => *files += rights.files.len(),
            None => users.push((rights.user, rights.files.len())),
        }
        for file in rights.sockets() {
            if file.travel().messages.fetch_add(1, Relaxed) == 0 {
                sockets.add(file.clone());
            }
        }
        // All others may have let go of them while the sender waited.
        rights.sockets().filter(|file| !Sockets::is_open(file)).for_each(|file| {
            suspect(sockets, file);
        });
    });
    packet.set_travelling();
    pushed
}

/// Takes along what a message carries; with `peek` it stays there too.
pub fn arrive(packet: &Packet, peek: bool) -> Result<Option<Box<Rights>>> {
    if !packet.has_rights() {
        return Ok(None);
    }
    let mut transit = TRANSIT.lock();
    if peek {
        return packet.with_rights(|rights| rights.map(|rights| rights.again()).transpose());
    }
    Ok(packet.take_rights().inspect(|rights| forget(&mut transit, rights)))
}

/// They are not on their way any more.
pub(super) fn forget(transit: &mut Transit, rights: &Rights) {
    CARRIED.fetch_sub(rights.files.len(), Relaxed);
    let Transit { sockets, users } = transit;
    if let Some(place) = users.iter().position(|(user, _)| *user == rights.user)
        && let Some((_, files)) = users.get_mut(place)
    {
        *files -= rights.files.len();
        if *files == 0 {
            users.swap_remove(place);
        }
    }
    for file in rights.sockets() {
        if file.travel().messages.fetch_sub(1, Relaxed) == 1 {
            // Not the last reference: the message's is still there.
            sockets.remove(file);
        }
    }
    transit.shrink();
}

/// A message goes that nobody has received.
pub fn lose(packet: &Packet) {
    let rights = {
        let mut transit = TRANSIT.lock();
        let rights = packet.take_rights();
        if let Some(rights) = &rights
            && packet.is_travelling()
        {
            forget(&mut transit, rights);
        }
        rights
    };
    if let Some(rights) = rights {
        bury(rights);
    }
}

impl Drop for Rights {
    fn drop(&mut self) {
        self.files.drain(..).for_each(let_go);
        collect();
    }
}

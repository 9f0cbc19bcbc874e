//! Descriptors that travel with messages: SCM_RIGHTS.
//!
//! A message may carry a socket that is only open in messages, at worst in those that wait at itself.
//! Sockets on their way are known here, and when nobody outside can come to one any more, what its
//! messages carry is dropped ([`collect`]). To become such a one it must lose a reference meanwhile.

use super::packet::Packet;
use super::{Endpoint, Socket};
use crate::file::caller;
use crate::file::description::File;
use crate::result::{Errno, Result};
use crate::sync::Mutex;
use crate::task::might_resched;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::Cell;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::Relaxed};
use kcore::socket::{Mark, Traffic, Travellers};

/// What one message carries.
pub struct Rights {
    files: Vec<Arc<File>>,
    /// Who sends them.
    user: u32,
    /// In somebody's [`Graves`].
    next: Option<Box<Self>>,
}

/// How a file that is a socket travels. Changes while [`TRANSIT`] is locked.
pub struct Travel {
    /// How many messages carry it.
    messages: AtomicU32,
    mark: Mark,
}

impl Travel {
    pub const fn new() -> Self {
        Self { messages: AtomicU32::new(0), mark: Mark::new() }
    }

    #[inline]
    fn messages(&self) -> u32 {
        self.messages.load(Relaxed)
    }
}

/// Open files that are sockets.
struct Sockets;

impl Traffic for Sockets {
    type Traveller = Arc<File>;

    fn is_open(traveller: &Arc<File>) -> bool {
        // The list's own reference is one.
        Arc::strong_count(traveller) > Self::messages(traveller) as usize + 1
    }

    fn messages(traveller: &Arc<File>) -> u32 {
        traveller.travel().messages()
    }

    fn each_carried(traveller: &Arc<File>, visit: &mut impl FnMut(&Arc<File>)) {
        let Some(socket) = traveller.socket() else { return };
        each_packet(socket, &mut |packet| {
            packet.with_rights(|rights| {
                rights.into_iter().flat_map(Rights::sockets).for_each(&mut *visit);
            });
        });
    }

    fn mark(traveller: &Arc<File>) -> &Mark {
        &traveller.travel().mark
    }
}

/// What is on its way.
struct Transit {
    sockets: Travellers<Sockets>,
    /// How many files all messages of a user carry.
    users: Vec<(u32, usize)>,
}

/// While it is locked, no message with rights comes or goes.
static TRANSIT: Mutex<Transit> =
    Mutex::new(Transit { sockets: Travellers::new(), users: Vec::new() });
/// There are suspects among the sockets.
static IS_SUSPICIOUS: AtomicBool = AtomicBool::new(false);
/// How many files all messages carry.
static CARRIED: AtomicUsize = AtomicUsize::new(0);

/// What nobody received and a thread is to close. Each does so itself: nobody waits for another one's
/// turn at the processor.
pub struct Graves {
    last: Cell<Option<Box<Rights>>>,
    is_digging: Cell<bool>,
}

impl Graves {
    pub const fn new() -> Self {
        Self { last: Cell::new(None), is_digging: Cell::new(false) }
    }

    fn add(&self, mut rights: Box<Rights>) {
        rights.next = self.last.take();
        self.last.set(Some(rights));
    }

    fn next(&self) -> Option<Box<Rights>> {
        let mut last = self.last.take()?;
        self.last.set(last.next.take());
        Some(last)
    }

    /// Closes all; the thread may be at it already.
    fn dig(&self) {
        if self.is_digging.replace(true) {
            return;
        }
        loop {
            while let Some(rights) = self.next() {
                drop(rights);
                might_resched();
            }
            // Without memory there is a next time.
            if !IS_SUSPICIOUS.load(Relaxed) || empty_lost(self).is_err() {
                break;
            }
        }
        self.is_digging.set(false);
    }
}

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

    fn sockets(&self) -> impl Iterator<Item = &Arc<File>> {
        self.files.iter().filter(|file| file.socket().is_some())
    }
}

fn is_over_limit(user: u32) -> bool {
    let limit = caller::descriptor_limit() as usize;
    CARRIED.load(Relaxed) > limit
        && TRANSIT.lock().users.iter().any(|(of, files)| *of == user && *files > limit)
}

/// Sends a message with rights off by `push`, whose result says whether it is on its way. ENOMEM.
pub fn depart<R, E>(
    packet: &Packet,
    push: impl FnOnce() -> core::result::Result<R, E>,
) -> Result<core::result::Result<R, E>> {
    let mut transit = TRANSIT.lock();
    let Transit { sockets, users } = &mut *transit;
    let most = packet.with_rights(|rights| rights.map_or(0, |rights| rights.sockets().count()));
    sockets.reserve(most)?;
    users.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
    let pushed = push();
    if pushed.is_ok() {
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
        });
        packet.set_travelling();
    }
    Ok(pushed)
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
fn forget(transit: &mut Transit, rights: &Rights) {
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
    if users.is_empty() {
        *users = Vec::new();
    }
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

/// Drops a reference to a file. If it travels, that may have been the last from outside: then
/// [`collect`].
#[inline]
pub fn let_go(file: Arc<File>) {
    if file.travel().messages() != 0 {
        let_travel(file);
    }
}

#[cold]
fn let_travel(file: Arc<File>) {
    let mut transit = TRANSIT.lock();
    // It may have arrived meanwhile.
    if file.travel().messages() != 0 {
        transit.sockets.suspect(&file);
        IS_SUSPICIOUS.store(true, Relaxed);
        // While nobody looks. Not the last one: messages have it.
        drop(file);
    }
}

impl Drop for Rights {
    fn drop(&mut self) {
        self.files.drain(..).for_each(let_go);
        collect();
    }
}

/// Closes files, which may be sockets at which such messages wait, and so on: one after the other, not
/// one inside of the other.
fn bury(rights: Box<Rights>) {
    caller::with_graves(|graves| {
        graves.add(rights);
        graves.dig();
    });
}

/// Empties the messages of sockets that only such messages keep open, if there may be any.
#[inline]
pub fn collect() {
    if IS_SUSPICIOUS.load(Relaxed) {
        caller::with_graves(Graves::dig);
    }
}

/// The same when any of them may have lost a reference: a call of another thread may have had one
/// longest.
pub fn collect_all() {
    if CARRIED.load(Relaxed) != 0 {
        let mut transit = TRANSIT.lock();
        transit.sockets.suspect_all();
        IS_SUSPICIOUS.store(transit.sockets.has_suspects(), Relaxed);
    }
    collect();
}

/// What waits at sockets that nobody can come to is to be buried.
fn empty_lost(graves: &Graves) -> Result<()> {
    let mut transit = TRANSIT.lock();
    let lost = transit.sockets.lost(might_resched)?;
    IS_SUSPICIOUS.store(false, Relaxed);
    for socket in lost.iter().filter_map(|file| file.socket()) {
        each_packet(socket, &mut |packet| {
            if let Some(rights) = packet.take_rights() {
                forget(&mut transit, &rights);
                graves.add(rights);
            }
        });
        might_resched();
    }
    Ok(())
}

/// Visits all messages that wait at a socket, or at a connection that waits there.
fn each_packet(socket: &Socket, visit: &mut impl FnMut(&Arc<Packet>)) {
    match &*socket.0 {
        Endpoint::Stream(stream) => stream.each_packet(visit),
        Endpoint::Datagram(datagram) => datagram.each_packet(visit),
    }
}

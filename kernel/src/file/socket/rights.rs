//! Descriptors that travel with messages: SCM_RIGHTS.
//!
//! A message may carry a socket that is only open in messages, at worst in those that wait at itself.
//! Sockets on their way are known here, and when nobody outside can come to one any more, what its
//! messages carry is dropped ([`collect`]).

use super::packet::Packet;
use super::{Endpoint, Socket};
use crate::file::caller;
use crate::file::description::File;
use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use kcore::socket::spread;

/// What one message carries.
pub struct Rights {
    files: Vec<Arc<File>>,
    /// Who sends them.
    user: u32,
    /// In [`GRAVES`].
    next: Option<Box<Self>>,
}

/// A socket that is on its way.
struct Traveller {
    file: Arc<File>,
    /// In so many messages.
    messages: usize,
}

/// What is on its way.
struct Travellers {
    /// Sorted by address.
    sockets: Vec<Traveller>,
    /// How many files all messages of a user carry.
    users: Vec<(u32, usize)>,
}

/// While it is locked, no message with rights comes or goes.
static TRAVELLERS: SpinLock<Travellers> =
    SpinLock::new(Rank::SocketRights, Travellers { sockets: Vec::new(), users: Vec::new() });
/// How many files all messages carry.
static CARRIED: AtomicUsize = AtomicUsize::new(0);

/// What nobody received and is to be closed.
static GRAVES: SpinLock<Graves> =
    SpinLock::new(Rank::Rights, Graves { last: None, is_digging: false });

struct Graves {
    last: Option<Box<Rights>>,
    is_digging: bool,
}

impl Rights {
    /// ETOOMANYREFS if the user has more on their way than a process may have open.
    pub fn new(files: Vec<Arc<File>>) -> Result<Box<Self>> {
        let user = caller::real_user();
        if is_over_limit(user) && !caller::is_privileged() {
            collect();
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
        && TRAVELLERS.lock().users.iter().any(|(of, files)| *of == user && *files > limit)
}

fn place(travellers: &[Traveller], file: &Arc<File>) -> core::result::Result<usize, usize> {
    travellers.binary_search_by_key(&Arc::as_ptr(file), |other| Arc::as_ptr(&other.file))
}

/// Sends a message with rights off by `push`, whose result says whether it is on its way. ENOMEM.
pub fn depart<R, E>(
    packet: &Packet,
    push: impl FnOnce() -> core::result::Result<R, E>,
) -> Result<core::result::Result<R, E>> {
    let mut travellers = TRAVELLERS.lock();
    let most = packet.with_rights(|rights| rights.map_or(0, |rights| rights.sockets().count()));
    travellers.sockets.try_reserve(most).map_err(|_| Errno::ENOMEM)?;
    travellers.users.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
    let pushed = push();
    if pushed.is_ok() {
        packet.with_rights(|rights| {
            let Some(rights) = rights else { return };
            CARRIED.fetch_add(rights.files.len(), Relaxed);
            let Travellers { sockets, users } = &mut *travellers;
            match users.iter_mut().find(|(user, _)| *user == rights.user) {
                Some((_, files)) => *files += rights.files.len(),
                None => users.push((rights.user, rights.files.len())),
            }
            for file in rights.sockets() {
                match place(sockets, file) {
                    Ok(found) => {
                        if let Some(traveller) = sockets.get_mut(found) {
                            traveller.messages += 1;
                        }
                    }
                    Err(place) => {
                        sockets.insert(place, Traveller { file: file.clone(), messages: 1 });
                    }
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
    let mut travellers = TRAVELLERS.lock();
    if peek {
        return packet.with_rights(|rights| rights.map(|rights| rights.again()).transpose());
    }
    Ok(packet.take_rights().inspect(|rights| forget(&mut travellers, rights)))
}

/// They are not on their way any more.
fn forget(travellers: &mut Travellers, rights: &Rights) {
    CARRIED.fetch_sub(rights.files.len(), Relaxed);
    let Travellers { sockets, users } = travellers;
    if let Some(place) = users.iter().position(|(user, _)| *user == rights.user)
        && let Some((_, files)) = users.get_mut(place)
    {
        *files -= rights.files.len();
        if *files == 0 {
            users.swap_remove(place);
        }
    }
    for file in rights.sockets() {
        let Ok(found) = place(sockets, file) else { continue };
        let Some(traveller) = sockets.get_mut(found) else { continue };
        traveller.messages -= 1;
        if traveller.messages == 0 {
            // Not the last reference: the message's is still there.
            sockets.remove(found);
        }
    }
    if sockets.is_empty() {
        *sockets = Vec::new();
    }
    if users.is_empty() {
        *users = Vec::new();
    }
}

/// A message goes that nobody has received.
pub fn lose(packet: &Packet) {
    let rights = {
        let mut travellers = TRAVELLERS.lock();
        let rights = packet.take_rights();
        if let Some(rights) = &rights
            && packet.is_travelling()
        {
            forget(&mut travellers, rights);
        }
        rights
    };
    if let Some(rights) = rights {
        bury(rights);
    }
}

/// Closes files, which may be sockets at which such messages wait, and so on: one after the other, not
/// one inside of the other. If somebody is at it already, it is left to him.
fn bury(rights: Box<Rights>) {
    {
        let mut graves = GRAVES.lock();
        let mut rights = rights;
        rights.next = graves.last.take();
        graves.last = Some(rights);
        if core::mem::replace(&mut graves.is_digging, true) {
            return;
        }
    }
    while let Some(rights) = next_grave() {
        drop(rights);
    }
}

fn next_grave() -> Option<Box<Rights>> {
    let mut graves = GRAVES.lock();
    let mut last = graves.last.take();
    match &mut last {
        Some(rights) => graves.last = rights.next.take(),
        None => graves.is_digging = false,
    }
    last
}

/// Empties the messages of sockets that only such messages keep open.
pub fn collect() {
    if CARRIED.load(Relaxed) == 0 {
        return;
    }
    let mut lost = None;
    {
        let mut travellers = TRAVELLERS.lock();
        // Without memory there is a next time.
        let Ok(reached) = reachable(&travellers.sockets) else { return };
        let mut rest = reached.iter();
        let mut empty = |packet: &Arc<Packet>| {
            if let Some(mut rights) = packet.take_rights() {
                rights.next = lost.take();
                lost = Some(rights);
            }
        };
        for traveller in &travellers.sockets {
            if rest.next() == Some(&false)
                && let Some(socket) = traveller.file.socket()
            {
                each_packet(socket, &mut empty);
            }
        }
        let mut next = &lost;
        while let Some(rights) = next {
            forget(&mut travellers, rights);
            next = &rights.next;
        }
    }
    while let Some(mut rights) = lost {
        lost = rights.next.take();
        bury(rights);
    }
}

/// Which travellers somebody can come to.
fn reachable(travellers: &[Traveller]) -> Result<Vec<bool>> {
    let mut reached = Vec::new();
    reached.try_reserve_exact(travellers.len()).map_err(|_| Errno::ENOMEM)?;
    // The table's own reference is one.
    let is_open = |one: &Traveller| Arc::strong_count(&one.file) > one.messages + 1;
    reached.extend(travellers.iter().map(is_open));
    // In so many messages that wait at travellers.
    let mut inside = Vec::new();
    inside.try_reserve_exact(travellers.len()).map_err(|_| Errno::ENOMEM)?;
    inside.resize(travellers.len(), 0);
    let (mut edges, mut result) = (Vec::new(), Ok(()));
    for (from, traveller) in (0..).zip(travellers) {
        let Some(socket) = traveller.file.socket() else { continue };
        each_packet(socket, &mut |packet| {
            packet.with_rights(|rights| {
                let carried = rights.into_iter().flat_map(Rights::sockets);
                for to in carried.filter_map(|file| place(travellers, file).ok()) {
                    if let Some(messages) = inside.get_mut(to) {
                        *messages += 1;
                    }
                    match edges.try_reserve(1) {
                        Ok(()) => edges.push((from, to as u32)),
                        Err(_) => result = Err(Errno::ENOMEM),
                    }
                }
            });
        });
    }
    result?;
    // The others wait at a socket that is open, or are just sent or received.
    for (reached, (one, inside)) in reached.iter_mut().zip(travellers.iter().zip(inside)) {
        *reached |= one.messages > inside;
    }
    spread(&mut reached, &mut edges).map(|()| reached)
}

/// Visits all messages that wait at a socket, or at a connection that waits there.
fn each_packet(socket: &Socket, visit: &mut impl FnMut(&Arc<Packet>)) {
    match &*socket.0 {
        Endpoint::Stream(stream) => stream.each_packet(visit),
        Endpoint::Datagram(datagram) => datagram.each_packet(visit),
    }
}

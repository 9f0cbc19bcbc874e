//! Finds the sockets that nobody can come to any more, and closes what waits at them.
//!
//! A message may carry a socket that is only open in messages, at worst in those that wait at itself.
//! Sockets on their way are known in [`TRANSIT`], and when nobody outside can come to one any more,
//! what its messages carry is dropped ([`collect`]). That can happen to one that loses a reference on
//! its way ([`let_go`]), and to one that is not open any more when it departs
//! ([`depart`](super::rights::depart)): only those are looked at. Calls that are not about sockets do
//! not say what they had longest: it is found when a process ends, or a user has too much on its way
//! ([`collect_all`]).

use super::packet::Packet;
use super::rights::{CARRIED, Rights, TRANSIT, forget};
use super::{Endpoint, Socket};
use crate::file::caller;
use crate::file::description::File;
use crate::result::Result;
use crate::task::might_resched;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::cell::Cell;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use kcore::socket::{Mark, Traffic, Travellers};

/// Open files that are sockets.
pub(super) struct Sockets;

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

/// There are suspects among the sockets.
static IS_SUSPICIOUS: AtomicBool = AtomicBool::new(false);

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
        suspect(&mut transit.sockets, &file);
        // While nobody looks. Not the last one: messages have it.
        drop(file);
    }
}

/// Nobody may be able to come to it any more.
pub(super) fn suspect(sockets: &mut Travellers<Sockets>, file: &Arc<File>) {
    sockets.suspect(file);
    IS_SUSPICIOUS.store(true, Relaxed);
}

/// Closes files, which may be sockets at which such messages wait, and so on: one after the other, not
/// one inside of the other.
pub(super) fn bury(rights: Box<Rights>) {
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

//! What sockets are called, and who is called so.

use super::Endpoint;
use crate::file::place::{Place, built_in};
use crate::file::{caller, names};
use crate::process::current;
use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock};
use abi::file::{S_IFMT, S_IFSOCK, W_OK};
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use kcore::socket::{Name, SocketKind, automatic};

/// A name as programs are told it: what stands behind the family.
pub struct Address(Vec<u8>);

/// By what a socket is found.
#[derive(PartialEq, Eq)]
enum Key {
    /// Each kind of sockets has names of its own.
    Abstract(SocketKind, Arc<Address>),
    /// The node of its path, which may have other names meanwhile, or none.
    Node(Place),
}

/// Sockets that have a name, as long as they are open.
static NAMES: SpinLock<Names> =
    SpinLock::new(Rank::SocketNames, Names { entries: Vec::new(), reserved: 0 });

struct Names {
    entries: Vec<(Key, Weak<Endpoint>)>,
    /// There is memory for so many more.
    reserved: usize,
}

/// Memory for a name.
struct Reserved;

/// The automatic name that is tried next.
static NEXT_AUTOMATIC: AtomicU32 = AtomicU32::new(0);
const AUTOMATIC_NAMES: u32 = 1 << 20;

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Address {}

impl Address {
    fn new(parts: [&[u8]; 2]) -> Result<Arc<Self>> {
        let mut bytes = Vec::new();
        for part in parts {
            bytes.try_reserve_exact(part.len()).map_err(|_| Errno::ENOMEM)?;
            bytes.extend_from_slice(part);
        }
        Arc::try_new(Self(bytes)).map_err(|_| Errno::ENOMEM)
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The socket of a name, if it is of that kind: ECONNREFUSED if there is none, EPROTOTYPE; for a path
/// first what leads nowhere, then EACCES.
pub fn find(name: Name, kind: SocketKind) -> Result<Arc<Endpoint>> {
    let found = match name {
        Name::None => return Err(Errno::EINVAL),
        Name::Path(path) => {
            let place = place_of(path)?;
            search(|key| matches!(key, Key::Node(other) if *other == place))
        }
        Name::Abstract(name) => search(
            |key| matches!(key, Key::Abstract(other, address) if *other == kind && address.bytes() == name),
        ),
    };
    let found = found.ok_or(Errno::ECONNREFUSED)?;
    if found.kind() == kind { Ok(found) } else { Err(Errno::EPROTOTYPE) }
}

fn search(is_it: impl Fn(&Key) -> bool) -> Option<Arc<Endpoint>> {
    let names = NAMES.lock();
    names.entries.iter().find(|(key, _)| is_it(key)).and_then(|(_, socket)| socket.upgrade())
}

/// The node of a socket that the caller may write to.
fn place_of(path: &[u8]) -> Result<Place> {
    caller::from_working_directory(|start| {
        let found = start.find(path, true)?;
        let attributes = found.attributes(start.caller)?;
        start.caller.may(&attributes, W_OK)?;
        if attributes.mode & S_IFMT != S_IFSOCK {
            return Err(Errno::ECONNREFUSED);
        }
        found.place().map_err(|_| Errno::ECONNREFUSED)
    })
}

impl Reserved {
    fn new() -> Result<Self> {
        let mut names = NAMES.lock();
        let more = names.reserved + 1;
        names.entries.try_reserve(more).map_err(|_| Errno::ENOMEM)?;
        names.reserved = more;
        Ok(Self)
    }

    /// EADDRINUSE.
    fn fill(self, key: Key, socket: &Arc<Endpoint>) -> Result<()> {
        let mut names = NAMES.lock();
        if names.entries.iter().any(|(other, _)| *other == key) {
            return Err(Errno::EADDRINUSE);
        }
        names.entries.push((key, Arc::downgrade(socket)));
        Ok(())
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        let mut names = NAMES.lock();
        names.reserved -= 1;
        names.shrink();
    }
}

impl Names {
    /// Gives back the memory when nobody needs it.
    fn shrink(&mut self) {
        if self.entries.is_empty() && self.reserved == 0 {
            self.entries = Vec::new();
        }
    }
}

/// Nobody finds the socket any more.
pub fn forget(socket: &Arc<Endpoint>) {
    let mut names = NAMES.lock();
    names.entries.retain(|(_, other)| !core::ptr::eq(other.as_ptr(), Arc::as_ptr(socket)));
    names.shrink();
}

/// Gives a socket a name. EADDRINUSE; EINVAL if it has one.
pub fn bind(socket: &Arc<Endpoint>, name: Name) -> Result<()> {
    let end = socket.end();
    let _turn = end.changing.lock();
    let is_bound = end.name().is_some();
    let address = match name {
        Name::None if is_bound => return Ok(()),
        Name::None => bind_anyhow(socket)?,
        Name::Abstract(_) if is_bound => return Err(Errno::EINVAL),
        Name::Abstract(name) => bind_abstract(socket, name)?,
        Name::Path(path) if is_bound => {
            let is_there = caller::from_working_directory(|start| start.find(path, false));
            return Err(if is_there.is_ok() { Errno::EADDRINUSE } else { Errno::EINVAL });
        }
        Name::Path(path) => bind_path(socket, path)?,
    };
    end.name.call_once(|| address);
    Ok(())
}

fn bind_abstract(socket: &Arc<Endpoint>, name: &[u8]) -> Result<Arc<Address>> {
    let address = Address::new([name, b""])?;
    Reserved::new()?.fill(Key::Abstract(socket.kind(), address.clone()), socket)?;
    Ok(address)
}

/// ENOSPC if all names are taken.
fn bind_anyhow(socket: &Arc<Endpoint>) -> Result<Arc<Address>> {
    for _ in 0..AUTOMATIC_NAMES {
        let number = NEXT_AUTOMATIC.fetch_add(1, Relaxed) % AUTOMATIC_NAMES;
        match bind_abstract(socket, &automatic(number)) {
            Err(Errno::EADDRINUSE) => crate::task::might_resched(),
            bound => return bound,
        }
    }
    Err(Errno::ENOSPC)
}

fn bind_path(socket: &Arc<Endpoint>, path: &[u8]) -> Result<Arc<Address>> {
    let address = Address::new([path, b"\0"])?;
    // Before the name is made, which nobody would be at otherwise.
    let reserved = Reserved::new()?;
    let mode = S_IFSOCK | 0o777 & !current().fs().umask();
    let made = caller::from_working_directory(|start| names::mknod(start, path, mode, 0));
    let node = made.map_err(|error| match error {
        Errno::EEXIST => Errno::EADDRINUSE,
        other => other,
    })?;
    reserved.fill(Key::Node(built_in(node)), socket)?;
    Ok(address)
}

//! A server in the caller's own process, for tests of servers and of their clients.

use super::client::Lease;
use super::{Answer, Call, Caller, Connection, Handle, Lender, Server, Token};
use crate::{Errno, Result};
use abi::ipc::{LENT_READ, LENT_WRITE, Lent, MAX_LEASES};
use core::cell::{Cell, RefCell};

/// Calls go straight to the server's `handle`.
pub struct Loopback<S> {
    server: RefCell<S>,
    next_token: Cell<u32>,
    /// What callers find as their badge.
    pub badge: Cell<u32>,
    /// Whether the server takes callers for the kernel.
    pub is_kernel: Cell<bool>,
}

impl<S> Loopback<S> {
    /// A connection to `server`.
    pub const fn new(server: S) -> Self {
        let (next_token, badge, is_kernel) = (Cell::new(1), Cell::new(0), Cell::new(false));
        Self { server: RefCell::new(server), next_token, badge, is_kernel }
    }

    /// Looks at the server. Panics while it handles a call.
    pub fn with<R>(&self, look: impl FnOnce(&mut S) -> R) -> R {
        look(&mut self.server.borrow_mut())
    }
}

struct Lent4<'a>(RefCell<[Option<Lease<'a>>; MAX_LEASES as usize]>);

impl<S: Server> Connection for Loopback<S> {
    /// A server that calls itself gets EDEADLK; what it answers later never comes: EOPNOTSUPP.
    fn call(&self, call: Call<'_>) -> Result<Answer> {
        let mut server = self.server.try_borrow_mut().map_err(|_| Errno::EDEADLK)?;
        let mut leases = [Lent::default(); MAX_LEASES as usize];
        for (lent, lease) in leases.iter_mut().zip(call.leases.iter().flatten()) {
            let (length, access) = match lease {
                Lease::Read(bytes) => (bytes.len(), LENT_READ),
                Lease::Write(bytes) => (bytes.len(), LENT_WRITE),
            };
            lent.length = u32::try_from(length).map_err(|_| Errno::E2BIG)?;
            lent.access = access;
        }
        let handles = call
            .handles
            .map(|passed| passed.and_then(|(handle, rights)| handle.duplicate(rights).ok()));
        let lender = Lent4(RefCell::new(call.leases));
        let token = Token(self.next_token.replace(self.next_token.get().wrapping_add(1)));
        let badge = self.badge.get();
        let is_kernel = self.is_kernel.get();
        let mut caller = Caller { badge, token, is_kernel, leases, handles, lender: &lender };
        let reply = server.handle(&call.message, &mut caller)?;
        let parts = reply.into_parts().ok_or(Errno::EOPNOTSUPP)?;
        let message = parts.message.with_label(0);
        let handles = parts.handles.map(|passed| passed.map(|(handle, _): (Handle, _)| handle));
        Ok(Answer { message, handles })
    }
}

impl Lender for Lent4<'_> {
    fn read(&self, _: Token, lease: u32, offset: u32, bytes: &mut [u8]) -> Result<usize> {
        match self.0.borrow().get(lease as usize).and_then(Option::as_ref) {
            Some(Lease::Read(from)) => {
                let from = from.get(offset as usize..).ok_or(Errno::EFAULT)?;
                Ok(copy(bytes, from))
            }
            Some(Lease::Write(_)) => Err(Errno::EPERM),
            None => Err(Errno::EINVAL),
        }
    }

    fn write(&self, _: Token, lease: u32, offset: u32, bytes: &[u8]) -> Result<usize> {
        match self.0.borrow_mut().get_mut(lease as usize).and_then(Option::as_mut) {
            Some(Lease::Write(to)) => {
                let to = to.get_mut(offset as usize..).ok_or(Errno::EFAULT)?;
                Ok(copy(to, bytes))
            }
            Some(Lease::Read(_)) => Err(Errno::EPERM),
            None => Err(Errno::EINVAL),
        }
    }
}

fn copy(to: &mut [u8], from: &[u8]) -> usize {
    to.iter_mut().zip(from).map(|(to, from)| *to = *from).count()
}

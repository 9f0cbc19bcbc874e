//! What a handle is for.

use super::port::Port;
use crate::result::{Errno, Result};
use alloc::sync::Arc;
use core::any::Any;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use kcore::handles::Held;

/// Something that handles name.
pub trait Object: Any + Send + Sync {
    fn revocations(&self) -> &Revocations;
}

/// How often the handles for an object were revoked. A handle remembers the number at its making.
#[derive(Default)]
pub struct Revocations(AtomicU32);

impl Revocations {
    pub const fn new() -> Self {
        Self(AtomicU32::new(0))
    }
}

/// A counted reference. Ports are told apart because every message asks for one.
#[derive(Clone)]
enum Reference {
    Port(Arc<Port>),
    Other(Arc<dyn Object>),
}

/// A reference that can be revoked.
#[derive(Clone)]
pub struct Grant {
    reference: Reference,
    revocations: u32,
}

/// What a handle holds, or what is on its way in a message.
pub type HeldObject = Held<Grant>;

impl Grant {
    pub fn for_port(port: Arc<Port>) -> Self {
        let revocations = port.revocations.0.load(Relaxed);
        Self { reference: Reference::Port(port), revocations }
    }

    pub fn for_object(object: Arc<dyn Object>) -> Self {
        let revocations = object.revocations().0.load(Relaxed);
        Self { reference: Reference::Other(object), revocations }
    }

    fn count(&self) -> &AtomicU32 {
        match &self.reference {
            Reference::Port(port) => &port.revocations.0,
            Reference::Other(object) => &object.revocations().0,
        }
    }

    /// Whether it has not been revoked.
    #[inline]
    pub fn is_valid(&self) -> bool {
        self.revocations == self.count().load(Relaxed)
    }

    /// Revokes all other references to the object.
    pub fn revoke_others(&mut self) {
        self.revocations = self.count().fetch_add(1, Relaxed).wrapping_add(1);
    }

    /// The port. EBADF if it is something else or revoked.
    #[inline]
    pub fn port(&self) -> Result<&Arc<Port>> {
        match &self.reference {
            Reference::Port(port) if self.is_valid() => Ok(port),
            _ => Err(Errno::EBADF),
        }
    }

    /// The object. EBADF if it is something else or revoked.
    pub fn object<T: Object>(&self) -> Result<Arc<T>> {
        match &self.reference {
            Reference::Other(object) if self.is_valid() => {
                let object: Arc<dyn Any + Send + Sync> = object.clone();
                object.downcast().map_err(|_| Errno::EBADF)
            }
            _ => Err(Errno::EBADF),
        }
    }
}

//! Processes as handles, for those that look after them.

use super::object::{HeldObject, Object, Revocations};
use super::port::Port;
use crate::process::table::{find, lock_family};
use crate::process::{CurrentThread, Process, signal};
use crate::result::{Errno, Result};
use abi::signal::{NSIG, SI_USER};
use alloc::sync::Arc;
use kcore::signal::Info;

pub struct Child {
    process: Arc<Process>,
    revocations: Revocations,
}

impl Object for Child {
    fn revocations(&self) -> &Revocations {
        &self.revocations
    }
}

impl Child {
    /// A child of the running process; ECHILD if it is none.
    pub fn open(parent: &CurrentThread, pid: i32) -> Result<Arc<Self>> {
        let process = {
            let family = lock_family();
            find(&family, pid).map_err(|_| Errno::ECHILD)?.1.clone()
        };
        if process.parent_pid() != parent.process().pid() {
            return Err(Errno::ECHILD);
        }
        Arc::try_new(Self { process, revocations: Revocations::new() }).map_err(|_| Errno::ENOMEM)
    }

    /// Has bits of a port set at its end.
    pub fn watch(&self, port: Arc<Port>, bits: u32) {
        self.process.ipc.watch(port, bits);
    }

    /// Gives it a handle; returns the number there. ESRCH if it has ended.
    pub fn give(&self, held: HeldObject) -> Result<u32> {
        self.process.ipc.insert(held)
    }

    /// Sends a signal by the running process. ESRCH if the child has been waited for.
    pub fn signal(&self, sender: &CurrentThread, signal: i32) -> Result<()> {
        if !(1..=NSIG).contains(&signal) {
            return Err(Errno::EINVAL);
        }
        let fields = [sender.process().pid(), 0, 0, 0, 0, 0, 0, 0, 0];
        let info = Info { signal, errno: 0, code: SI_USER, fields };
        let mut family = lock_family();
        let is_there = match family.get(self.process.slot()) {
            Some(member) => Arc::ptr_eq(&member.process, &self.process),
            None => false,
        };
        if !is_there {
            return Err(Errno::ESRCH);
        }
        signal::send_to_process(&mut family, &self.process, &info)
    }
}

//! What a tracer is told of the threads it traces.
//!
//! A tracer is a handle (`trace_create`). `trace_attach` has it told of what a thread does, as
//! [`Event`]s that `trace_next` takes one by one. A thread that has caused an event stands still
//! until `trace_resume`, so strings can be read (`process_vm_readv`) before they change; what it
//! does not wait for is said at each kind. A tracer changes nothing of what its threads do: signals
//! take effect as they would without it, SIGKILL also while they stand still. When the last handle
//! is closed, all go on untraced.
//!
//! A tracer must be as privileged as for Linux's ptrace, and at least as trusted as what it traces:
//! calls only go down, so nothing that stands still is what the tracer itself waits for.

use crate::plain::{Plain, structure};
use crate::signal::Siginfo;

/// Tell of system calls.
pub const TRACE_CALLS: u32 = 1 << 0;
/// Tell of page faults.
pub const TRACE_FAULTS: u32 = 1 << 1;
/// Trace what the traced threads make, threads and processes, from its first instruction on.
pub const TRACE_CHILDREN: u32 = 1 << 2;
/// All that can be asked for. Signals, stops and ends are always told.
pub const TRACE_ALL: u32 = TRACE_CALLS | TRACE_FAULTS | TRACE_CHILDREN;

structure! {
    /// Something a traced thread did.
    pub struct Event: 144 {
        /// Which of [`What`].
        pub kind: u32,
        /// The thread.
        pub tid: i32,
        /// Its process.
        pub pid: i32,
        /// Faults before this that nobody had room to tell of.
        pub lost: u32,
        /// By kind.
        pub body: [u8; 128],
    }

    /// A system call, as it began or as it ended.
    pub struct Call: 44 {
        /// The vector of the table: 0x80 or 0x81.
        pub table: u32,
        /// Number in the table.
        pub number: u32,
        /// EBX ECX EDX ESI EDI EBP, before or after.
        pub registers: [u32; 6],
        /// EAX afterwards.
        pub result: u32,
        /// Cycles between the two, whatever else ran meanwhile.
        pub cycles: u64,
    }

    /// A page fault, after it was served.
    pub struct Fault: 56 {
        /// The address that was accessed.
        pub address: u32,
        /// `ACCESS_*`.
        pub access: u32,
        /// What was done: `FAULT_*`.
        pub kind: u32,
        /// `FAULT_IN_KERNEL` and others.
        pub flags: u32,
        /// The frame that is mapped now.
        pub frame: u32,
        /// Its zone, as of [`crate::syscall::folio::ZONE_DMA`].
        pub zone: u32,
        /// Cached neighbours that were mapped with it.
        pub around: u32,
        /// Of the instruction.
        pub instruction: u32,
        /// The area, in bytes; both 0 where there is none.
        pub start: u32,
        /// Its end.
        pub end: u32,
        /// Its flags: Linux's VM_READ and so on.
        pub area_flags: u32,
        /// What lies at its start, in pages of the file.
        pub page_offset: u32,
        /// Cycles that serving it took.
        pub cycles: u64,
    }
}

/// What an [`Event`] says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum What {
    /// A call begins.
    CallEntered(Call),
    /// A call has ended. `exit` never does; `execve` ends in the new program.
    CallLeft(Call),
    /// A page fault. The thread does not stand still for one inside the kernel
    /// ([`FAULT_IN_KERNEL`]).
    Fault(Fault),
    /// A signal is about to take effect, or to be ignored.
    Signal(Siginfo),
    /// The thread begins to be traced because this one made it.
    Started {
        /// Its maker.
        by: i32,
    },
    /// The thread executes another program. Its id is its process's from now on.
    Executed {
        /// The id it had.
        former: i32,
    },
    /// The process is about to stop because of this signal.
    Stopped {
        /// The signal.
        signal: i32,
    },
    /// The thread has ended, with this wait status. It is traced no more, and does not wait.
    Ended {
        /// As of `waitpid`.
        status: i32,
    },
}

const CALL_ENTERED: u32 = 1;
const CALL_LEFT: u32 = 2;
const FAULT: u32 = 3;
const SIGNAL: u32 = 4;
const STARTED: u32 = 5;
const STOPPED: u32 = 6;
const ENDED: u32 = 7;
const EXECUTED: u32 = 8;

/// For reading.
pub const ACCESS_READ: u32 = 0;
/// For writing.
pub const ACCESS_WRITE: u32 = 1;
/// For executing.
pub const ACCESS_EXECUTE: u32 = 2;

/// Nothing had to be done any more.
pub const FAULT_RETRY: u32 = 0;
/// The zero page was mapped.
pub const FAULT_ZERO: u32 = 1;
/// A cleared page of its own.
pub const FAULT_ANONYMOUS: u32 = 2;
/// A private page that others have too was copied.
pub const FAULT_COPY: u32 = 3;
/// A page of a file was copied.
pub const FAULT_COPY_CACHED: u32 = 4;
/// A private page became writable, because nobody else has it any more.
pub const FAULT_REUSE: u32 = 5;
/// A cached page was mapped.
pub const FAULT_CACHED: u32 = 6;
/// A shared page became writable.
pub const FAULT_WRITABLE: u32 = 7;
/// The object got a page that it did not have.
pub const FAULT_NEW: u32 = 8;
/// SIGSEGV or SIGBUS, or EFAULT for the kernel's copies.
pub const FAULT_SIGNAL: u32 = 9;
/// There was no memory.
pub const FAULT_NO_MEMORY: u32 = 10;
/// How many kinds there are.
pub const FAULT_KINDS: u32 = 11;

/// By a copy of the kernel's to or from the program.
pub const FAULT_IN_KERNEL: u32 = 1 << 0;
/// Input was waited for.
pub const FAULT_MAJOR: u32 = 1 << 1;
/// The stack grew.
pub const FAULT_STACK: u32 = 1 << 2;

impl Event {
    /// An event as it travels.
    pub fn new(tid: i32, pid: i32, what: &What) -> Self {
        let mut body = [0; 128];
        let place = &mut body;
        let (kind, put) = match what {
            What::CallEntered(call) => (CALL_ENTERED, call.put(place)),
            What::CallLeft(call) => (CALL_LEFT, call.put(place)),
            What::Fault(fault) => (FAULT, fault.put(place)),
            What::Signal(info) => (SIGNAL, info.put(place)),
            What::Started { by } => (STARTED, by.put(place)),
            What::Executed { former } => (EXECUTED, former.put(place)),
            What::Stopped { signal } => (STOPPED, signal.put(place)),
            What::Ended { status } => (ENDED, status.put(place)),
        };
        debug_assert!(put.is_some());
        Self { kind, tid, pid, lost: 0, body }
    }

    /// What it says; `None` for a kind this library does not know.
    pub fn what(&self) -> Option<What> {
        Some(match self.kind {
            CALL_ENTERED => What::CallEntered(self.take()?),
            CALL_LEFT => What::CallLeft(self.take()?),
            FAULT => What::Fault(self.take()?),
            SIGNAL => What::Signal(self.take()?),
            STARTED => What::Started { by: self.take()? },
            EXECUTED => What::Executed { former: self.take()? },
            STOPPED => What::Stopped { signal: self.take()? },
            ENDED => What::Ended { status: self.take()? },
            _ => return None,
        })
    }

    fn take<T: Plain>(&self) -> Option<T> {
        T::take(&{ self.body }).map(|(value, _)| value)
    }

    /// Whether the thread stands still until it is resumed.
    pub fn waits(&self) -> bool {
        match self.what() {
            Some(What::Fault(fault)) => fault.flags & FAULT_IN_KERNEL == 0,
            Some(What::Ended { .. }) => false,
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_says_what_was_put_into_it() {
        let registers = [1, 2, 3, 4, 5, 6];
        let call = Call { table: 0x80, number: 4, registers, result: 7, cycles: 0x1_0000_0002 };
        let fault = Fault {
            address: 1,
            access: 2,
            kind: 3,
            flags: FAULT_MAJOR,
            frame: 5,
            zone: 6,
            around: 7,
            instruction: 8,
            start: 9,
            end: 10,
            area_flags: 11,
            page_offset: 12,
            cycles: u64::MAX - 1,
        };
        let all = [
            (What::CallEntered(call), true),
            (What::CallLeft(call), true),
            (What::Fault(fault), true),
            (What::Fault(Fault { flags: FAULT_IN_KERNEL, ..fault }), false),
            (What::Signal(Siginfo::child(1, 2, 3, 4, 5, 6)), true),
            (What::Started { by: -1 }, true),
            (What::Executed { former: 5 }, true),
            (What::Stopped { signal: 19 }, true),
            (What::Ended { status: 0x100 }, false),
        ];
        for (what, waits) in all {
            let event = Event::new(12, 13, &what);
            assert_eq!((event.tid, event.pid, event.what()), (12, 13, Some(what)));
            assert_eq!(event.waits(), waits);
        }
        assert_eq!(Event::default().what(), None);
    }
}

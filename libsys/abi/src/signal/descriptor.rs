//! Signals read from a descriptor: `signalfd`.

use super::info::{SI_TIMER, SI_USER, Siginfo};
use super::number::{SIGBUS, SIGCHLD, SIGFPE, SIGILL, SIGSEGV, SIGTRAP};
use crate::plain::structure;

structure! {
    /// Why a signal was sent. Fields that say nothing about it are 0.
    pub struct SignalfdSiginfo: 128 {
        /// The signal.
        pub signo: u32,
        /// 0.
        pub errno: i32,
        /// Why, as in [`Siginfo`].
        pub code: i32,
        /// The sender or child.
        pub pid: u32,
        /// Whose that is.
        pub uid: u32,
        /// Of a descriptor that is ready.
        pub fd: i32,
        /// The timer.
        pub tid: u32,
        /// What the descriptor is ready for.
        pub band: u32,
        /// Expiries of the timer that were passed over.
        pub overrun: u32,
        /// 0.
        pub trapno: u32,
        /// Exit code or signal of a child.
        pub status: i32,
        /// What the sender gave along.
        pub int: i32,
        /// The same as an address.
        pub ptr: u64,
        /// Processor time of a child, in clock ticks.
        pub utime: u64,
        /// The same in the kernel.
        pub stime: u64,
        /// Where the fault was.
        pub addr: u64,
        /// 0.
        pub unused: [u32; 12],
    }
}

impl SignalfdSiginfo {
    /// From what a handler would be given.
    #[must_use]
    pub const fn new(info: &Siginfo) -> Self {
        let [a, b, c, d, e, ..] = info.fields;
        let bare = Self {
            signo: info.signo.cast_unsigned(),
            errno: info.errno,
            code: info.code,
            pid: 0,
            uid: 0,
            fd: 0,
            tid: 0,
            band: 0,
            overrun: 0,
            trapno: 0,
            status: 0,
            int: 0,
            ptr: 0,
            utime: 0,
            stime: 0,
            addr: 0,
            unused: [0; 12],
        };
        let by_kernel = info.code > SI_USER && info.code < 0x80;
        match info.signo {
            _ if info.code == SI_TIMER => Self {
                tid: a,
                overrun: b,
                int: c.cast_signed(),
                ptr: c as i32 as i64 as u64,
                ..bare
            },
            SIGILL | SIGFPE | SIGSEGV | SIGBUS | SIGTRAP if by_kernel => {
                Self { addr: a as u64, ..bare }
            }
            SIGCHLD if by_kernel => Self {
                pid: a,
                uid: b,
                status: c.cast_signed(),
                utime: d as u64,
                stime: e as u64,
                ..bare
            },
            _ if info.code < 0 => {
                Self { pid: a, uid: b, int: c.cast_signed(), ptr: c as i32 as i64 as u64, ..bare }
            }
            _ => Self { pid: a, uid: b, ..bare },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::*;
    use super::*;

    #[test]
    fn each_kind_has_its_own_fields() {
        let sent = SignalfdSiginfo::new(&Siginfo::sent(10, SI_USER, 7, 8));
        assert_eq!(({ sent.signo }, { sent.pid }, { sent.uid }, { sent.addr }), (10, 7, 8, 0));
        let child = SignalfdSiginfo::new(&Siginfo::child(CLD_EXITED, 7, 8, 3, 20, 30));
        assert_eq!(({ child.status }, { child.utime }, { child.stime }), (3, 20, 30));
        let fault = SignalfdSiginfo::new(&Siginfo::fault(SIGSEGV, SEGV_MAPERR, 0x1234));
        assert_eq!(({ fault.addr }, { fault.pid }), (0x1234, 0));
        let mut timer = Siginfo::sent(14, SI_TIMER, 2, 5);
        timer.fields[2] = u32::MAX;
        let timer = SignalfdSiginfo::new(&timer);
        assert_eq!(({ timer.tid }, { timer.overrun }, { timer.int }), (2, 5, -1));
        let mut queued = Siginfo::sent(34, SI_QUEUE, 2, 5);
        queued.fields[2] = 99;
        let queued = SignalfdSiginfo::new(&queued);
        assert_eq!(({ queued.pid }, { queued.int }, { queued.ptr }), (2, 99, 99));
    }
}

//! What can fail.

use crate::Errno;

/// What an injected fault does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// What was asked for is not to be had.
    Fails,
    /// It is to be had later.
    Waits,
    /// It does not come.
    Lost,
    /// It comes though nothing was there, or once more.
    Extra,
    /// It comes [`FAULT_LATE`](super::FAULT_LATE) after its time.
    Late,
}

/// The one table: `Name = number "name" Effect [errno, …] "document: errno, …"`, and what fails.
macro_rules! failpoints {
    ($(
        $(#[doc = $what:literal])*
        $name:ident = $number:literal $text:literal $effect:ident [$($errno:ident),*]
            $document:literal,
    )*) => {
        /// A kind of failure. Its number is its bit in [`FaultPlan::points`](super::FaultPlan).
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u32)]
        pub enum Failpoint {
            $( $(#[doc = $what])* $name = $number, )*
        }

        impl Failpoint {
            /// All, by number.
            pub const ALL: &[Self] = &[$( Self::$name, )*];

            /// As reports, boot options and filters spell it.
            pub const fn name(self) -> &'static str {
                match self { $( Self::$name => $text, )* }
            }

            /// What a fault of this kind does.
            pub const fn effect(self) -> Effect {
                match self { $( Self::$name => Effect::$effect, )* }
            }

            /// What a program may see of it, where the call that failed does not say otherwise.
            pub const fn errnos(self) -> &'static [Errno] {
                match self { $( Self::$name => &[$(Errno::$errno),*], )* }
            }

            /// Where that is written down: a manual page, a section of POSIX, or this crate's own
            /// documentation; behind a colon the errors that are found there.
            pub const fn documented(self) -> &'static str {
                match self { $( Self::$name => $document, )* }
            }

            /// What fails, for people.
            pub const fn what(self) -> &'static str {
                match self { $( Self::$name => concat!($($what),*), )* }
            }
        }
    };
}

failpoints! {
    /// One page frame that must lie in the direct map.
    PageLow = 0 "fail_page_alloc" Fails [ENOMEM] "POSIX.1-2017 XSH 2.3: ENOMEM",
    /// One page frame from anywhere.
    PageHigh = 1 "fail_page_high" Fails [ENOMEM] "POSIX.1-2017 XSH 2.3: ENOMEM",
    /// Several neighbouring page frames.
    PageBlock = 2 "fail_page_block" Fails [ENOMEM] "POSIX.1-2017 XSH 2.3: ENOMEM",
    /// An object of the kernel's heap.
    Slab = 3 "failslab" Fails [ENOMEM] "POSIX.1-2017 XSH 2.3: ENOMEM",
    /// An area of vmalloc.
    Vmalloc = 4 "fail_vmalloc" Fails [ENOMEM] "POSIX.1-2017 XSH 2.3: ENOMEM",
    /// A page table.
    PageTable = 5 "fail_page_table" Fails [ENOMEM] "POSIX.1-2017 XSH 2.3: ENOMEM",
    /// A slot of kmap, at first: all slots are in use, and those that can be are freed.
    Kmap = 6 "fail_kmap" Waits [] "abi::failpoint::Effect",
    /// A copy from a program's memory.
    UserCopyIn = 7 "fail_usercopy_in" Fails [EFAULT] "POSIX.1-2017 XSH 2.3: EFAULT",
    /// A copy to a program's memory.
    UserCopyOut = 8 "fail_usercopy_out" Fails [EFAULT] "POSIX.1-2017 XSH 2.3: EFAULT",
    /// Room for what an edit may add to the areas of an address space.
    VmaReserve = 9 "fail_vma_reserve" Fails [ENOMEM] "mmap(2): ENOMEM",
    /// A step of fork.
    Fork = 10 "fail_fork" Fails [EAGAIN, ENOMEM] "fork(2): EAGAIN, ENOMEM",
    /// A step of exec, before the old program is lost.
    Exec = 11 "fail_exec" Fails [ENOMEM] "execve(2): ENOMEM",
    /// The delivery of a message.
    Message = 12 "fail_message" Fails [EIO] "abi::syscall::ipc, call: EIO",
    /// Memory lent with a message.
    Lease = 13 "fail_lease" Fails [ENOMEM] "abi::syscall::ipc, call: ENOMEM",
    /// Room in a table of handles.
    HandleTable = 14 "fail_handle_table" Fails [EMFILE] "abi::syscall::ipc, handle_duplicate: EMFILE",
    /// Room in a table of descriptors.
    FdTable = 15 "fail_fd_table" Fails [EMFILE] "open(2): EMFILE",
    /// The word that a futex call is about.
    Futex = 16 "fail_futex" Fails [EFAULT] "futex(2): EFAULT",
    /// A step of a path's walk.
    PathWalk = 17 "fail_path_walk" Fails [ENOMEM] "open(2): ENOMEM",
    /// The bits of a notification.
    NotifyLost = 18 "fail_notify_lost" Lost [] "abi::failpoint::Effect",
    /// The bits of a notification, which can be taken twice.
    NotifyTwice = 19 "fail_notify_twice" Extra [] "abi::failpoint::Effect",
    /// An interrupt for a driver, by a line that is triggered by edges: others cannot lose any.
    IrqLost = 20 "fail_irq_lost" Lost [] "abi::failpoint::Effect",
    /// An interrupt for a driver, as soon as it has acknowledged another one.
    IrqSpurious = 21 "fail_irq_spurious" Extra [] "abi::failpoint::Effect",
    /// An interrupt for a driver.
    IrqLate = 22 "fail_irq_late" Late [] "abi::failpoint::Effect",
    /// The end of a sleep, a time limit, an alarm.
    TimerLate = 23 "fail_timer_late" Late [] "abi::failpoint::Effect",
}

impl Failpoint {
    /// The failpoint of a number.
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.get(usize::try_from(number).ok()?).copied()
    }

    /// The failpoint of a name.
    pub fn from_name(name: &[u8]) -> Option<Self> {
        Self::ALL.iter().copied().find(|point| point.name().as_bytes() == name)
    }

    /// Whether a fault of this kind is answered at once. What does not come, or at another time, may
    /// keep somebody waiting.
    pub const fn is_answered(self) -> bool {
        matches!(self.effect(), Effect::Fails | Effect::Waits)
    }

    /// Whether a call may fail for it. What comes late, twice or not at all is no error of any call, and
    /// what waits gets what it wants.
    pub const fn is_refusal(self) -> bool {
        !self.errnos().is_empty()
    }

    /// The bits of all that are.
    pub fn answered() -> u64 {
        let answered = Self::ALL.iter().filter(|point| point.is_answered());
        answered.fold(0, |bits, point| bits | point.bit())
    }

    /// Its bit in [`FaultPlan::points`](super::FaultPlan).
    pub const fn bit(self) -> u64 {
        1 << self as u32
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use std::string::String;
    use std::vec::Vec;

    #[test]
    fn numbers_and_names_lead_back() {
        for (number, &point) in (0..).zip(Failpoint::ALL) {
            assert_eq!(point as u32, number);
            assert_eq!(Failpoint::from_number(number), Some(point));
            assert_eq!(Failpoint::from_name(point.name().as_bytes()), Some(point));
            assert_eq!(point.errnos().is_empty(), point.effect() != Effect::Fails);
            assert!(point.errnos().is_empty() || point.is_answered());
            assert!(point.what().trim().ends_with('.'));
            assert_eq!(Failpoint::is_refusal(point), point.effect() == Effect::Fails);
        }
        assert_eq!(Failpoint::from_number(Failpoint::ALL.len() as u32), None);
        assert_eq!(Failpoint::from_name(b"fail"), None);
    }

    /// The own documents of the table have what it says.
    #[test]
    fn each_errno_is_documented() {
        const IPC: &str = include_str!("../syscall/ipc.rs");
        for point in Failpoint::ALL {
            let (document, errors) =
                point.documented().split_once(": ").unwrap_or((point.documented(), ""));
            let names: Vec<String> =
                point.errnos().iter().map(|errno| std::format!("{errno:?}")).collect();
            assert_eq!(errors, names.join(", "), "{point:?}");
            assert_eq!(errors.is_empty(), document == "abi::failpoint::Effect", "{point:?}");
            if let Some(call) = document.strip_prefix("abi::syscall::ipc, ") {
                // What is said of a call stands before it.
                let (before, _) = IPC.split_once(&std::format!(" {call}(")).unwrap();
                let lines = before.lines().rev().skip(1);
                let comment = lines.take_while(|line| line.trim().starts_with("///"));
                let comment: Vec<&str> = comment.collect();
                for name in &names {
                    let is_named = |line: &&str| line.contains(name.as_str());
                    assert!(comment.iter().any(is_named), "{call}: {name}");
                }
            }
        }
    }
}

//! The stack for handlers with SA_ONSTACK.

use abi::errno::Errno;
use abi::signal::{MINSIGSTKSZ, SS_AUTODISARM, SS_DISABLE, SS_ONSTACK, Sigaltstack};

/// A thread's alternate stack; none at first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct AlternateStack {
    start: u32,
    size: u32,
    /// As the program gave them.
    flags: u32,
}

impl AlternateStack {
    /// For a new program, and a new thread that shares its memory.
    pub const NONE: Self = Self { start: 0, size: 0, flags: 0 };

    /// Whether `esp` lies on the stack. An empty stack has no address on it.
    pub const fn contains(&self, esp: u32) -> bool {
        esp > self.start && esp - self.start <= self.size
    }

    /// Whether a handler runs on it. One that disarms itself may be switched to again.
    pub(super) const fn is_in_use(&self, esp: u32) -> bool {
        self.flags & SS_AUTODISARM == 0 && self.contains(esp)
    }

    /// The top to switch to, unless `esp` is on the stack already or there is none.
    pub const fn switch(&self, esp: u32) -> Option<u32> {
        if self.size == 0 || self.is_in_use(esp) {
            None
        } else {
            Some(self.start.wrapping_add(self.size))
        }
    }

    /// What `sigaltstack` reports.
    pub const fn report(&self, esp: u32) -> Sigaltstack {
        let state = if self.size == 0 {
            SS_DISABLE
        } else if self.is_in_use(esp) {
            SS_ONSTACK
        } else {
            0
        };
        Sigaltstack { sp: self.start, flags: state | self.flags & SS_AUTODISARM, size: self.size }
    }

    /// What the handler's context holds, to be set again at `sigreturn`.
    pub const fn saved(&self) -> Sigaltstack {
        Sigaltstack { sp: self.start, flags: self.flags, size: self.size }
    }

    /// What `sigaltstack` sets: EPERM on the stack, EINVAL for unknown flags, ENOMEM if too small.
    pub fn set(&mut self, new: &Sigaltstack, esp: u32) -> Result<(), Errno> {
        if self.is_in_use(esp) {
            return Err(Errno::EPERM);
        }
        match new.flags & !SS_AUTODISARM {
            SS_DISABLE => *self = Self { start: 0, size: 0, flags: new.flags },
            0 | SS_ONSTACK if new.size < MINSIGSTKSZ => {
                let unchanged = Self { start: new.sp, size: new.size, flags: new.flags };
                return if *self == unchanged { Ok(()) } else { Err(Errno::ENOMEM) };
            }
            0 | SS_ONSTACK => *self = Self { start: new.sp, size: new.size, flags: new.flags },
            _ => return Err(Errno::EINVAL),
        }
        Ok(())
    }

    /// To be called when a handler's frame has been built.
    pub fn disarm_if_wanted(&mut self) {
        if self.flags & SS_AUTODISARM != 0 {
            *self = Self { start: 0, size: 0, flags: SS_DISABLE };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STACK: Sigaltstack = Sigaltstack { sp: 0x1000, flags: 0, size: 0x2000 };

    fn with(flags: u32) -> AlternateStack {
        let mut stack = AlternateStack::NONE;
        stack.set(&Sigaltstack { flags, ..STACK }, 0).unwrap();
        stack
    }

    #[test]
    fn a_stack_is_switched_to_once() {
        assert_eq!(AlternateStack::NONE.switch(0x8000), None);
        assert_eq!(AlternateStack::NONE.report(0).flags, SS_DISABLE);
        let mut stack = with(0);
        assert_eq!(stack.switch(0x8000), Some(0x3000));
        assert_eq!(stack.switch(0x3000), None, "the top belongs to it");
        assert_eq!(stack.switch(0x1000), Some(0x3000), "the bottom does not");
        assert_eq!(stack.report(0x2000), Sigaltstack { flags: SS_ONSTACK, ..STACK });
        assert_eq!(stack.set(&STACK, 0x2000), Err(Errno::EPERM));
        stack.disarm_if_wanted();
        assert_eq!(stack.saved(), STACK);
    }

    #[test]
    fn a_disarming_stack_is_given_up_while_in_use() {
        let mut stack = with(SS_AUTODISARM);
        assert_eq!(stack.switch(0x2000), Some(0x3000));
        assert_eq!(stack.report(0x2000).flags, SS_AUTODISARM);
        stack.disarm_if_wanted();
        assert_eq!((stack.switch(0x8000), stack.report(0).flags), (None, SS_DISABLE));
    }

    #[test]
    fn sizes_and_flags_are_checked() {
        let mut stack = AlternateStack::NONE;
        let mut set = |flags, size| stack.set(&Sigaltstack { flags, size, ..STACK }, 0);
        assert_eq!(set(0, 2047), Err(Errno::ENOMEM));
        assert_eq!(set(4, 4096), Err(Errno::EINVAL));
        assert_eq!(set(SS_ONSTACK, 2048), Ok(()));
        assert_eq!(set(SS_DISABLE, 5), Ok(()));
        assert_eq!(stack.saved(), Sigaltstack { sp: 0, flags: SS_DISABLE, size: 0 });
        assert!(!AlternateStack::NONE.contains(0));
    }
}

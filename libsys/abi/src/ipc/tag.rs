//! What a message consists of, in one word.

use crate::argument::{RegisterFile, Registers};
use crate::checked_argument::CheckedArgument;
use crate::errno::Errno;

/// Words of a message.
pub const MAX_WORDS: u32 = 16;
/// Leases of a call.
pub const MAX_LEASES: u32 = 4;
/// Handles in a message.
pub const MAX_HANDLES: u32 = 4;

/// The last label of a reply. Above lie numbers that no program sees.
const MAX_ERROR: u16 = 511;

/// Label and numbers of words, leases and handles:
///
/// ```text
///  31   30  29 28  27    26  24   23  21   20   16   15       0
///  0  kernel kind  retry handles  leases   words     label
/// ```
///
/// The label of a call says what is asked for. That of a reply is 0, or the error number that the
/// call returns.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[repr(transparent)]
pub struct Tag(u32);

/// What was received.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// A call; it wants a reply.
    Call,
    /// Bits of the notification, in word 0.
    Notification,
    /// The caller of a call received earlier wants to give up; it still wants a reply.
    Cancel,
}

const WORDS_SHIFT: u32 = 16;
const LEASES_SHIFT: u32 = 21;
const HANDLES_SHIFT: u32 = 24;
const KIND_SHIFT: u32 = 28;

impl Tag {
    /// Of a call: may be done twice, so that the next instance of a dead server does it.
    pub const RETRY: u32 = 1 << 27;
    /// Of what is received: it comes from the kernel, for a program that made a system call.
    pub const KERNEL: u32 = 1 << 30;

    /// A message with words only; more than 16 are cut off.
    pub const fn new(label: u16, words: u32) -> Self {
        Self(label as u32 | cut(words, MAX_WORDS) << WORDS_SHIFT)
    }

    /// The same with leases and handles.
    #[must_use]
    pub const fn with(self, leases: u32, handles: u32) -> Self {
        let leases = cut(leases, MAX_LEASES) << LEASES_SHIFT;
        Self(self.0 | leases | cut(handles, MAX_HANDLES) << HANDLES_SHIFT)
    }

    /// The same for a call that may be done twice.
    #[must_use]
    pub const fn retry(self) -> Self {
        Self(self.0 | Self::RETRY)
    }

    /// As a call has it.
    ///
    /// EINVAL: too many words, leases or handles, or bits that mean nothing.
    #[inline]
    pub const fn of_call(raw: u32) -> Result<Self, Errno> {
        // Words only, as nearly always.
        if raw >> WORDS_SHIFT <= MAX_WORDS { Ok(Self(raw)) } else { Self::rare(raw) }
    }

    /// As a reply has it.
    ///
    /// EINVAL: as above; leases; a label that is no error number.
    #[inline]
    pub const fn of_reply(raw: u32) -> Result<Self, Errno> {
        match Self::of_call(raw) {
            Ok(tag) if tag.leases() != 0 || tag.is_retry() || tag.label() > MAX_ERROR => {
                Err(Errno::EINVAL)
            }
            checked => checked,
        }
    }

    #[cold]
    const fn rare(raw: u32) -> Result<Self, Errno> {
        let tag = Self(raw);
        let fits = tag.words() <= MAX_WORDS
            && tag.leases() <= MAX_LEASES
            && tag.handles() <= MAX_HANDLES
            && raw >> KIND_SHIFT == 0;
        if fits { Ok(tag) } else { Err(Errno::EINVAL) }
    }

    /// As the kernel hands it to a receiver.
    pub const fn from_raw(raw: u32) -> Self {
        Self(raw)
    }

    /// For a register.
    #[inline]
    pub const fn raw(self) -> u32 {
        self.0
    }

    /// What is asked for; of a reply, 0 or an error number.
    #[inline]
    pub const fn label(self) -> u16 {
        self.0 as u16
    }

    /// How many words there are.
    #[inline]
    pub const fn words(self) -> u32 {
        self.0 >> WORDS_SHIFT & 31
    }

    /// How many leases there are.
    #[inline]
    pub const fn leases(self) -> u32 {
        self.0 >> LEASES_SHIFT & 7
    }

    /// How many handles there are.
    #[inline]
    pub const fn handles(self) -> u32 {
        self.0 >> HANDLES_SHIFT & 7
    }

    /// Whether there are leases or handles.
    #[inline]
    pub const fn has_attachments(self) -> bool {
        self.0 >> LEASES_SHIFT & 63 != 0
    }

    /// Whether it says nothing but label and words.
    #[inline]
    pub const fn is_words_only(self) -> bool {
        self.0 >> LEASES_SHIFT == 0
    }

    /// Whether the call may be done twice.
    #[inline]
    pub const fn is_retry(self) -> bool {
        self.0 & Self::RETRY != 0
    }

    /// Whether the kernel itself calls.
    #[inline]
    pub const fn is_kernel(self) -> bool {
        self.0 & Self::KERNEL != 0
    }

    /// What was received. `None` for what the kernel never hands out.
    pub const fn kind(self) -> Option<Kind> {
        match self.0 >> KIND_SHIFT & 3 {
            0 => Some(Kind::Call),
            1 => Some(Kind::Notification),
            2 => Some(Kind::Cancel),
            _ => None,
        }
    }

    /// What a receiver gets that is no call.
    pub const fn of_kind(kind: Kind) -> Self {
        match kind {
            Kind::Call => Self(0),
            Kind::Notification => Self(1 << KIND_SHIFT | 1 << WORDS_SHIFT),
            Kind::Cancel => Self(2 << KIND_SHIFT),
        }
    }

    /// The same, marked as coming from the kernel.
    #[must_use]
    pub const fn from_kernel(self) -> Self {
        Self(self.0 | Self::KERNEL)
    }
}

const fn cut(number: u32, limit: u32) -> u32 {
    if number < limit { number } else { limit }
}

/// As a call's; replies are checked further.
impl CheckedArgument for Tag {
    const REGISTERS: usize = 1;

    #[inline(always)]
    fn decode(registers: &impl RegisterFile, first: usize) -> Result<Self, Errno> {
        Self::of_call(u32::decode(registers, first)?)
    }

    #[inline(always)]
    fn encode(self, registers: &mut Registers, first: usize) {
        self.0.encode(registers, first);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_goes_in_comes_out() {
        let tag = Tag::new(0xbeef, 16).with(4, 3).retry();
        assert_eq!(Tag::of_call(tag.raw()), Ok(tag));
        assert_eq!((tag.label(), tag.words(), tag.leases(), tag.handles()), (0xbeef, 16, 4, 3));
        assert!(tag.is_retry() && tag.has_attachments() && !tag.is_kernel());
        assert_eq!(Tag::new(1, 99).words(), 16);
        for kind in [Kind::Call, Kind::Notification, Kind::Cancel] {
            assert_eq!(Tag::of_kind(kind).kind(), Some(kind));
        }
    }

    #[test]
    fn a_reply_lends_nothing_and_has_an_error_number() {
        assert!(Tag::of_reply(Tag::new(511, 16).with(0, 4).raw()).is_ok());
        assert_eq!(Tag::of_reply(Tag::new(512, 0).raw()), Err(Errno::EINVAL));
        assert_eq!(Tag::of_reply(Tag::new(0, 0).with(1, 0).raw()), Err(Errno::EINVAL));
        assert_eq!(Tag::of_reply(Tag::new(0, 0).retry().raw()), Err(Errno::EINVAL));
    }

    proptest! {
        #[test]
        fn only_what_makes_sense_is_decoded(raw: u32) {
            let tag = Tag::from_raw(raw);
            let fits = tag.words() <= 16 && tag.leases() <= 4 && tag.handles() <= 4;
            prop_assert_eq!(Tag::of_call(raw), match fits && raw >> 28 == 0 {
                true => Ok(tag),
                false => Err(Errno::EINVAL),
            });
        }
    }
}

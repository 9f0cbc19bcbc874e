//! What was done about a fault, told from what was there before and after: serving faults takes no
//! notes for those who watch.

use crate::addr::Pfn;
use abi::trace::{
    FAULT_ANONYMOUS, FAULT_CACHED, FAULT_COPY, FAULT_COPY_CACHED, FAULT_NEW, FAULT_RETRY,
    FAULT_REUSE, FAULT_WRITABLE, FAULT_ZERO,
};

/// What an entry maps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mapped {
    Nothing,
    Zero,
    /// A private page.
    Anon(Pfn),
    /// A page of an object, or another frame that is nobody's own.
    Shared(Pfn),
}

/// One page of an address space at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sight {
    pub mapped: Mapped,
    pub writable: bool,
    /// Whether the area shows an object.
    pub has_object: bool,
    /// Whether the object has the page.
    pub is_cached: bool,
}

impl Mapped {
    pub const fn frame(self) -> Option<Pfn> {
        match self {
            Self::Anon(pfn) | Self::Shared(pfn) => Some(pfn),
            Self::Nothing | Self::Zero => None,
        }
    }
}

/// What became of a page between two looks at it: `FAULT_*` of [`abi::trace`].
pub fn served(before: &Sight, after: &Sight) -> u32 {
    let became_writable = !before.writable && after.writable;
    match (before.mapped, after.mapped) {
        (Mapped::Nothing, Mapped::Zero) => FAULT_ZERO,
        (Mapped::Nothing, Mapped::Anon(_)) if before.has_object => FAULT_COPY_CACHED,
        (Mapped::Shared(_), Mapped::Anon(_)) => FAULT_COPY_CACHED,
        (Mapped::Nothing | Mapped::Zero, Mapped::Anon(_)) => FAULT_ANONYMOUS,
        (Mapped::Anon(one), Mapped::Anon(other)) if one != other => FAULT_COPY,
        (Mapped::Anon(_), Mapped::Anon(_)) if became_writable => FAULT_REUSE,
        (Mapped::Nothing, Mapped::Shared(_)) if before.is_cached => FAULT_CACHED,
        (Mapped::Nothing, Mapped::Shared(_)) => FAULT_NEW,
        (Mapped::Shared(_), Mapped::Shared(_)) if became_writable => FAULT_WRITABLE,
        _ => FAULT_RETRY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_has_its_name() {
        let sight = |mapped, writable, has_object, is_cached| Sight {
            mapped,
            writable,
            has_object,
            is_cached,
        };
        let private = |mapped, writable| sight(mapped, writable, false, false);
        let shown = |mapped, writable| sight(mapped, writable, true, true);
        let (one, other) = (Pfn::new(7), Pfn::new(8));
        let (nothing, zero) = (Mapped::Nothing, Mapped::Zero);
        let (anon, copy, cached) = (Mapped::Anon(one), Mapped::Anon(other), Mapped::Shared(one));
        for (before, after, kind) in [
            (private(nothing, false), private(zero, false), FAULT_ZERO),
            (private(nothing, false), private(anon, true), FAULT_ANONYMOUS),
            (private(zero, false), private(anon, true), FAULT_ANONYMOUS),
            (private(anon, false), private(copy, true), FAULT_COPY),
            (private(anon, false), private(anon, true), FAULT_REUSE),
            (private(anon, true), private(anon, true), FAULT_RETRY),
            (shown(nothing, false), shown(cached, false), FAULT_CACHED),
            (shown(nothing, false), shown(copy, true), FAULT_COPY_CACHED),
            (shown(cached, false), shown(copy, true), FAULT_COPY_CACHED),
            (shown(cached, false), shown(cached, true), FAULT_WRITABLE),
            (sight(nothing, false, true, false), shown(cached, true), FAULT_NEW),
            (private(nothing, false), private(nothing, false), FAULT_RETRY),
        ] {
            assert_eq!(served(&before, &after), kind, "{before:?} {after:?}");
        }
        assert_eq!(anon.frame(), Some(one));
        assert_eq!(zero.frame(), None);
    }
}

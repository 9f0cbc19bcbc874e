//! Which zone serves a request, and what to do when none may.

use super::Mark;

/// Orders up to this one are tried again and again: somebody will free a block so small.
const PERSISTENT_ORDER: u32 = 3;

/// How deep into the reserves a request may reach.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Urgency {
    Normal,
    /// Half of the marks.
    High,
    /// From an interrupt: three eighths of the marks.
    Atomic,
}

/// What somebody wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Request {
    pub order: u32,
    /// The highest zone it can use.
    pub class: usize,
    pub urgency: Urgency,
    /// May sleep until memory has been reclaimed.
    pub may_wait: bool,
    /// Frees memory itself, or is about to die: no mark holds.
    pub frees_memory: bool,
    /// Would rather fail than try again.
    pub no_retry: bool,
}

impl Request {
    /// For the kernel's own use: in the direct map, may sleep.
    pub const KERNEL: Self = Self {
        order: 0,
        class: super::NORMAL,
        urgency: Urgency::Normal,
        may_wait: true,
        frees_memory: false,
        no_retry: false,
    };
    /// For user pages: anywhere, may sleep.
    pub const HIGH_USER: Self = Self { class: super::HIGHMEM, ..Self::KERNEL };
    /// Must not sleep.
    pub const ATOMIC: Self = Self { urgency: Urgency::Atomic, may_wait: false, ..Self::KERNEL };
}

/// How often the request has been here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    First,
    /// After a [`Decision::Reclaim`], and whether that freed anything.
    Reclaimed {
        progress: bool,
    },
}

/// What to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// Take the frames from this zone, and wake reclaim if `wake`.
    Allocate {
        zone: usize,
        wake: bool,
    },
    /// Free memory, then ask again.
    Reclaim,
    /// Nothing could be freed: end some process, then ask again as at first.
    OutOfMemory,
    Fail,
}

/// `allows` is [`super::Zone::allows`] of the zone with this index; it may take the zone's lock.
pub fn decide(
    request: &Request,
    stage: Stage,
    mut allows: impl FnMut(usize, Mark) -> bool,
) -> Decision {
    let mut first_at = |mark| (0..=request.class).rev().find(|&zone| allows(zone, mark));
    let found = |zone, wake| Decision::Allocate { zone, wake };
    if stage == Stage::First
        && let Some(zone) = first_at(Mark::Low)
    {
        return found(zone, false);
    }
    if let Some(zone) = first_at(Mark::Min) {
        return found(zone, true);
    }
    if request.frees_memory {
        return first_at(Mark::None).map_or(Decision::Fail, |zone| found(zone, true));
    }
    if !request.may_wait {
        return Decision::Fail;
    }
    let again = !request.no_retry && request.order <= PERSISTENT_ORDER;
    match stage {
        Stage::First => Decision::Reclaim,
        Stage::Reclaimed { progress: true } if again => Decision::Reclaim,
        // Somebody else may have freed a lot meanwhile, then nobody has to die.
        Stage::Reclaimed { progress: false } if again => match first_at(Mark::High) {
            Some(zone) => found(zone, false),
            None => Decision::OutOfMemory,
        },
        Stage::Reclaimed { .. } => Decision::Fail,
    }
}

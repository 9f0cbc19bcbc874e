//! What an epoll instance wants of a description, and when it says so again.

use abi::epoll::{EPOLLET, EPOLLEXCLUSIVE, EPOLLONESHOT, EPOLLWAKEUP};
use abi::errno::Errno;
use abi::poll::{
    POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDBAND, POLLRDNORM, POLLWRBAND, POLLWRNORM,
};
use alloc::vec::Vec;

/// Bits that are no events.
const MODES: u32 = EPOLLET | EPOLLONESHOT | EPOLLWAKEUP | EPOLLEXCLUSIVE;
/// What may be asked for together with EPOLLEXCLUSIVE.
const WITH_EXCLUSIVE: u32 = POLLIN as u32
    | POLLOUT as u32
    | POLLRDNORM as u32
    | POLLRDBAND as u32
    | POLLWRNORM as u32
    | POLLWRBAND as u32
    | POLLERR as u32
    | POLLHUP as u32
    | MODES & !EPOLLONESHOT;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Interest {
    events: u32,
    /// For the program.
    pub data: u64,
}

/// Whether a request with these events makes sense: to begin with EPOLLEXCLUSIVE few others may come
/// along, and nothing is changed to it.
pub const fn is_valid(events: u32, begins: bool) -> bool {
    events & EPOLLEXCLUSIVE == 0 || begins && events & !WITH_EXCLUSIVE == 0
}

impl Interest {
    /// Errors and hang-ups are always wanted.
    pub const fn new(events: u32, data: u64) -> Self {
        Self { events: events | POLLERR as u32 | POLLHUP as u32, data }
    }

    /// It cannot be changed.
    pub const fn is_exclusive(&self) -> bool {
        self.events & EPOLLEXCLUSIVE != 0
    }

    /// What to report of what a description is ready for; 0 for nothing.
    pub const fn wanted(&self, ready: u16) -> u32 {
        ready as u32 & self.events & !MODES
    }

    /// It has been reported. Returns whether to look again without anything happening.
    pub const fn report(&mut self) -> bool {
        if self.events & EPOLLONESHOT != 0 {
            self.events &= MODES;
        }
        self.events & (EPOLLONESHOT | EPOLLET) == 0
    }
}

/// Instances that watch each other make chains with at most so many steps.
pub const MAX_NESTED: u32 = 4;

/// Steps of the longest way from `start`; ELOOP if it has more than `most`. `next` adds where one step
/// leads.
pub fn longest_way<N: Copy + Ord>(
    start: N,
    most: u32,
    mut next: impl FnMut(N, &mut Vec<N>) -> Result<(), Errno>,
) -> Result<u32, Errno> {
    let mut steps = 0;
    let mut ends = Vec::new();
    next(start, &mut ends)?;
    while !ends.is_empty() {
        steps += 1;
        if steps > most {
            return Err(Errno::ELOOP);
        }
        ends.sort_unstable();
        ends.dedup();
        let mut following = Vec::new();
        for end in ends {
            next(end, &mut following)?;
        }
        ends = following;
    }
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use abi::poll::POLLRDHUP;

    #[test]
    fn the_longest_way_counts_and_a_cycle_is_endless() {
        let way = |edges: &[(u32, u32)], start| {
            longest_way(start, MAX_NESTED, |from, next| {
                next.extend(edges.iter().filter(|edge| edge.0 == from).map(|edge| edge.1));
                Ok(())
            })
        };
        let short = [(1, 2), (1, 3), (3, 2), (2, 4), (3, 4)];
        assert_eq!((way(&short, 1), way(&short, 4), way(&short, 9)), (Ok(3), Ok(0), Ok(0)));
        assert_eq!(way(&[(1, 2), (2, 3), (3, 4), (4, 5)], 1), Ok(4));
        assert_eq!(way(&[(1, 2), (2, 3), (3, 4), (4, 5), (5, 6)], 1), Err(Errno::ELOOP));
        assert_eq!(way(&[(1, 2), (2, 1)], 1), Err(Errno::ELOOP));
        let failed = longest_way(1, 9, |_, _| Err(Errno::ENOMEM));
        assert_eq!(failed, Err(Errno::ENOMEM));
    }

    #[test]
    fn errors_come_unasked_and_modes_are_no_events() {
        let interest = Interest::new(u32::from(POLLIN) | EPOLLET, 1);
        assert_eq!(interest.wanted(POLLIN | POLLOUT | POLLHUP), u32::from(POLLIN | POLLHUP));
        assert_eq!(interest.wanted(POLLOUT), 0);
    }

    #[test]
    fn only_levels_are_reported_again() {
        let report = |modes| Interest::new(u32::from(POLLIN) | modes, 0).report();
        assert!(report(0) && !report(EPOLLET) && !report(EPOLLONESHOT));
        let mut once = Interest::new(u32::from(POLLIN) | EPOLLONESHOT, 7);
        once.report();
        assert_eq!((once.wanted(u16::MAX), once.data), (0, 7));
    }

    #[test]
    fn exclusive_interests_are_simple_and_stay() {
        let exclusive = EPOLLEXCLUSIVE | u32::from(POLLIN);
        assert!(is_valid(exclusive, true) && is_valid(exclusive | EPOLLET, true));
        assert!(!is_valid(exclusive, false));
        assert!(!is_valid(exclusive | EPOLLONESHOT, true));
        assert!(!is_valid(exclusive | u32::from(POLLRDHUP), true));
        assert!(is_valid(!EPOLLEXCLUSIVE, false));
    }
}

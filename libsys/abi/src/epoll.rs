//! `epoll`: readiness of many descriptors. Events have the numbers of [`poll`](crate::poll)'s.

use crate::plain::structure;

structure! {
    /// What is wanted of a descriptor, or was found.
    pub struct EpollEvent: 12 {
        /// `POLL*` and `EPOLL*`.
        pub events: u32,
        /// What the program likes.
        pub data: u64,
    }
}

/// `epoll_create1`: closed by `execve`.
pub const EPOLL_CLOEXEC: u32 = 0o2_000_000;

/// Watch a descriptor.
pub const EPOLL_CTL_ADD: i32 = 1;
/// Watch it no more.
pub const EPOLL_CTL_DEL: i32 = 2;
/// Watch it for something else.
pub const EPOLL_CTL_MOD: i32 = 3;

/// Of several instances that watch one description, at least one is told.
pub const EPOLLEXCLUSIVE: u32 = 1 << 28;
/// The machine stays awake meanwhile.
pub const EPOLLWAKEUP: u32 = 1 << 29;
/// Reported once, until it is set again.
pub const EPOLLONESHOT: u32 = 1 << 30;
/// Reported when something happens, not as long as it is so.
pub const EPOLLET: u32 = 1 << 31;

//! How deep instances watch each other.

use super::Epoll;
use super::links::Links;
use crate::file::Kind;
use crate::result::{Errno, Result};
use alloc::vec::Vec;
use core::sync::atomic::Ordering::Relaxed;
use kcore::epoll::{MAX_NESTED, longest_way};

/// ELOOP if `outer` cannot watch `inner`: it would watch itself, or be part of too long a chain.
pub fn check(outer: &Epoll, inner: &Epoll, links: &Links) -> Result<()> {
    let [start, end] = [outer, inner].map(|epoll| core::ptr::from_ref(epoll) as usize);
    let below = longest_way(end, MAX_NESTED, |epoll, next| {
        if epoll == start { Err(Errno::ELOOP) } else { watched(epoll, next) }
    })?;
    let above = longest_way(start, MAX_NESTED, |epoll, next| {
        // SAFETY: while the links are locked, no instance goes, and its description tells it.
        let file = unsafe { (*(epoll as *const Epoll)).file.load(Relaxed).as_ref() };
        for watch in file.into_iter().flat_map(|file| links.watches_of(file)) {
            // SAFETY: it is linked.
            push(core::ptr::from_ref(unsafe { &*watch }.epoll()) as usize, next)?;
        }
        Ok(())
    })?;
    if below + 1 + above > MAX_NESTED { Err(Errno::ELOOP) } else { Ok(()) }
}

/// The instances that one watches.
fn watched(epoll: usize, next: &mut Vec<usize>) -> Result<()> {
    // SAFETY: while the links are locked, no instance goes.
    let epoll = unsafe { &*(epoll as *const Epoll) };
    if !epoll.is_nested.load(Relaxed) {
        return Ok(());
    }
    for watch in epoll.watches.lock().iter() {
        if let Kind::Epoll(inner) = watch.file().kind() {
            push(&raw const **inner as usize, next)?;
        }
    }
    Ok(())
}

fn push(epoll: usize, next: &mut Vec<usize>) -> Result<()> {
    next.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
    next.push(epoll);
    Ok(())
}

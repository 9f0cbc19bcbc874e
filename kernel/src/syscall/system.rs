//! What the system says about itself.

use crate::arch::features::features;
use crate::arch::paging::IS_PAE;
use crate::mm::frames::{for_each_zone, free_frames};
use crate::mm::user;
use crate::process::table;
use crate::process::{current, set_personality};
use crate::result::{Errno, Result};
use crate::time;
use abi::process::{Sysinfo, Utsname};
use abi::syscall::folio::ZONE_HIGHMEM;
use abi::{UserMutPtr, UserPtr};
use kcore::addr::PAGE_SIZE;

/// Programs ask for the release of Linux whose calls these are. The version is Folio's own.
pub fn uname(name: UserMutPtr<Utsname>) -> Result<u32> {
    let names = Utsname {
        sysname: padded(b"Linux"),
        nodename: padded(b"folio"),
        release: padded(b"6.1.0-folio"),
        version: padded(version()),
        machine: padded(b"i686"),
        domainname: padded(b"(none)"),
    };
    user::write(name, &names).map(|()| 0)
}

/// The kernel and what sets its memory apart: the format of page tables and the right to execute.
fn version() -> &'static [u8] {
    match (IS_PAE, features().nx) {
        (true, true) => concat!("Folio ", env!("CARGO_PKG_VERSION"), " PAE NX").as_bytes(),
        (true, false) => concat!("Folio ", env!("CARGO_PKG_VERSION"), " PAE").as_bytes(),
        (false, _) => concat!("Folio ", env!("CARGO_PKG_VERSION")).as_bytes(),
    }
}

fn padded(name: &[u8]) -> [u8; 65] {
    let mut field = [0; 65];
    for (to, from) in field.iter_mut().zip(name) {
        *to = *from;
    }
    field
}

pub fn sysinfo(info: UserMutPtr<Sysinfo>) -> Result<u32> {
    let (mut total, mut total_high, mut free) = (0u32, 0, 0u32);
    for_each_zone(|zone, state| {
        total += state.managed();
        if zone == ZONE_HIGHMEM {
            total_high = state.managed();
        }
    });
    for zone in 0..=ZONE_HIGHMEM {
        free += free_frames(zone);
    }
    // In bytes if that fits, else in pages.
    let unit = if total.checked_mul(PAGE_SIZE).is_some() { 1 } else { PAGE_SIZE };
    let scale = |pages: u32| pages.saturating_mul(PAGE_SIZE / unit);
    let uptime = time::monotonic().div_ceil(time::SECOND);
    let processes = table::count();
    let filled = Sysinfo {
        uptime: i32::try_from(uptime).unwrap_or(i32::MAX),
        totalram: scale(total),
        freeram: scale(free),
        procs: u16::try_from(processes).unwrap_or(u16::MAX),
        totalhigh: scale(total_high),
        freehigh: scale(free_frames(ZONE_HIGHMEM)),
        mem_unit: unit,
        ..Sysinfo::default()
    };
    user::write(info, &filled).map(|()| 0)
}

const QUERY: u32 = u32::MAX;

pub fn personality(persona: u32) -> Result<u32> {
    let thread = current();
    Ok(match persona {
        QUERY => thread.process().personality(),
        new => set_personality(&thread, new),
    })
}

/// Bytes of the set of processors: one word.
const CPU_SET: u32 = 4;
/// There is one.
const CPUS: u32 = 1;

pub fn sched_getaffinity(pid: i32, size: u32, mask: UserMutPtr<u8>) -> Result<u32> {
    if size == 0 || !size.is_multiple_of(CPU_SET) {
        return Err(Errno::EINVAL);
    }
    check_thread(pid)?;
    user::write_word(mask.cast(), CPUS)?;
    Ok(CPU_SET)
}

pub fn sched_setaffinity(pid: i32, size: u32, mask: UserPtr<u8>) -> Result<u32> {
    let mut bytes = [0; CPU_SET as usize];
    let given = bytes.get_mut(..size.min(CPU_SET) as usize).unwrap_or_default();
    user::read_bytes(mask, given)?;
    check_thread(pid)?;
    if u32::from_le_bytes(bytes) & CPUS == 0 { Err(Errno::EINVAL) } else { Ok(0) }
}

fn check_thread(pid: i32) -> Result<()> {
    if pid != 0 {
        table::find(&table::lock_family(), pid)?;
    }
    Ok(())
}

//! What a test does to the machine around a program.

use super::needs_failpoints;
use crate::child;
use crate::fault::{PAGE, poke_word};
use core::time::Duration;
use sys::abi::signal::SIGKILL;
use sys::abi::syscall::folio::{Statistics, ZONE_DMA, ZONE_HIGHMEM, ZONE_NORMAL};
use sys::abi::time::{CLOCK_MONOTONIC, CLOCK_REALTIME};
use sys::memory::Mapping;
use sys::syscall::{failpoint, folio, output};
use sys::time;
use sys::wait::Status;
use sys::{Errno, Result};

const ALL_ZONES: u32 = 1 << ZONE_DMA | 1 << ZONE_NORMAL | 1 << ZONE_HIGHMEM;

fn take_memory(zones: u32, free: u32) -> Result<u32> {
    // SAFETY: the call touches no memory of the program's.
    unsafe { failpoint::fault_take_memory(zones, free) }
}

fn free_pages() -> u32 {
    let mut statistics = Statistics::default();
    let size = size_of::<Statistics>() as u32;
    // SAFETY: the call writes the structure only.
    unsafe { folio::statistics(output(&mut statistics), size) }.expect("statistics");
    statistics.zones.iter().map(|zone| zone.free).sum()
}

pub fn memory_becomes_short_and_comes_back() {
    needs_failpoints();
    const LEFT: u32 = 2000;
    let before = free_pages();
    assert!(before > 3 * LEFT, "{before} free pages");
    let taken = take_memory(ALL_ZONES, LEFT).expect("memory");
    let during = free_pages();
    // What needs more than there is comes to its end, and nobody else.
    let greedy = child::run(|| {
        let Ok(memory) = Mapping::anonymous(2 * LEFT * PAGE) else { return 1 };
        (0..2 * LEFT).for_each(|page| poke_word(memory.address() + page * PAGE, 1));
        0
    });
    let modest = child::run(|| 0);
    take_memory(0, 0).expect("memory back");
    assert_eq!((greedy, modest), (Status::Signaled(SIGKILL), Status::Exited(0)));
    assert!(taken > before / 2 && during <= LEFT + 64, "{before}, {taken}, {during}");
    assert!(free_pages() + 64 > before);
    // A process that ends leaves nothing behind.
    assert_eq!(child::run(|| i32::from(take_memory(ALL_ZONES, LEFT).is_err())), Status::Exited(0));
    assert!(free_pages() + 64 > before);
    assert_eq!(take_memory(1 << 3, 0), Err(Errno::EINVAL));
    let other = child::run(|| {
        call!(setuid32(1)).expect("another user");
        i32::from(take_memory(0, 0) != Err(Errno::EPERM) || step(0) != Err(Errno::EPERM))
    });
    assert_eq!(other, Status::Exited(0));
}

fn step(nanoseconds: i64) -> Result<u32> {
    let [low, high] = [nanoseconds as u32, (nanoseconds >> 32) as u32];
    // SAFETY: the call touches no memory.
    unsafe { failpoint::fault_step_clock(low, high) }
}

pub fn the_time_of_day_jumps() {
    needs_failpoints();
    const HOUR: i64 = 3600 * 1_000_000_000;
    let clocks =
        || [CLOCK_REALTIME, CLOCK_MONOTONIC].map(|clock| time::clock(clock).expect("time"));
    let [day, uptime] = clocks();
    step(HOUR).expect("a step");
    let [later, up_later] = clocks();
    step(-HOUR).expect("a step back");
    let [back, _] = clocks();
    let (hour, moment) = (Duration::from_secs(3600), Duration::from_secs(60));
    assert!(later > day + hour - moment && later < day + hour + moment, "{day:?} {later:?}");
    assert!(up_later >= uptime && up_later < uptime + moment);
    assert!(back < day + moment);
    assert_eq!(step(i64::MIN), Err(Errno::EINVAL), "before 1970");
}

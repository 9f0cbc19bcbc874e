//! Threads that fault, map and fork at the same time.

use super::step::*;
use super::thread::*;
use crate::child;
use crate::fault::{PAGE, map, unmap};
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use sys::wait::Status;

const RACERS: u32 = 4;
const RACE_PAGES: u32 = 300;

pub fn threads_fault_on_the_same_and_on_neighbouring_pages() {
    static AREA: AtomicU32 = AtomicU32::new(0);
    extern "C" fn touches(own: u32) -> i32 {
        let area = AREA.load(SeqCst);
        wait_until(&STEP, 1);
        for step in 0..RACE_PAGES {
            // Two upwards, two downwards.
            let page = if own.is_multiple_of(2) { step } else { RACE_PAGES - 1 - step };
            let place = word(area + page * PAGE + 4 * own);
            assert_eq!(place.swap(page + own, SeqCst), 0);
            if step % 16 == 0 {
                call!(sched_yield()).expect("sched_yield");
            }
        }
        0
    }
    AREA.store(map(RACE_PAGES), SeqCst);
    let area = AREA.load(SeqCst);
    let threads = [0, 1, 2, 3].map(|own| spawn(touches, own));
    set(&STEP, 1);
    threads.into_iter().for_each(Thread::join);
    for page in 0..RACE_PAGES {
        for own in 0..RACERS {
            assert_eq!(word(area + page * PAGE + 4 * own).load(SeqCst), page + own);
        }
    }
    unmap(area, RACE_PAGES);
}

pub fn mappings_and_forks_race_with_faults() {
    static STOP: AtomicU32 = AtomicU32::new(0);
    extern "C" fn maps_and_unmaps(_: u32) -> i32 {
        while STOP.load(SeqCst) == 0 {
            let area = map(20);
            for page in 0..20 {
                word(area + page * PAGE).store(page, SeqCst);
            }
            unmap(area + 5 * PAGE, 10);
            assert_eq!(word(area + 19 * PAGE).load(SeqCst), 19);
            unmap(area, 5);
            unmap(area + 15 * PAGE, 5);
        }
        0
    }
    extern "C" fn faults(_: u32) -> i32 {
        let area = map(64);
        let mut round = 0u32;
        while STOP.load(SeqCst) == 0 {
            round += 1;
            for page in 0..64 {
                let place = word(area + page * PAGE);
                assert_eq!(place.load(SeqCst), round - 1);
                place.store(round, SeqCst);
            }
            call!(sched_yield()).expect("sched_yield");
        }
        unmap(area, 64);
        0
    }
    let threads = [spawn(maps_and_unmaps, 0), spawn(faults, 0), spawn(faults, 0)];
    for round in 0..40 {
        let value = AtomicU32::new(round);
        let status = child::run(|| {
            assert_eq!(value.load(SeqCst), round);
            value.store(77, SeqCst);
            0
        });
        assert_eq!((status, value.load(SeqCst)), (Status::Exited(0), round));
    }
    STOP.store(1, SeqCst);
    threads.into_iter().for_each(Thread::join);
}

//! What a call leaves for later ones.

use crate::chance::Chance;
use crate::place::slot;
use crate::step::{Keep, Value};
use core::ops::Range;

/// What becomes of the result of a call with these registers.
pub fn of(chance: &mut Chance, name: &str, registers: &[Value; 6]) -> Keep {
    let mut any = |slots: Range<u8>, count: u8| {
        slots.start + chance.below(u32::from(slots.end - slots.start - count + 1)) as u8
    };
    let words = |at: Value, count: u8, slot: u8| match at {
        Value::Number(at) if at != 0 => Keep::Words { at, count, slot },
        _ => Keep::Nothing,
    };
    match name {
        "open" | "openat" | "creat" | "dup" | "dup2" | "dup3" | "socket" | "accept4"
        | "epoll_create" | "epoll_create1" | "eventfd" | "eventfd2" | "timerfd_create"
        | "signalfd" | "signalfd4" | "memfd_create" => Keep::Result(any(slot::DESCRIPTORS, 1)),
        "pipe" | "pipe2" => words(registers[0], 2, any(slot::DESCRIPTORS, 2)),
        "socketpair" => words(registers[3], 2, any(slot::DESCRIPTORS, 2)),
        "mmap" | "mmap2" | "mremap" | "frames_map" => Keep::Result(any(slot::ADDRESSES, 1)),
        "fork" | "vfork" | "clone" | "clone3" => Keep::Result(any(slot::CHILDREN, 1)),
        "timer_create" => words(registers[2], 1, any(slot::TIMERS, 1)),
        "port_create" | "frames_create" | "handle_duplicate" | "handle_mint" | "irq_create"
        | "io_ports_create" | "process_open" | "trace_create" | "statistics_create"
        | "supervisor" | "console_create" => Keep::Result(any(slot::HANDLES, 1)),
        _ => Keep::Nothing,
    }
}

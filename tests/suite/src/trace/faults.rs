//! Faults are told.

use super::traced::*;
use crate::child;
use crate::fault::{PAGE, map, peek_word, poke_word, unmap};
use alloc::vec::Vec;
use sys::abi::memory::{MAP_ANONYMOUS, MAP_SHARED, PROT_READ, PROT_WRITE};
use sys::abi::signal::*;
use sys::abi::trace::*;
use sys::trace::Tracer;
use sys::wait::Status;

/// What was told of the faults at a page, in order.
fn faults_at(pid: i32, tracer: &Tracer, page: u32) -> Vec<Fault> {
    let mut told = Vec::new();
    watch(tracer, |event, what| {
        assert_eq!(event.lost, 0);
        if let What::Fault(fault) = what
            && event.pid == pid
            && fault.address & !(PAGE - 1) == page
        {
            assert!((fault.start..fault.end).contains(&fault.address));
            assert_ne!(fault.cycles, 0);
            told.push(fault);
        }
    });
    told
}

fn kinds(faults: &[Fault]) -> Vec<(u32, u32)> {
    faults.iter().map(|fault| (fault.access, fault.kind)).collect()
}

pub fn faults_are_told_with_what_was_done() {
    let start = map(1);
    let (tracer, pid) = traced(TRACE_FAULTS, 0, || {
        peek_word(start);
        poke_word(start, 1);
        let child = child::start(|| 0);
        child::wait(child);
        poke_word(start, 2);
        i32::from(call!(munmap(start, PAGE)).is_err())
    });
    let told = faults_at(pid, &tracer, start);
    let expected =
        [(ACCESS_READ, FAULT_ZERO), (ACCESS_WRITE, FAULT_ANONYMOUS), (ACCESS_WRITE, FAULT_REUSE)];
    assert_eq!(kinds(&told), expected);
    assert_eq!(told[1].frame, told[2].frame);
    assert_ne!(told[0].frame, told[1].frame);
    assert_eq!(child::wait(pid), Status::Exited(0));
    unmap(start, 1);
}

pub fn copies_on_write_are_told_with_their_frames() {
    let start = map(1);
    poke_word(start, 1);
    // The parent has it too.
    let (tracer, pid) = traced(TRACE_FAULTS, 0, || {
        poke_word(start, 2);
        0
    });
    let told = faults_at(pid, &tracer, start);
    assert_eq!(kinds(&told), [(ACCESS_WRITE, FAULT_COPY)]);
    assert_ne!(told[0].frame, 0);
    assert_eq!(told[0].flags, 0);
    assert_eq!(child::wait(pid), Status::Exited(0));
    unmap(start, 1);
}

pub fn shared_memory_gets_pages_and_shows_them() {
    folios_own();
    let flags = MAP_SHARED | MAP_ANONYMOUS;
    let start = call!(mmap2(0, 2 * PAGE, PROT_READ | PROT_WRITE, flags, -1, 0)).expect("mmap2");
    poke_word(start + PAGE, 1);
    let (tracer, pid) = traced(TRACE_FAULTS, 0, || {
        poke_word(start, 1);
        assert_eq!(peek_word(start + PAGE), 1);
        0
    });
    let mut told = Vec::new();
    watch(&tracer, |_, what| {
        if let What::Fault(fault) = what
            && (start..start + 2 * PAGE).contains(&fault.address)
        {
            told.push((fault.address & !(PAGE - 1), fault.kind));
        }
    });
    assert_eq!(told, [(start, FAULT_NEW), (start + PAGE, FAULT_CACHED)]);
    assert_eq!(child::wait(pid), Status::Exited(0));
    unmap(start, 2);
}

pub fn the_kernels_own_faults_are_told_too() {
    for room in [64, 0] {
        let start = map(4);
        let (tracer, pid) = traced(TRACE_FAULTS, room, || {
            let (read, write) = sys::file::pipe().expect("pipe2");
            write.write_all(&[1; 4 * PAGE as usize]).expect("write");
            // SAFETY: mapped above, and nobody else uses it.
            let to =
                unsafe { core::slice::from_raw_parts_mut(start as *mut u8, 4 * PAGE as usize) };
            assert_eq!(read.read(to), Ok(to.len()));
            0
        });
        let (mut told, mut lost) = (0, 0);
        watch(&tracer, |event, what| {
            lost += event.lost;
            if let What::Fault(fault) = what
                && (start..start + 4 * PAGE).contains(&fault.address)
            {
                assert_eq!(fault.flags & FAULT_IN_KERNEL, FAULT_IN_KERNEL);
                // An emulated processor may read before it writes.
                told += u32::from((fault.access, fault.kind) == (ACCESS_WRITE, FAULT_ANONYMOUS));
            }
        });
        match room {
            0 => assert!(told == 0 && lost >= 4),
            _ => assert_eq!((told, lost), (4, 0)),
        }
        assert_eq!(child::wait(pid), Status::Exited(0));
        unmap(start, 4);
    }
}

pub fn a_growing_stack_and_a_bad_address_are_told() {
    let (tracer, pid) = traced(TRACE_FAULTS, 0, || {
        #[inline(never)]
        fn dig(depth: u32) -> u32 {
            let room = core::hint::black_box([depth; 1024]);
            // Unknown, or the compiler would make a loop of it.
            let again: fn(u32) -> u32 = core::hint::black_box(dig);
            if depth == 0 { room[7] } else { again(depth - 1) + core::hint::black_box(room)[9] }
        }
        core::hint::black_box(dig(512));
        peek_word(16);
        0
    });
    let (mut grown, mut signals) = (0, Vec::new());
    watch(&tracer, |_, what| match what {
        What::Fault(fault) if fault.flags & FAULT_STACK != 0 => grown += 1,
        What::Fault(fault) if fault.kind == FAULT_SIGNAL => {
            signals.push((fault.address, fault.end))
        }
        What::Signal(info) => signals.push(({ info.signo }.cast_unsigned(), info.address())),
        _ => {}
    });
    assert!(grown > 0);
    assert_eq!(signals, [(16, 0), (SIGSEGV.cast_unsigned(), 16)]);
    assert_eq!(child::wait(pid), Status::Signaled(SIGSEGV));
}

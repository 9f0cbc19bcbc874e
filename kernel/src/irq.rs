//! Interrupt lines: who answers which.

use crate::arch::entry::TrapFrame;
use crate::arch::pic;
use crate::cpu;
use crate::failpoint;
use crate::sync::{IrqSpinLock, Rank};
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Runs with interrupts off and must not sleep. A handler that leaves the cause of a
/// level-triggered interrupt standing masks its line before it returns.
pub type Handler = fn(line: u8, frame: &TrapFrame);

/// The line has a handler already, or there is no such line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LineTaken;

static HANDLERS: IrqSpinLock<[Option<Handler>; pic::LINES as usize]> =
    IrqSpinLock::new(Rank::Device, [None; pic::LINES as usize]);

/// Gives `line` to `handler` and lets its interrupts in.
pub fn claim(line: u8, handler: Handler) -> Result<(), LineTaken> {
    match HANDLERS.lock().get_mut(usize::from(line)) {
        Some(slot @ None) => *slot = Some(handler),
        _ => return Err(LineTaken),
    }
    pic::unmask(line);
    Ok(())
}

/// Masks `line` and forgets its handler.
pub fn release(line: u8) {
    pic::mask(line);
    if let Some(slot) = HANDLERS.lock().get_mut(usize::from(line)) {
        *slot = None;
    }
}

static COUNTS: [AtomicU32; pic::LINES as usize] =
    [const { AtomicU32::new(0) }; pic::LINES as usize];

/// How often each line has interrupted.
pub fn counts() -> [u32; pic::LINES as usize] {
    COUNTS.each_ref().map(|count| count.load(Relaxed))
}

/// Answers the interrupt that arrived by `vector`.
pub fn dispatch(vector: u32, frame: &TrapFrame) {
    let line = vector.wrapping_sub(u32::from(pic::VECTOR_BASE)) as u8;
    if pic::is_spurious(line) {
        return;
    }
    if let Some(count) = COUNTS.get(usize::from(line)) {
        count.store(count.load(Relaxed).wrapping_add(1), Relaxed);
    }
    cpu::preempt_disable();
    let handler = HANDLERS.lock_with_interrupts_off().get(usize::from(line)).copied().flatten();
    match handler {
        Some(handler) => failpoint::in_interrupt(|| handler(line, frame)),
        // Masked, so this is said once for each line.
        None => {
            pic::mask(line);
            log::warn!("nobody answers IRQ {line}: masked");
        }
    }
    pic::end_of_interrupt(line);
    cpu::preempt_enable();
}

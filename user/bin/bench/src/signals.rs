//! Signals from `kill` and from faults, to a handler and back.

use crate::meter::Meter;
use crate::pages::{Pages, RW};
use crate::row::Row;
use core::arch::asm;
use core::sync::atomic::{AtomicU32, Ordering};
use sys::abi::memory::{MAP_ANONYMOUS, MAP_PRIVATE, PAGE_SIZE, PROT_NONE, PROT_READ};
use sys::abi::signal::{SIGSEGV, SIGUSR1, Siginfo, SignalSet, Ucontext};
use sys::signal::{Action, set_action, set_default};
use sys::syscall::linux;
use sys::{Errno, Result, process};

pub const ROWS: &[Row] = &[
    Row { name: "sig_kill_self", run: kill_self },
    Row { name: "sig_segv_skip", run: segv_skip },
    Row { name: "sig_segv_mprotect", run: segv_protect },
];

/// How often a handler ran.
static HANDLED: AtomicU32 = AtomicU32::new(0);

fn count_handled() {
    HANDLED.store(HANDLED.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
}

extern "C" fn only_count(_: i32) {
    count_handled();
}

/// Steps over the faulting instruction of [`poke`].
extern "C" fn skip(_: i32, _: &Siginfo, context: &mut Ucontext) {
    count_handled();
    context.mcontext.eip += POKE_LENGTH;
}

/// Lets the faulting write happen.
extern "C" fn permit(_: i32, info: &Siginfo, _: &mut Ucontext) {
    count_handled();
    let page = info.fields.first().map_or(0, |address| address & !(PAGE_SIZE - 1));
    // SAFETY: a page of the row, which gains a right. If it fails the write faults for ever, and
    // the count tells.
    if unsafe { linux::mprotect(page, PAGE_SIZE, RW) }.is_err() {
        process::exit(1);
    }
}

/// Bytes of the instruction in [`poke`].
const POKE_LENGTH: u32 = 2;

/// Writes a word with an instruction of known length.
#[inline(always)]
fn poke(address: u32) {
    // SAFETY: the page belongs to the row, or there is none and the handler steps over this.
    unsafe { asm!("mov dword ptr [eax], ecx", in("eax") address, in("ecx") 1, options(nostack)) };
}

/// Runs `operations` with a handler that has to be called by each.
fn with_handler(
    signal: i32,
    action: Action,
    operations: u32,
    body: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let before = HANDLED.load(Ordering::Relaxed);
    // SAFETY: the handlers here change only what the rows expect.
    unsafe { set_action(signal, action, 0, SignalSet::EMPTY) }?;
    let result = body();
    set_default(signal)?;
    result?;
    let handled = HANDLED.load(Ordering::Relaxed).wrapping_sub(before);
    if handled == operations { Ok(()) } else { Err(Errno::EIO) }
}

fn kill_self(meter: &mut Meter) -> Result<()> {
    let (count, own) = (meter.count(2000), process::id());
    with_handler(SIGUSR1, Action::Handler(only_count), count, || {
        meter.time(count, || (0..count).try_for_each(|_| process::kill(own, SIGUSR1)))
    })
}

fn segv_skip(meter: &mut Meter) -> Result<()> {
    let count = meter.count(2000);
    let hole = Pages::hole(1)?;
    with_handler(SIGSEGV, Action::InfoHandler(skip), count, || {
        meter.time(count, || (0..count).for_each(|_| poke(hole.address)));
        Ok(())
    })
}

/// Present pages, each an area that joins no other; few, so that finding one costs little.
fn segv_protect(meter: &mut Meter) -> Result<()> {
    const AREAS: u32 = 32;
    let own = |number: u32| 2 * number + 1;
    for _ in 0..meter.count(64) {
        let pages = Pages::map(2 * AREAS + 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1)?;
        for page in (0..AREAS).map(own) {
            pages.protect(page, 1, RW)?;
            pages.write(page);
            pages.protect(page, 1, PROT_READ)?;
        }
        with_handler(SIGSEGV, Action::InfoHandler(permit), AREAS, || {
            meter.time(AREAS, || (0..AREAS).for_each(|number| poke(pages.page(own(number)))));
            Ok(())
        })?;
    }
    Ok(())
}

use super::driving;
use super::handle::ConsoleHandle;
use super::{start, streams};
use crate::file::buffers::Source;
use crate::ipc::frames::Frames;
use crate::ipc::port::Port;
use crate::ktest::{Outcome, check, tests};
use crate::result::{Errno, Result};
use abi::console::{Command, Device, Driver, RING_BYTES, Step};
use abi::ipc::Level;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use kcore::cmdline::CommandLine;

tests![
    frames_lie_side_by_side_for_the_kernel,
    the_kernel_sends_what_is_written,
    streams_wait_for_a_server_and_its_successor,
    an_index_that_cannot_be_is_not_believed,
    commands_wait_until_they_are_obeyed,
];

const BIT: u32 = 4;

fn fail(_: Errno) -> &'static str {
    "an errno"
}

/// The framed line with credits.
fn begin() -> Outcome {
    static HAS_BEGUN: AtomicBool = AtomicBool::new(false);
    if HAS_BEGUN.swap(true, SeqCst) {
        return Ok(());
    }
    let command_line = CommandLine::new(b"");
    // SAFETY: once, and there are no programs.
    unsafe { start(&command_line) }.map_err(fail)
}

fn write(bytes: &[u8]) -> Result<usize> {
    streams().write(0, &mut Source::Kernel(bytes), true)
}

fn consumed() -> u32 {
    streams().shared().driver.consumed[0].load(SeqCst)
}

/// A port that takes everything.
struct Sink;

impl Device for Sink {
    fn receive(&mut self) -> Option<u8> {
        None
    }

    fn receive_into(&mut self, _: &AtomicU32, _: u32) -> bool {
        false
    }

    fn send(&mut self, bytes: &[u8]) -> usize {
        bytes.len()
    }
}

fn drive() {
    let mut driver = Driver::new(streams().shared());
    while !matches!(driver.step(&mut Sink), Step::Idle(_)) {}
}

/// The line in the hands of a server.
fn serve() -> core::result::Result<(Arc<ConsoleHandle>, Arc<Port>), &'static str> {
    begin()?;
    let handle = ConsoleHandle::new().map_err(fail)?;
    let port = Port::new(Level::CONSOLE).map_err(fail)?;
    Ok((handle, port))
}

fn frames_lie_side_by_side_for_the_kernel() -> Outcome {
    let frames = Frames::new(3).map_err(fail)?;
    let area = frames.map_kernel().map_err(fail)?;
    // SAFETY: the area has that many words, zeroed, and they may change at any time.
    let word = |at: usize| unsafe { &*((area.address() as usize + at) as *const AtomicU32) };
    check!(word(0).load(SeqCst) == 0);
    word(2 * 4096).store(7, SeqCst);
    let again = frames.map_kernel().map_err(fail)?;
    check!(again.address() != area.address());
    // SAFETY: as above.
    let other = unsafe { &*((again.address() + 2 * 4096) as *const AtomicU32) };
    check!(other.load(SeqCst) == 7);
    drop(again);
    check!(word(2 * 4096).load(SeqCst) == 7);
    Ok(())
}

fn the_kernel_sends_what_is_written() -> Outcome {
    begin()?;
    let before = consumed();
    check!(write(b"sent at once") == Ok(12));
    check!(consumed().wrapping_sub(before) == 12);
    Ok(())
}

fn streams_wait_for_a_server_and_its_successor() -> Outcome {
    let (handle, port) = serve()?;
    check!(ConsoleHandle::new().is_err_and(|errno| errno == Errno::EBUSY));
    let before = consumed();
    check!(write(b"it waits") == Ok(8));
    check!(consumed() == before);
    handle.attach(port.clone(), BIT).map_err(fail)?;
    check!(port.notification.take(BIT) == BIT);
    check!(write(b", and more") == Ok(10));
    check!(port.notification.take(BIT) == 0);
    drive();
    check!(consumed().wrapping_sub(before) == 18);
    check!(write(b"news") == Ok(4));
    check!(port.notification.take(BIT) == BIT);
    // The kernel takes what is left.
    drop(handle);
    check!(consumed().wrapping_sub(before) == 22);
    Ok(())
}

fn an_index_that_cannot_be_is_not_believed() -> Outcome {
    let (handle, port) = serve()?;
    handle.attach(port.clone(), BIT).map_err(fail)?;
    let before = consumed();
    let shared = streams().shared();
    for bad in [before.wrapping_sub(1), before.wrapping_add(6), before ^ 1 << 31] {
        check!(write(b"x") == Ok(1));
        shared.driver.consumed[0].store(bad, SeqCst);
        handle.tell();
        check!(streams().with(|state, _| state.outputs[0].consumed()) == before);
        shared.driver.produced.store(RING_BYTES + 1, SeqCst);
        check!(write(b"y") == Ok(1));
        handle.attach(port.clone(), BIT).map_err(fail)?;
        check!(consumed() == before);
        check!(shared.driver.produced.load(SeqCst) == 0);
    }
    drop(handle);
    check!(consumed().wrapping_sub(before) == 6);
    Ok(())
}

fn commands_wait_until_they_are_obeyed() -> Outcome {
    let (handle, _) = serve()?;
    let shared = streams().shared();
    let given = || shared.kernel.commanded.load(SeqCst);
    let before = given();
    streams().command(Command::DropLine).map_err(fail)?;
    check!(given().wrapping_sub(before) == 1);
    // A framed line's driver knows no commands.
    shared.driver.obeyed.store(given(), SeqCst);
    drop(handle);
    driving::attend(true);
    Ok(())
}

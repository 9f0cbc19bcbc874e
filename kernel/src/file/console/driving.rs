//! Who drives the line: the kernel, or a console server.
//!
//! A server has the line from the moment that `init` makes the console's handle until the last such
//! handle is closed. While no instance of it lives, the streams wait.

use super::port;
use super::streams::Streams;
use super::{foreground, streams};
use crate::arch::serial::SerialPort;
use crate::file::caller;
use crate::ipc::port::Port;
use crate::result::{Errno, Result};
use crate::sync::{BootCell, Rank, SpinLock};
use crate::task::{self, Sleep, Task, might_resched};
use crate::time;
use abi::console::uart::Uart;
use abi::console::{Driver, Step, Wanted};
use abi::frame::Exit;
use alloc::sync::Arc;
use core::sync::atomic::Ordering::SeqCst;
use kcore::run_queue::Priority;

/// The kernel's own driver.
struct Own {
    driver: Driver<'static>,
    com1: Uart<SerialPort>,
    /// Not while a server has the line.
    is_on: bool,
}

/// Whom to tell of news.
enum By {
    Kernel,
    Server(Option<Attached>),
}

/// The server that drives.
#[derive(Clone)]
struct Attached {
    port: Arc<Port>,
    bits: u32,
}

struct Driving {
    own: SpinLock<Own>,
    by: SpinLock<By>,
}

static DRIVING: BootCell<Driving> = BootCell::new();

/// Above all programs: ^C reaches one that never sleeps.
const PRIORITY: Priority = Priority::new(Priority::NORMAL.level() - 1);
/// At the end, a server that sends nothing for so long loses the line.
const PATIENCE: u64 = time::SECOND;

/// Starts to drive.
///
/// # Safety
/// Once, at boot.
pub unsafe fn start(streams: &Streams) -> Result<()> {
    // SAFETY: nobody drives COM1 yet; from here on, whoever `is_on`.
    let mut com1 = unsafe { port::com1() };
    com1.initialise();
    port::claim();
    let own = Own { driver: Driver::new(streams.shared()), com1, is_on: true };
    let own = SpinLock::new(Rank::File, own);
    // SAFETY: passed on to the caller.
    unsafe { DRIVING.set(Driving { own, by: SpinLock::new(Rank::File, By::Kernel) }) };
    let service = Task::new(b"console", PRIORITY, serve, 0).map_err(|_| Errno::ENOMEM)?;
    task::start(service);
    Ok(())
}

fn serve(_: usize) {
    loop {
        run();
        if DRIVING.get().own.lock().is_on {
            port::unmask();
        }
        port::wait();
    }
}

/// Programs have news for the driver; `notify`: a server that sleeps has to hear of them.
#[inline]
pub fn attend(notify: bool) {
    match &*DRIVING.get().by.lock() {
        By::Server(Some(server)) if notify => server.port.notification.notify(server.bits),
        By::Server(_) => return,
        By::Kernel => {}
    }
    run();
}

/// Drives as long as there is something to do.
fn run() {
    let driving = DRIVING.get();
    loop {
        let step = {
            let mut own = driving.own.lock();
            let Own { driver, com1, is_on } = &mut *own;
            if !*is_on {
                return;
            }
            let step = driver.step(com1);
            if let Step::Idle(wanted) = step {
                com1.listen(wanted);
                return;
            }
            step
        };
        obey(step);
        might_resched();
    }
}

fn obey(step: Step) {
    match step {
        Step::Tell => streams().tell(),
        Step::Signal { signal, flush } => self::signal(signal, flush),
        Step::Progress | Step::Idle(_) => {}
    }
}

/// Signals the group in the foreground; `flush`: after forgetting what was not read. Whoever drives
/// goes on by itself.
pub fn signal(signal: i32, flush: bool) {
    if flush {
        streams().discard_input();
    }
    if let Some(group) = foreground() {
        caller::signal_group(group, signal);
    }
}

/// A console server gets the line: the kernel does not touch it from here on. EBUSY if there is one.
pub fn give_away() -> Result<()> {
    let driving = DRIVING.get();
    {
        let mut by = driving.by.lock();
        if let By::Server(_) = *by {
            return Err(Errno::EBUSY);
        }
        *by = By::Server(None);
    }
    let mut own = driving.own.lock();
    own.is_on = false;
    own.com1.listen(Wanted { receive: false, send: false });
    port::release();
    Ok(())
}

/// There will be no server: the kernel drives again.
pub fn take_back() {
    take_over();
    port::claim();
    attend(true);
}

fn take_over() {
    let driving = DRIVING.get();
    let old = core::mem::replace(&mut *driving.by.lock(), By::Kernel);
    // Without the lock: it may be the last reference.
    drop(old);
    let streams = streams();
    streams.renew();
    let mut own = driving.own.lock();
    own.driver = Driver::new(streams.shared());
    own.is_on = true;
}

/// The process behind a port drives; `bits` of the port are how it is told.
pub fn attach(port: Arc<Port>, bits: u32) -> Result<()> {
    streams().renew();
    let attached = Attached { port, bits };
    let old = match &mut *DRIVING.get().by.lock() {
        By::Kernel => return Err(Errno::EBADF),
        By::Server(server) => server.replace(attached),
    };
    drop(old);
    // It looks at everything once.
    attend(true);
    Ok(())
}

/// The server, if an instance of it lives.
fn server() -> Option<u32> {
    let port = match &*DRIVING.get().by.lock() {
        By::Server(Some(server)) => server.port.clone(),
        _ => return None,
    };
    port.server()
}

/// What the server wrote cannot be: it has to go.
pub fn end_server() {
    if let Some(pid) = server() {
        log::warn!("the console server, process {pid}, wrote an index that cannot be");
        caller::end_process(pid);
    }
}

/// Sends everything that was written, and then how the first program ended. Nothing is driven
/// afterwards.
pub fn finish(exit: Exit) {
    let shared = streams().shared();
    shared.kernel.set_exit(exit);
    attend(true);
    let progress = || {
        let [a, b] = [0, 1].map(|output| shared.driver.consumed[output].load(SeqCst));
        (shared.driver.finished.load(SeqCst) != 0, a.wrapping_add(b))
    };
    // A server at work may do it.
    let mut last = progress();
    while !last.0 && server().is_some() {
        let deadline = Some(time::monotonic().saturating_add(PATIENCE));
        let attempt = || (progress() != last).then_some(());
        if streams().writers.wait_for(Sleep::Uninterruptible, deadline, attempt).is_err() {
            break;
        }
        last = progress();
    }
    if last.0 {
        return;
    }
    take_over();
    // Polled: nobody else runs any more.
    let mut own = DRIVING.get().own.lock();
    while !progress().0 {
        let Own { driver, com1, .. } = &mut *own;
        driver.step(com1);
    }
}

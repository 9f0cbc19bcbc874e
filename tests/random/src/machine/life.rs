//! A process that takes steps.

use super::figures::Figures;
use super::perform::{Slots, perform};
use super::source::Source;
use crate::generate::parameter::handle;
use crate::place::{PLAYGROUND, slot};
use crate::step::Made;
use abi::memory::PAGE_SIZE;
use abi::process::*;
use abi::socket::{AF_UNIX, SOCK_STREAM};
use abi::time::CLOCK_MONOTONIC;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering::Relaxed};
use sys::abi::file::{AT_FDCWD, O_RDWR};
use sys::abi::signal::{SIG_SETMASK, SignalSet};
use sys::abi::{UserPtr, UserStr};
use sys::file::File;
use sys::io::Fd;
use sys::ipc::{Frames, IoPorts, Level, Port, raise_level};
use sys::statistics::StatisticsRight;
use sys::syscall::{input, linux, output};
use sys::trace::Tracer;
use sys::{Result, directory, file, process, signal};

/// What it takes its steps with.
pub struct Life<'a> {
    pub source: &'a dyn Source,
    pub figures: &'a Figures,
    pub process: u32,
    slots: Slots,
}

/// Its exit status if it could not begin.
pub const NOT_BEGUN: i32 = 98;

/// The one of this process, for children.
static LIFE: AtomicPtr<Life<'static>> = AtomicPtr::new(null_mut());

/// Steps of a child.
const STEPS_OF_CHILDREN: u32 = 8;
/// An I/O port that a machine of today does nothing about.
const UNUSED_PORT: u16 = 0x80;

impl<'a> Life<'a> {
    pub fn new(source: &'a dyn Source, figures: &'a Figures, process: u32) -> Self {
        Self { source, figures, process, slots: Slots::new() }
    }

    /// Lives from a step on.
    pub fn lead(&mut self, from: u32, sibling: i32, folder: &str) -> ! {
        if let Err(why) = self.begin(sibling, folder) {
            sys::eprintln!("random: process {} cannot begin: {why}", self.process);
            process::exit(NOT_BEGUN);
        }
        LIFE.store(core::ptr::from_mut(self).cast(), Relaxed);
        let mut next = self.source.next(self.process, from);
        while let Some(index) = next {
            self.figures.goes_to(self.process, index);
            self.take(index);
            next = self.source.next(self.process, index + 1);
        }
        process::exit(0)
    }

    fn take(&self, index: u32) {
        let mut room = Made::nothing();
        let step = self.source.step(self.process, index, &mut room);
        perform(&step, index, &self.slots, self.figures);
    }

    /// One half of them have every right that root has, and none is more trusted than programs.
    fn begin(&self, sibling: i32, folder: &str) -> Result<()> {
        process::set_group(0, 0)?;
        signal::change_mask(SIG_SETMASK, SignalSet::EMPTY)?;
        directory::set_current(folder)?;
        let null = File::open_with("/dev/null", O_RDWR, 0)?;
        self.keep_handles()?;
        for slot in slot::CHILDREN {
            self.slots.set(slot, 0x7fff_ffff);
        }
        for (slot, page) in slot::ADDRESSES.zip(0..) {
            self.slots.set(slot, PLAYGROUND + 8 * page * PAGE_SIZE);
        }
        self.slots.set(slot::OWN, process::id().cast_unsigned());
        self.slots.set(slot::SIBLING, sibling.cast_unsigned());
        self.slots.set(slot::HANDLER, (nothing as *const ()).addr() as u32);
        self.keep_descriptors()?;
        limit()?;
        raise_level(Level::PROGRAM)?;
        if self.process % 2 == 1 {
            let user = super::sandbox::user(self.process);
            // SAFETY: the calls name no memory.
            unsafe {
                linux::setresgid32(user, user, user)?;
                linux::setresuid32(user, user, user)?;
            }
        }
        // The last thing: until then it can say what is wrong.
        for standard in 0..3 {
            file::duplicate_to(null.fd(), Fd(standard))?;
        }
        Ok(())
    }

    fn keep_handles(&self) -> Result<()> {
        let keep = |slot, handle| self.slots.set(slot, handle);
        keep(handle::PORT, kept(Port::new(Level::PROGRAM)?).0.raw());
        keep(handle::FRAMES, kept(Frames::new(2)?).0.raw());
        keep(handle::IO_PORTS, kept(IoPorts::new(UNUSED_PORT, 1)?).0.raw());
        keep(handle::TRACER, kept(Tracer::new(0)?).0.raw());
        keep(handle::RIGHT, kept(StatisticsRight::new()?).0.raw());
        Ok(())
    }

    /// One of each kind.
    fn keep_descriptors(&self) -> Result<()> {
        let (mut socket, mut datagram, mut timer) = ([0; 2], [0; 2], 0);
        let (read, write) = file::pipe()?;
        let of = |file: File| file.into_fd().0;
        // SAFETY: the calls write where they are told to, and read one word.
        unsafe {
            linux::socketpair(AF_UNIX, SOCK_STREAM, 0, output(&mut socket))?;
            linux::socketpair(AF_UNIX, abi::socket::SOCK_DGRAM, 0, output(&mut datagram))?;
            linux::timer_create(CLOCK_MONOTONIC, UserPtr::NULL, output(&mut timer))?;
            let name = b"m\0";
            let memory = linux::memfd_create(UserStr::new(sys::syscall::pointer(name)), 0)?;
            let signals = abi::signal::SignalSet::EMPTY;
            let others = [
                memory,
                linux::epoll_create1(0)?,
                linux::eventfd2(0, 0)?,
                linux::timerfd_create(CLOCK_MONOTONIC, 0)?,
                linux::signalfd4(-1, input(&signals), 8, 0)?,
                linux::socket(AF_UNIX, SOCK_STREAM, 0)?,
            ];
            let files = [
                of(File::open_with("/dev/null", O_RDWR, 0)?),
                of(File::open_with("f", O_RDWR, 0)?),
                of(File::open("d")?),
                of(read),
                of(write),
                AT_FDCWD,
            ];
            let others = others.map(u32::cast_signed);
            let all = files.iter().chain(&socket).chain(&datagram).chain(&others);
            for (slot, fd) in slot::DESCRIPTORS.zip(all) {
                self.slots.set(slot, fd.cast_unsigned());
            }
        }
        slot::TIMERS.for_each(|slot| self.slots.set(slot, timer.cast_unsigned()));
        Ok(())
    }
}

/// Goes on with what comes behind the step at `place`, but makes no children itself.
pub extern "C" fn child(place: u32) -> ! {
    // SAFETY: whoever makes calls has set it before, and it does not end before its process.
    let life = unsafe { &*LIFE.load(Relaxed) };
    let mut next = life.source.next(life.process, place + 1);
    for _ in 0..STEPS_OF_CHILDREN {
        let Some(index) = next else { break };
        let mut room = Made::nothing();
        let step = life.source.step(life.process, index, &mut room);
        if !super::enter::makes_a_child(step.number) {
            perform(&step, index, &life.slots, life.figures);
        }
        next = life.source.next(life.process, index + 1);
    }
    // SAFETY: the thread ends, and with it the process if it has no other one.
    let _ = unsafe { linux::exit(0) };
    process::exit(0)
}

/// It stays open.
fn kept<T>(handle: T) -> core::mem::ManuallyDrop<T> {
    core::mem::ManuallyDrop::new(handle)
}

/// Handles signals.
pub extern "C" fn nothing(_: i32) {}

/// What it may use, so that there is something left for others.
fn limit() -> Result<()> {
    const MIB: u32 = 1 << 20;
    let limits =
        [(RLIMIT_AS, 12 * MIB), (RLIMIT_FSIZE, MIB / 2), (RLIMIT_NOFILE, 48), (RLIMIT_CORE, 0)];
    for (resource, bytes) in limits {
        let limit = Rlimit { cur: bytes, max: bytes };
        // SAFETY: the limit is read only.
        unsafe { linux::setrlimit(resource, input(&limit)) }?;
    }
    Ok(())
}

//! COM1 as a terminal, as descriptions see it.

use super::streams;
use crate::file::buffers::{Source, UserBuffers};
use crate::file::operations::Operations;
use crate::file::{File, caller};
use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock, WaitError, WaitQueue};
use crate::task::Sleep;
use crate::time;
use abi::poll::{POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM};
use abi::signal::{SIGTTIN, SIGTTOU};
use abi::terminal::{ICANON, TOSTOP, Termios, VMIN, VTIME, Winsize};
use alloc::vec::Vec;

pub struct Terminal {
    pub(super) control: SpinLock<Control>,
}

/// What only the kernel has to know of a terminal.
pub(super) struct Control {
    pub winsize: Winsize,
    /// Whose controlling terminal this is; 0 for none.
    pub session: u32,
    /// The process group in the foreground; 0 for none.
    pub foreground: u32,
}

/// The most a program gets at once: a whole line.
const MAX_READ: usize = 4096;
/// Reads up to this size need no memory of the kernel.
const SMALL_READ: usize = 256;
const TENTH_OF_SECOND: u64 = 100_000_000;
/// A terminal's output is the first one.
pub(super) const OUTPUT: usize = 0;

impl Terminal {
    pub fn new() -> Self {
        let control = Control { winsize: Winsize::default(), session: 0, foreground: 0 };
        Self { control: SpinLock::new(Rank::File, control) }
    }

    pub fn foreground(&self) -> Option<u32> {
        let foreground = self.control.lock().foreground;
        (foreground != 0).then_some(foreground)
    }

    pub fn read(&self, to: &mut UserBuffers, nonblocking: bool) -> Result<usize> {
        self.check_foreground(SIGTTIN)?;
        if to.is_empty() {
            return Ok(0);
        }
        let wanted = to.len().min(MAX_READ);
        let mut small = [0; SMALL_READ];
        let mut large = Vec::new();
        let buffer = match small.get_mut(..wanted) {
            Some(buffer) => buffer,
            None => {
                large.try_reserve_exact(wanted).map_err(|_| Errno::ENOMEM)?;
                large.resize(wanted, 0);
                &mut large
            }
        };
        let count = self.read_kernel(buffer, nonblocking)?;
        let bytes = buffer.get(..count).unwrap_or_default();
        if to.copy_out(bytes) < count { Err(Errno::EFAULT) } else { Ok(count) }
    }

    fn read_kernel(&self, to: &mut [u8], nonblocking: bool) -> Result<usize> {
        let Mode { is_canonical, least, time } = self.mode();
        // Without VMIN the time counts from the beginning, with it from the first byte.
        let from_start = !is_canonical && least == 0;
        if from_start && time == 0 {
            return Ok(streams().take_typed(to).unwrap_or(0));
        }
        let enough = if is_canonical { 1 } else { least.clamp(1, to.len()) };
        let mut done = 0;
        loop {
            let rest = to.get_mut(done..).unwrap_or_default();
            let timed = time != 0 && !is_canonical && (from_start || done > 0);
            let deadline = timed.then(|| time::monotonic().saturating_add(time));
            let got = loop {
                match streams().take_typed(rest) {
                    Some(count) => break count,
                    None if nonblocking && done > 0 => return Ok(done),
                    None if nonblocking => return Err(Errno::EAGAIN),
                    None => {}
                }
                let attempt = || streams().is_readable().then_some(());
                match streams().readers.wait_for(Sleep::Interruptible, deadline, attempt) {
                    Ok(()) => {}
                    Err(WaitError::TimedOut) => return Ok(done),
                    Err(_) if done > 0 => return Ok(done),
                    Err(_) => return Err(caller::restart()),
                }
            };
            done += got;
            // An end of file reads as no byte.
            if done >= enough || is_canonical {
                return Ok(done);
            }
        }
    }

    pub fn write(&self, from: &mut Source, nonblocking: bool) -> Result<usize> {
        if self.termios().lflag & TOSTOP != 0 {
            self.check_foreground(SIGTTOU)?;
        }
        streams().write(OUTPUT, from, nonblocking)
    }

    pub fn events(&self) -> u16 {
        let mut events = 0;
        if self.is_ready() {
            events |= POLLIN | POLLRDNORM;
        }
        if streams().has_room(OUTPUT) {
            events |= POLLOUT | POLLWRNORM;
        }
        events
    }

    /// Whether `poll` reports input: in raw mode only from VMIN bytes on, unless VTIME is set.
    fn is_ready(&self) -> bool {
        let mode = self.mode();
        let least = if mode.is_canonical || mode.time != 0 { 0 } else { mode.least };
        let readable = streams().with(|state, _| state.input.filled());
        readable != 0 && readable as usize >= least
    }

    pub(super) fn termios(&self) -> Termios {
        streams().with(|state, _| state.termios)
    }

    fn mode(&self) -> Mode {
        let Termios { cc, lflag, .. } = self.termios();
        let [least, time] = [VMIN, VTIME].map(|index| cc.get(index).copied().unwrap_or(0));
        Mode {
            is_canonical: lflag & ICANON != 0,
            least: usize::from(least),
            time: u64::from(time) * TENTH_OF_SECOND,
        }
    }
}

/// How reads end.
struct Mode {
    is_canonical: bool,
    /// Bytes, unless canonical.
    least: usize,
    /// Nanoseconds, unless canonical; 0 for no limit.
    time: u64,
}

impl Operations for Terminal {
    fn read(&self, file: &File, to: &mut UserBuffers) -> Result<usize> {
        self.read(to, file.is_nonblocking())
    }

    fn write(&self, file: &File, from: &mut Source) -> Result<usize> {
        self.write(from, file.is_nonblocking())
    }

    fn has_positions(&self) -> bool {
        false
    }

    fn events(&self) -> u16 {
        self.events()
    }

    fn pollers(&self) -> Option<&WaitQueue> {
        Some(super::pollers())
    }
}

//! Whose terminal it is, and its `ioctl`s.

use super::terminal::Terminal;
use crate::file::caller::{self, Session};
use crate::mm::user;
use crate::result::{Errno, Result};
use abi::signal::{SIGTTIN, SIGTTOU};
use abi::terminal::{
    FIONREAD, TCFLSH, TCGETS, TCSBRK, TCSETS, TCSETSF, TCSETSW, TCXONC, TIOCGPGRP, TIOCGSID,
    TIOCGWINSZ, TIOCNOTTY, TIOCOUTQ, TIOCSCTTY, TIOCSPGRP, TIOCSWINSZ, Termios, VSTART, VSTOP,
    Winsize,
};
use abi::{UserMutPtr, UserPtr};

/// Arguments of TCXONC.
const STOP_OUTPUT: u32 = 0;
const START_OUTPUT: u32 = 1;
const SEND_STOP: u32 = 2;
const SEND_START: u32 = 3;
/// Arguments of TCFLSH.
const FLUSH_INPUT: u32 = 0;
const FLUSH_OUTPUT: u32 = 1;
const FLUSH_BOTH: u32 = 2;

impl Terminal {
    /// Whether this is the controlling terminal of the caller's session.
    pub fn controls_caller(&self) -> bool {
        let session = self.state.lock().session;
        session != 0 && session == caller::session().session
    }

    /// See [`super::give_terminal`].
    pub fn give(&self, session: u32, group: u32) {
        let mut state = self.state.lock();
        if state.session == 0 {
            (state.session, state.foreground) = (session, group);
        }
    }

    /// See [`super::end_session`]. The group that was in the foreground.
    pub fn take(&self, session: u32) -> Option<u32> {
        let mut state = self.state.lock();
        if state.session != session {
            return None;
        }
        state.session = 0;
        let foreground = core::mem::take(&mut state.foreground);
        (foreground != 0).then_some(foreground)
    }

    /// A background process that reads, writes or changes the terminal is stopped by `signal`.
    pub(super) fn check_foreground(&self, signal: i32) -> Result<()> {
        let (session, foreground) = {
            let state = self.state.lock();
            (state.session, state.foreground)
        };
        let caller = caller::session();
        if session != caller.session || foreground == 0 || foreground == caller.group {
            return Ok(());
        }
        if caller::ignores(signal) {
            return if signal == SIGTTIN { Err(Errno::EIO) } else { Ok(()) };
        }
        if caller::is_group_orphaned(caller.group) {
            return Err(Errno::EIO);
        }
        caller::signal_group(caller.group, signal);
        Err(caller::restart())
    }

    /// ENOTTY for what is no command of a terminal.
    pub fn ioctl(&self, command: u32, argument: u32) -> Result<u32> {
        match command {
            TCSETS | TCSETSW | TCSETSF | TCSBRK | TCXONC | TCFLSH | TIOCSPGRP => {
                self.check_foreground(SIGTTOU)?;
            }
            _ => {}
        }
        match command {
            TCGETS => {
                let termios = *self.state.lock().line.termios();
                user::write(UserMutPtr::new(argument), &termios)?;
            }
            TCSETS | TCSETSW | TCSETSF => {
                let termios: Termios = user::read(UserPtr::new(argument))?;
                if command != TCSETS {
                    self.drain()?;
                }
                {
                    let mut state = self.state.lock();
                    if command == TCSETSF {
                        state.line.flush_input();
                    }
                    state.line.set_termios(&termios);
                }
                self.send_output();
                self.wake_all();
            }
            // A break is not sent: there is nobody to receive it.
            TCSBRK => self.drain()?,
            TCXONC => self.flow(argument)?,
            TCFLSH => {
                if argument > FLUSH_BOTH {
                    return Err(Errno::EINVAL);
                }
                {
                    let mut state = self.state.lock();
                    if argument != FLUSH_OUTPUT {
                        state.line.flush_input();
                    }
                    if argument != FLUSH_INPUT {
                        state.discard_output();
                    }
                }
                self.wake_all();
            }
            TIOCGWINSZ => {
                let winsize = self.state.lock().line.winsize();
                user::write(UserMutPtr::new(argument), &winsize)?;
            }
            TIOCSWINSZ => {
                let winsize: Winsize = user::read(UserPtr::new(argument))?;
                let (signal, foreground) = {
                    let mut state = self.state.lock();
                    (state.line.set_winsize(winsize), state.foreground)
                };
                if let Some(signal) = signal
                    && foreground != 0
                {
                    caller::signal_group(foreground, signal);
                }
            }
            TIOCGPGRP => {
                self.check_controls()?;
                let foreground = self.state.lock().foreground;
                user::write(UserMutPtr::new(argument), &foreground)?;
            }
            TIOCSPGRP => self.set_foreground(UserPtr::new(argument))?,
            TIOCGSID => {
                self.check_controls()?;
                let session = self.state.lock().session;
                user::write(UserMutPtr::new(argument), &session)?;
            }
            TIOCSCTTY => self.become_controlling(argument)?,
            TIOCNOTTY => {
                self.check_controls()?;
                let Session { session, is_leader, .. } = caller::session();
                if is_leader && let Some(group) = self.take(session) {
                    caller::hang_up(group);
                }
            }
            TIOCOUTQ => {
                let waiting = self.state.lock().output.filled();
                user::write(UserMutPtr::new(argument), &waiting)?;
            }
            FIONREAD => {
                let readable = self.state.lock().line.readable_bytes();
                user::write(UserMutPtr::new(argument), &readable)?;
            }
            _ => return Err(Errno::ENOTTY),
        }
        Ok(0)
    }

    /// ENOTTY unless it is the caller's controlling terminal.
    fn check_controls(&self) -> Result<()> {
        if self.controls_caller() { Ok(()) } else { Err(Errno::ENOTTY) }
    }

    /// Waits until everything that was written is sent.
    fn drain(&self) -> Result<()> {
        let sent = || self.state.lock().output.filled() == 0;
        self.writers.wait_interruptible(sent).map_err(|_| caller::restart())
    }

    fn flow(&self, argument: u32) -> Result<()> {
        let character = |index: usize| {
            let state = self.state.lock();
            state.line.termios().cc.get(index).copied().filter(|byte| *byte != 0)
        };
        match argument {
            STOP_OUTPUT => self.state.lock().line.set_stopped(true),
            START_OUTPUT => {
                self.state.lock().line.set_stopped(false);
                self.send_output();
                self.wake_all();
            }
            SEND_STOP | SEND_START => {
                let index = if argument == SEND_STOP { VSTOP } else { VSTART };
                if let Some(byte) = character(index) {
                    super::port::send(&[byte]);
                }
            }
            _ => return Err(Errno::EINVAL),
        }
        Ok(())
    }

    fn set_foreground(&self, group: UserPtr<i32>) -> Result<()> {
        self.check_controls()?;
        let group = user::read(group)?;
        let group = u32::try_from(group).map_err(|_| Errno::EINVAL)?;
        let session = caller::session_of_group(group).ok_or(Errno::ESRCH)?;
        if session != caller::session().session {
            return Err(Errno::EPERM);
        }
        self.state.lock().foreground = group;
        Ok(())
    }

    fn become_controlling(&self, argument: u32) -> Result<()> {
        let Session { session, group, is_leader } = caller::session();
        // Only a privileged caller may take it from another session.
        let may_steal = argument == 1 && caller::is_privileged();
        let mut state = self.state.lock();
        if is_leader && state.session == session {
            return Ok(());
        }
        if !is_leader || state.session != 0 && !may_steal {
            return Err(Errno::EPERM);
        }
        (state.session, state.foreground) = (session, group);
        Ok(())
    }
}

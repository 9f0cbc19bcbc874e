//! Whose terminal it is, and its `ioctl`s.

use super::streams;
use super::terminal::{OUTPUT, Terminal};
use crate::file::caller::{self, Session};
use crate::mm::user;
use crate::result::{Errno, Result};
use abi::console::Command;
use abi::signal::{SIGTTIN, SIGTTOU, SIGWINCH};
use abi::terminal::{
    FIONREAD, ICANON, TCFLSH, TCGETS, TCSBRK, TCSETS, TCSETSF, TCSETSW, TCXONC, TIOCGPGRP,
    TIOCGSID, TIOCGWINSZ, TIOCNOTTY, TIOCOUTQ, TIOCSCTTY, TIOCSPGRP, TIOCSWINSZ, Termios, VSTART,
    VSTOP, Winsize,
};
use abi::{UserMutPtr, UserPtr};
use core::mem;

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
    /// Whether this is the controlling terminal of a session.
    pub fn controls(&self, session: u32) -> bool {
        session != 0 && self.control.lock().session == session
    }

    /// Whether this is the controlling terminal of the caller's session.
    pub fn controls_caller(&self) -> bool {
        self.controls(caller::session().session)
    }

    /// See [`super::give_terminal`].
    pub fn give(&self, session: u32, group: u32) {
        let mut control = self.control.lock();
        if control.session == 0 {
            (control.session, control.foreground) = (session, group);
        }
    }

    /// See [`super::end_session`]. The group that was in the foreground.
    pub fn take(&self, session: u32) -> Option<u32> {
        let mut control = self.control.lock();
        if control.session != session {
            return None;
        }
        control.session = 0;
        let foreground = mem::take(&mut control.foreground);
        (foreground != 0).then_some(foreground)
    }

    /// A background process that reads, writes or changes the terminal is stopped by `signal`.
    pub(super) fn check_foreground(&self, signal: i32) -> Result<()> {
        let (session, foreground) = {
            let control = self.control.lock();
            (control.session, control.foreground)
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
                let termios = self.termios();
                user::write(UserMutPtr::new(argument), &termios)?;
            }
            TCSETS | TCSETSW | TCSETSF => {
                let termios: Termios = user::read(UserPtr::new(argument))?;
                if command != TCSETS {
                    self.drain()?;
                }
                if command == TCSETSF {
                    self.flush_input()?;
                }
                streams().command(Command::SetTermios(termios))?;
                // What may be read has changed.
                streams().tell();
            }
            // A break is not sent: there is nobody to receive it.
            TCSBRK => self.drain()?,
            TCXONC => self.flow(argument)?,
            TCFLSH => {
                if argument > FLUSH_BOTH {
                    return Err(Errno::EINVAL);
                }
                if argument != FLUSH_OUTPUT {
                    self.flush_input()?;
                }
                if argument != FLUSH_INPUT {
                    let end = streams().with(|state, _| state.outputs[OUTPUT].produced());
                    streams().command(Command::DropOutput(end))?;
                }
            }
            TIOCGWINSZ => {
                let winsize = self.control.lock().winsize;
                user::write(UserMutPtr::new(argument), &winsize)?;
            }
            TIOCSWINSZ => {
                let winsize: Winsize = user::read(UserPtr::new(argument))?;
                let (is_news, foreground) = {
                    let mut control = self.control.lock();
                    let old = mem::replace(&mut control.winsize, winsize);
                    (old != winsize, control.foreground)
                };
                if is_news && foreground != 0 {
                    caller::signal_group(foreground, SIGWINCH);
                }
            }
            TIOCGPGRP => {
                self.check_controls()?;
                let foreground = self.control.lock().foreground;
                user::write(UserMutPtr::new(argument), &foreground)?;
            }
            TIOCSPGRP => self.set_foreground(UserPtr::new(argument))?,
            TIOCGSID => {
                self.check_controls()?;
                let session = self.control.lock().session;
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
                let waiting = streams().with(|state, _| state.outputs[OUTPUT].filled());
                user::write(UserMutPtr::new(argument), &waiting)?;
            }
            FIONREAD => {
                let readable = self.readable_bytes();
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
        let sent = || streams().is_sent(OUTPUT);
        streams().writers.wait_interruptible(sent).map_err(|_| caller::restart())
    }

    fn flush_input(&self) -> Result<()> {
        streams().discard_input();
        streams().command(Command::DropLine)
    }

    fn readable_bytes(&self) -> u32 {
        streams().with(|state, shared| {
            let is_canonical = state.termios.lflag & ICANON != 0;
            let (start, end) = (state.input.consumed(), state.input.produced());
            shared.typed().readable_bytes(start, end, is_canonical)
        })
    }

    fn flow(&self, argument: u32) -> Result<()> {
        let command = match argument {
            STOP_OUTPUT | START_OUTPUT => Command::Stop(argument == STOP_OUTPUT),
            SEND_STOP | SEND_START => {
                let index = if argument == SEND_STOP { VSTOP } else { VSTART };
                match self.termios().cc.get(index) {
                    None | Some(0) => return Ok(()),
                    Some(byte) => Command::Send(*byte),
                }
            }
            _ => return Err(Errno::EINVAL),
        };
        streams().command(command)
    }

    fn set_foreground(&self, group: UserPtr<i32>) -> Result<()> {
        self.check_controls()?;
        let group = user::read(group)?;
        let group = u32::try_from(group).map_err(|_| Errno::EINVAL)?;
        let session = caller::session_of_group(group).ok_or(Errno::ESRCH)?;
        if session != caller::session().session {
            return Err(Errno::EPERM);
        }
        self.control.lock().foreground = group;
        Ok(())
    }

    fn become_controlling(&self, argument: u32) -> Result<()> {
        let Session { session, group, is_leader } = caller::session();
        // Only a privileged caller may take it from another session.
        let may_steal = argument == 1 && caller::is_privileged();
        let mut control = self.control.lock();
        if is_leader && control.session == session {
            return Ok(());
        }
        if !is_leader || control.session != 0 && !may_steal {
            return Err(Errno::EPERM);
        }
        (control.session, control.foreground) = (session, group);
        Ok(())
    }
}

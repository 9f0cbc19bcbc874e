//! What a parent that waits for its children finds.

use super::Family;
use abi::errno::Errno;
use abi::process::{WALL, WCLONE, WCONTINUED, WEXITED, WNOWAIT, WUNTRACED};
use abi::signal::SIGCHLD;

/// What happened to a process since its parent was told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Report {
    Nothing,
    /// By this signal.
    Stopped(u8),
    Continued,
    /// The wait status; the process is a zombie.
    Exited(i32),
}

/// Which children a wait is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Which {
    Any,
    Pid(u32),
    Group(u32),
}

impl Which {
    /// `wait4`'s first argument. ESRCH for the number that has no negative.
    pub fn from_argument(pid: i32, own_group: u32) -> Result<Self, Errno> {
        Ok(match pid {
            i32::MIN => return Err(Errno::ESRCH),
            -1 => Self::Any,
            0 => Self::Group(own_group),
            1.. => Self::Pid(pid.cast_unsigned()),
            _ => Self::Group(pid.unsigned_abs()),
        })
    }
}

/// Which children in which state; `options` are `waitid`'s, with WEXITED.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wanted {
    pub which: Which,
    pub options: u32,
}

/// A change that a wait reports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Change {
    /// The child. If it exited and WNOWAIT was not given, it is to be reaped now.
    pub slot: u32,
    pub report: Report,
}

impl<P> Family<P> {
    /// The first change among the children of `parent`, the oldest child first; `None` if they
    /// have nothing to report yet. ECHILD if there is no such child. A reported stop or
    /// continuation is forgotten unless WNOWAIT was given.
    pub fn take_change(&mut self, parent: u32, wanted: Wanted) -> Result<Option<Change>, Errno> {
        let mut any = false;
        let mut found = None;
        for slot in self.children(parent) {
            if !self.is_eligible(slot, wanted) {
                continue;
            }
            any = true;
            let report = self[slot].report;
            let wanted_option = match report {
                Report::Nothing => 0,
                Report::Stopped(_) => WUNTRACED,
                Report::Continued => WCONTINUED,
                Report::Exited(_) => WEXITED,
            };
            if wanted.options & wanted_option != 0 {
                found = Some(Change { slot, report });
                break;
            }
        }
        let Some(change) = found else {
            return if any { Ok(None) } else { Err(Errno::ECHILD) };
        };
        let forget = wanted.options & WNOWAIT == 0 && !matches!(change.report, Report::Exited(_));
        if forget && let Some(member) = self.get_mut(change.slot) {
            member.report = Report::Nothing;
        }
        Ok(Some(change))
    }

    fn is_eligible(&self, slot: u32, wanted: Wanted) -> bool {
        let member = &self[slot];
        let named = match wanted.which {
            Which::Any => true,
            Which::Pid(pid) => member.pid() == pid,
            Which::Group(group) => member.group() == group,
        };
        let is_clone = i32::from(member.exit_signal) != SIGCHLD;
        let kind = wanted.options & WALL != 0 || is_clone == (wanted.options & WCLONE != 0);
        named && kind
    }
}

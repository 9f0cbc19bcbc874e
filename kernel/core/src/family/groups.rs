//! Process groups and sessions.

use super::tree::{Family, some};
use crate::arena::NIL;
use abi::errno::Errno;

impl<P> Family<P> {
    /// The members of a group, zombies included.
    pub fn group(&self, group: u32) -> impl Iterator<Item = u32> {
        core::iter::successors(self.first_in_group(group), |slot| self.next_in_group(*slot))
    }

    pub fn first_in_group(&self, group: u32) -> Option<u32> {
        some(self.ids.group(group))
    }

    pub fn next_in_group(&self, slot: u32) -> Option<u32> {
        some(self.members[slot].next_in_group)
    }

    /// `setpgid` by the process in `caller`, in Linux's order of checks.
    pub fn set_group(&mut self, caller: u32, pid: i32, group: i32) -> Result<(), Errno> {
        let own = self.members[caller].pid;
        let pid = if pid == 0 { own.cast_signed() } else { pid };
        let group = if group == 0 { pid } else { group };
        if group < 0 {
            return Err(Errno::EINVAL);
        }
        let target = self.find(pid).ok_or(Errno::ESRCH)?;
        let (member, session) = (&self.members[target], self.members[caller].session);
        if member.pid.cast_signed() != pid {
            return Err(Errno::EINVAL);
        }
        if member.parent == caller {
            if member.session != session {
                return Err(Errno::EPERM);
            }
            if member.has_executed {
                return Err(Errno::EACCES);
            }
        } else if target != caller {
            return Err(Errno::ESRCH);
        }
        if member.leads_session() {
            return Err(Errno::EPERM);
        }
        let group = group.cast_unsigned();
        if group != member.pid {
            let other = self.first_in_group(group).ok_or(Errno::EPERM)?;
            if self.members[other].session != session {
                return Err(Errno::EPERM);
            }
        }
        self.move_to(target, group, session);
        Ok(())
    }

    /// `setsid`: a session and a group of its own.
    pub fn start_session(&mut self, caller: u32) -> Result<u32, Errno> {
        let pid = self.members[caller].pid;
        if self.members[caller].leads_session() || self.ids.group(pid) != NIL {
            return Err(Errno::EPERM);
        }
        self.move_to(caller, pid, pid);
        Ok(pid)
    }

    /// Whether nobody is left to continue the group's stopped members: no member has a parent in
    /// another group of the same session. `without` is a member about to end.
    pub fn is_orphaned(&self, group: u32, without: Option<u32>) -> bool {
        !self.group(group).any(|slot| {
            let member = &self.members[slot];
            if Some(slot) == without || member.has_exited() {
                return false;
            }
            member.parent().is_some_and(|parent| {
                let parent = &self.members[parent];
                let is_first = parent.parent().is_none();
                !is_first && parent.group != group && parent.session == member.session
            })
        })
    }

    /// Whether job control stopped a member of the group.
    pub fn has_stopped(&self, group: u32) -> bool {
        self.group(group).any(|slot| self.members[slot].is_stopped)
    }

    fn move_to(&mut self, slot: u32, group: u32, session: u32) {
        let member = &self.members[slot];
        let (old_group, old_session) = (member.group, member.session);
        self.hold(group, session);
        self.leave_list(slot);
        let member = &mut self.members[slot];
        (member.group, member.session) = (group, session);
        self.join_list(slot);
        self.ids.release(old_group);
        self.ids.release(old_session);
    }

    pub(super) fn join_list(&mut self, slot: u32) {
        let group = self.members[slot].group;
        let next = self.ids.group(group);
        self.ids.set_group(group, slot);
        let member = &mut self.members[slot];
        (member.previous_in_group, member.next_in_group) = (NIL, next);
        if let Some(next) = some(next) {
            self.members[next].previous_in_group = slot;
        }
    }

    pub(super) fn leave_list(&mut self, slot: u32) {
        let member = &self.members[slot];
        let (previous, next) = (member.previous_in_group, member.next_in_group);
        match some(previous) {
            Some(previous) => self.members[previous].next_in_group = next,
            None => self.ids.set_group(self.members[slot].group, next),
        }
        if let Some(next) = some(next) {
            self.members[next].previous_in_group = previous;
        }
    }
}

//! Members, their ids, parents and children.

use super::Report;
use crate::arena::{Arena, NIL, NoMemory};
use crate::pid_map::PidMap;
use abi::errno::Errno;
use core::ops::Index;

/// One process, from fork until it is reaped.
#[derive(Debug)]
pub struct Member<P> {
    /// What the owner of the family keeps for it.
    pub process: P,
    /// What a parent that waits may be told.
    pub report: Report,
    pub(super) pid: u32,
    pub(super) parent: u32,
    pub(super) first_child: u32,
    pub(super) last_child: u32,
    pub(super) older: u32,
    pub(super) younger: u32,
    pub(super) group: u32,
    pub(super) session: u32,
    pub(super) previous_in_group: u32,
    pub(super) next_in_group: u32,
    /// The signal its parent gets when it ends, 0 for none.
    pub exit_signal: u8,
    /// Whether it has replaced the program it was forked with.
    pub has_executed: bool,
    /// Whether job control stopped it.
    pub is_stopped: bool,
}

impl<P> Member<P> {
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The id of its process group.
    pub fn group(&self) -> u32 {
        self.group
    }

    pub fn session(&self) -> u32 {
        self.session
    }

    pub fn leads_session(&self) -> bool {
        self.session == self.pid
    }

    /// The slot of its parent; `None` for the first process.
    pub fn parent(&self) -> Option<u32> {
        some(self.parent)
    }

    pub fn has_exited(&self) -> bool {
        matches!(self.report, Report::Exited(_))
    }
}

pub(super) fn some(slot: u32) -> Option<u32> {
    (slot != NIL).then_some(slot)
}

/// All processes.
pub struct Family<P> {
    pub(super) ids: PidMap,
    pub(super) members: Arena<Member<P>, 64>,
}

impl<P> Default for Family<P> {
    fn default() -> Self {
        Self::new()
    }
}

/// For slots this family gave out and has not reaped: panics otherwise.
impl<P> Index<u32> for Family<P> {
    type Output = Member<P>;

    #[inline]
    fn index(&self, slot: u32) -> &Member<P> {
        &self.members[slot]
    }
}

impl<P> Family<P> {
    pub const fn new() -> Self {
        Self { ids: PidMap::new(), members: Arena::new() }
    }

    /// How many processes there are, zombies included.
    pub fn len(&self) -> u32 {
        self.members.len()
    }

    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Gives back memory that only ids and members of the past needed.
    pub fn shrink(&mut self) {
        self.members.shrink();
        self.ids.shrink();
    }

    /// An id that names nobody yet. What is not used goes back by [`release_id`](Self::release_id).
    pub fn allocate_id(&mut self) -> Result<u32, Errno> {
        self.ids.allocate(NIL)
    }

    /// Room for the member that is inserted next. It is nobody's: others may take it as soon as they
    /// can have the family.
    pub fn reserve_member(&mut self) -> Result<(), Errno> {
        self.members.reserve(1).map_err(|NoMemory| Errno::ENOMEM)
    }

    /// Gives back an id that never got a member, or that of a thread other than the first.
    pub fn release_id(&mut self, id: u32) {
        self.ids.remove_task(id);
    }

    /// Lets `id`, allocated for a thread, name its process.
    pub fn name_thread(&mut self, id: u32, slot: u32) {
        self.ids.set_task(id, slot);
    }

    /// The first process: its own group and session, nobody's child. `id` was allocated, and room
    /// reserved.
    pub fn insert_first(&mut self, id: u32, process: P) -> u32 {
        let slot = self.insert(id, process, NIL, 0);
        let member = &mut self.members[slot];
        (member.group, member.session) = (id, id);
        self.hold(id, id);
        self.join_list(slot);
        slot
    }

    /// A child in its parent's group and session. `id` was allocated, and room reserved.
    pub fn insert_child(&mut self, id: u32, process: P, parent: u32, exit_signal: u8) -> u32 {
        let slot = self.insert(id, process, parent, exit_signal);
        let Member { group, session, .. } = self.members[parent];
        let member = &mut self.members[slot];
        (member.group, member.session) = (group, session);
        self.hold(group, session);
        self.join_list(slot);
        self.adopt(slot, parent);
        slot
    }

    fn insert(&mut self, pid: u32, process: P, parent: u32, exit_signal: u8) -> u32 {
        let slot = self.members.insert(Member {
            process,
            report: Report::Nothing,
            pid,
            parent,
            first_child: NIL,
            last_child: NIL,
            older: NIL,
            younger: NIL,
            group: 0,
            session: 0,
            previous_in_group: NIL,
            next_in_group: NIL,
            exit_signal,
            has_executed: false,
            is_stopped: false,
        });
        self.ids.set_task(pid, slot);
        slot
    }

    pub fn get(&self, slot: u32) -> Option<&Member<P>> {
        self.members.get(slot)
    }

    pub fn get_mut(&mut self, slot: u32) -> Option<&mut Member<P>> {
        self.members.get_mut(slot)
    }

    /// The process with this id, or with a thread of this id.
    #[inline]
    pub fn find(&self, id: i32) -> Option<u32> {
        self.ids.task(u32::try_from(id).ok()?)
    }

    /// The process with the lowest id from `id` up.
    pub fn next_process(&self, id: u32) -> Option<u32> {
        let mut next = id;
        loop {
            let (id, slot) = self.ids.next_task(next)?;
            // A thread's id leads to its process, too.
            if self.members[slot].pid == id {
                return Some(slot);
            }
            next = id + 1;
        }
    }

    /// All processes, by id.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        core::iter::successors(self.next_process(1), |slot| {
            self.next_process(self.members[*slot].pid + 1)
        })
    }

    /// The children of a process, the oldest first.
    pub fn children(&self, slot: u32) -> impl Iterator<Item = u32> {
        core::iter::successors(some(self.members[slot].first_child), |child| {
            some(self.members[*child].younger)
        })
    }

    /// Gives the oldest child of `from` to `to`, and returns it. It will report its end as
    /// SIGCHLD.
    pub fn move_child(&mut self, from: u32, to: u32, sigchld: u8) -> Option<u32> {
        let child = some(self.members[from].first_child)?;
        self.leave_parent(child);
        self.adopt(child, to);
        self.members[child].exit_signal = sigchld;
        Some(child)
    }

    /// The process has been waited for, or nobody will: its id is free unless a group or session
    /// bears it. It must have no children any more.
    pub fn reap(&mut self, slot: u32) -> Option<P> {
        let Member { pid, group, session, first_child, .. } = *self.members.get(slot)?;
        debug_assert!(first_child == NIL, "process {pid} was reaped before its children");
        self.leave_parent(slot);
        self.leave_list(slot);
        self.ids.release(group);
        self.ids.release(session);
        self.ids.remove_task(pid);
        self.members.remove(slot).map(|member| member.process)
    }

    fn adopt(&mut self, child: u32, parent: u32) {
        let last = core::mem::replace(&mut self.members[parent].last_child, child);
        let member = &mut self.members[child];
        (member.parent, member.older, member.younger) = (parent, last, NIL);
        match some(last) {
            Some(last) => self.members[last].younger = child,
            None => self.members[parent].first_child = child,
        }
    }

    fn leave_parent(&mut self, child: u32) {
        let Member { parent, older, younger, .. } = self.members[child];
        let Some(parent) = some(parent) else { return };
        match some(older) {
            Some(older) => self.members[older].younger = younger,
            None => self.members[parent].first_child = younger,
        }
        match some(younger) {
            Some(younger) => self.members[younger].older = older,
            None => self.members[parent].last_child = older,
        }
        self.members[child].parent = NIL;
    }

    pub(super) fn hold(&mut self, group: u32, session: u32) {
        let held = self.ids.hold(group) && self.ids.hold(session);
        debug_assert!(held, "a group or session whose id is free");
    }
}

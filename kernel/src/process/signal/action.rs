//! What a process does about signals.

use super::state::{POOL, SignalGuard};
use crate::process::table::lock_family;
use crate::process::{CurrentThread, Process};
use crate::result::{Errno, Result};
use abi::signal::{NSIG, Sigaction, SignalSet};
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use kcore::signal::Actions;

impl CurrentThread {
    /// The action of a signal. EINVAL for a number that is none, SIGKILL and SIGSTOP included if
    /// it is to be changed.
    pub fn action(&self, signal: i32, to_change: bool) -> Result<Sigaction> {
        let known = (1..=NSIG).contains(&signal);
        if !known || (to_change && SignalSet::UNBLOCKABLE.contains(signal)) {
            return Err(Errno::EINVAL);
        }
        Ok(*self.process().lock_signals().actions.get(signal))
    }

    /// Changes an action and forgets pending signals that are ignored from now on. Returns the
    /// former one.
    pub fn set_action(&self, signal: i32, action: &Sigaction) -> Result<Sigaction> {
        self.change_actions(|actions| {
            let old = *actions.get(signal);
            Ok((old, actions.set(signal, action)?))
        })
    }

    /// The handler of a signal has begun that runs once (SA_RESETHAND).
    #[cold]
    pub(super) fn use_up_action(&self, signal: i32) {
        // Without memory it runs once more.
        let _ = self.change_actions(|actions| {
            actions.use_up(signal);
            Ok(((), SignalSet::EMPTY))
        });
    }

    /// Changes the actions, whoever has them. The second result of `change` is what is ignored from
    /// now on.
    fn change_actions<R>(
        &self,
        change: impl FnOnce(&mut Actions) -> Result<(R, SignalSet)>,
    ) -> Result<R> {
        let process = self.process();
        let mut guard = process.lock_signals();
        if guard.actions_shared == 0 {
            return guard.change_actions(change);
        }
        drop(guard);
        let family = lock_family();
        let mut guard = process.lock_signals();
        let result = guard.change_actions(change)?;
        let (number, actions) = (guard.actions_shared, guard.actions.clone());
        drop(guard);
        // An exec has them to itself by now.
        if number == 0 {
            return Ok(result);
        }
        let mut next = family.next_process(1);
        while let Some(slot) = next {
            let other = &family[slot].process;
            let mut guard = other.lock_signals();
            if guard.actions_shared == number {
                guard.actions = actions.clone();
            }
            next = family.next_process(other.pid() + 1);
        }
        Ok(result)
    }

    /// For `execve`: handlers are gone with the program. `table` was made by
    /// [`inherited_actions`].
    pub(in crate::process) fn reset_actions(&self, table: Arc<Actions>) {
        let mut guard = self.process().lock_signals();
        guard.actions_shared = 0;
        let old = core::mem::replace(&mut guard.actions, table);
        drop(guard);
        drop(old);
    }

    /// What a program executed now would start with.
    pub(in crate::process) fn inherited_actions(&self) -> Result<Arc<Actions>> {
        let actions = self.process().lock_signals().actions.clone();
        if !actions.ignores_any() {
            return default_actions();
        }
        let mut inherited = *actions;
        inherited.reset_handlers();
        Arc::try_new(inherited).map_err(|_| Errno::ENOMEM)
    }

    /// What a forked process starts with: the same table, unless delivering a signal changes it.
    pub(in crate::process) fn forked_actions(&self) -> Result<Arc<Actions>> {
        let actions = self.process().lock_signals().actions.clone();
        if actions.has_one_shot() {
            return Arc::try_new(*actions).map_err(|_| Errno::ENOMEM);
        }
        Ok(actions)
    }
}

impl SignalGuard<'_> {
    fn change_actions<R>(
        &mut self,
        change: impl FnOnce(&mut Actions) -> Result<(R, SignalSet)>,
    ) -> Result<R> {
        let (result, forgotten) = change(self.actions_mut()?)?;
        if !forgotten.is_empty() {
            let mut pool = POOL.lock();
            self.pending.discard(&mut pool, forgotten);
            self.each_thread(|_, own| own.pending.discard(&mut pool, forgotten));
        }
        Ok(result)
    }
}

static SHARED: AtomicU32 = AtomicU32::new(0);

/// From now on what either process changes is changed for both (CLONE_SIGHAND). Called with the
/// family locked.
pub(in crate::process) fn share_actions(parent: &Process, child: &Process) {
    let mut guard = parent.lock_signals();
    if guard.actions_shared == 0 {
        guard.actions_shared = SHARED.fetch_add(1, Relaxed) + 1;
    }
    let (number, actions) = (guard.actions_shared, guard.actions.clone());
    drop(guard);
    let mut guard = child.lock_signals();
    (guard.actions_shared, guard.actions) = (number, actions);
}

/// The table of whoever never changed an action.
static DEFAULT: spin::Once<Arc<Actions>> = spin::Once::new();

pub(in crate::process) fn default_actions() -> Result<Arc<Actions>> {
    if let Some(table) = DEFAULT.get() {
        return Ok(table.clone());
    }
    let table = Arc::try_new(Actions::new()).map_err(|_| Errno::ENOMEM)?;
    Ok(DEFAULT.call_once(|| table).clone())
}

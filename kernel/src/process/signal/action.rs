//! What a process does about signals.

use super::state::POOL;
use crate::process::CurrentThread;
use crate::result::{Errno, Result};
use abi::signal::{NSIG, Sigaction, SignalSet};
use alloc::sync::Arc;
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
        let mut guard = self.process().lock_signals();
        let old = *guard.actions.get(signal);
        let forgotten = guard.actions_mut()?.set(signal, action)?;
        if !forgotten.is_empty() {
            let mut pool = POOL.lock();
            guard.pending.discard(&mut pool, forgotten);
            guard.each_thread(|_, own| own.pending.discard(&mut pool, forgotten));
        }
        Ok(old)
    }

    /// For `execve`: handlers are gone with the program. `table` was made by
    /// [`inherited_actions`].
    pub(in crate::process) fn reset_actions(&self, table: Arc<Actions>) {
        let old = core::mem::replace(&mut self.process().lock_signals().actions, table);
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

/// The table of whoever never changed an action.
static DEFAULT: spin::Once<Arc<Actions>> = spin::Once::new();

pub(in crate::process) fn default_actions() -> Result<Arc<Actions>> {
    if let Some(table) = DEFAULT.get() {
        return Ok(table.clone());
    }
    let table = Arc::try_new(Actions::new()).map_err(|_| Errno::ENOMEM)?;
    Ok(DEFAULT.call_once(|| table).clone())
}

//! What a process wants done with each signal.

use abi::errno::Errno;
use abi::signal::*;

/// What a signal does by default.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DefaultAction {
    Terminate,
    /// Terminates, and would leave a core dump.
    Core,
    Ignore,
    Stop,
    Continue,
}

const fn set<const N: usize>(signals: [i32; N]) -> SignalSet {
    let mut set = SignalSet::EMPTY;
    let mut index = 0;
    while index < N {
        set = set.union(SignalSet::of(signals[index]));
        index += 1;
    }
    set
}

const CORE: SignalSet =
    set([SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGFPE, SIGSEGV, SIGBUS, SIGSYS, SIGXCPU, SIGXFSZ]);
const IGNORED: SignalSet = set([SIGCHLD, SIGURG, SIGWINCH]);
/// Signals that stop a process, and are forgotten when it is told to go on.
pub const STOP: SignalSet = set([SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU]);

/// Real-time signals and numbers that are none terminate.
pub const fn default_action(signal: i32) -> DefaultAction {
    if CORE.contains(signal) {
        DefaultAction::Core
    } else if IGNORED.contains(signal) {
        DefaultAction::Ignore
    } else if STOP.contains(signal) {
        DefaultAction::Stop
    } else if signal == SIGCONT {
        DefaultAction::Continue
    } else {
        DefaultAction::Terminate
    }
}

/// Flags that `rt_sigaction` keeps; others read back as 0, which is how a program learns that
/// they are not supported.
const KNOWN_FLAGS: u32 = SA_NOCLDSTOP
    | SA_NOCLDWAIT
    | SA_SIGINFO
    | SA_RESTORER
    | SA_ONSTACK
    | SA_RESTART
    | SA_NODEFER
    | SA_RESETHAND;

const DEFAULT: Sigaction =
    Sigaction { handler: SIG_DFL, flags: 0, restorer: 0, mask: SignalSet::EMPTY };

/// The actions of a process, shared by its threads.
#[derive(Clone, Copy, Debug)]
pub struct Actions {
    table: [Sigaction; NSIG as usize],
    /// Those with SIG_IGN.
    ignored: SignalSet,
    /// Those whose handler runs once (SA_RESETHAND).
    one_shot: SignalSet,
}

impl Default for Actions {
    fn default() -> Self {
        Self::new()
    }
}

impl Actions {
    /// Every signal does what it does by default.
    pub const fn new() -> Self {
        Self {
            table: [DEFAULT; NSIG as usize],
            ignored: SignalSet::EMPTY,
            one_shot: SignalSet::EMPTY,
        }
    }

    /// The default action for a number that is no signal.
    #[inline]
    pub fn get(&self, signal: i32) -> &Sigaction {
        let index = usize::try_from(signal).ok().and_then(|signal| signal.checked_sub(1));
        index.and_then(|index| self.table.get(index)).unwrap_or(&DEFAULT)
    }

    fn get_mut(&mut self, signal: i32) -> Option<&mut Sigaction> {
        let index = usize::try_from(signal).ok()?.checked_sub(1)?;
        self.table.get_mut(index)
    }

    /// Changes an action. Says which pending signals have to be forgotten because they are
    /// ignored now. EINVAL for SIGKILL, SIGSTOP and what is no signal.
    pub fn set(&mut self, signal: i32, action: &Sigaction) -> Result<SignalSet, Errno> {
        if SignalSet::UNBLOCKABLE.contains(signal) {
            return Err(Errno::EINVAL);
        }
        let entry = self.get_mut(signal).ok_or(Errno::EINVAL)?;
        *entry = Sigaction {
            flags: action.flags & KNOWN_FLAGS,
            mask: action.mask.difference(SignalSet::UNBLOCKABLE),
            ..*action
        };
        let one = SignalSet::of(signal);
        let with = |set: SignalSet, is_in| if is_in { set.union(one) } else { set.difference(one) };
        let is_handler = action.handler != SIG_IGN && action.handler != SIG_DFL;
        self.ignored = with(self.ignored, action.handler == SIG_IGN);
        self.one_shot = with(self.one_shot, is_handler && action.flags & SA_RESETHAND != 0);
        Ok(if self.is_ignored(signal) { one } else { SignalSet::EMPTY })
    }

    /// Whether some handler runs once, so that delivering its signal changes the table.
    #[inline]
    pub const fn has_one_shot(&self) -> bool {
        !self.one_shot.is_empty()
    }

    /// A handler that runs once is about to run.
    pub fn use_up(&mut self, signal: i32) {
        let one = SignalSet::of(signal);
        if self.one_shot.intersection(one).is_empty() {
            return;
        }
        self.one_shot = self.one_shot.difference(one);
        if let Some(entry) = self.get_mut(signal) {
            entry.handler = SIG_DFL;
        }
    }

    /// Whether `execve` leaves anything but default actions.
    #[inline]
    pub const fn ignores_any(&self) -> bool {
        !self.ignored.is_empty()
    }

    /// Whether a fault's signal cannot run a handler now: its default action takes place.
    pub fn is_put_off(&self, signal: i32, blocked: SignalSet) -> bool {
        blocked.contains(signal) || self.get(signal).handler == SIG_IGN
    }

    /// Whether the signal does nothing, by wish or by default.
    pub fn is_ignored(&self, signal: i32) -> bool {
        match self.get(signal).handler {
            SIG_IGN => true,
            SIG_DFL => {
                matches!(default_action(signal), DefaultAction::Ignore | DefaultAction::Continue)
            }
            _ => false,
        }
    }

    /// Whether a signal need not even become pending. A blocked one does: its action may change.
    pub fn is_discarded(&self, signal: i32, blocked: SignalSet) -> bool {
        !blocked.contains(signal) && self.is_ignored(signal)
    }

    /// Which pending signals to forget when `signal` is sent: going on and stopping cancel each
    /// other, even if ignored.
    pub const fn cancelled_by(signal: i32) -> SignalSet {
        if signal == SIGCONT {
            STOP
        } else if STOP.contains(signal) {
            SignalSet::of(SIGCONT)
        } else {
            SignalSet::EMPTY
        }
    }

    /// At `execve`: handlers are gone with the program, what was ignored stays ignored.
    pub fn reset_handlers(&mut self) {
        let mut ignored = self.ignored;
        *self = Self { ignored, ..Self::new() };
        while let Some(signal) = ignored.first() {
            ignored = ignored.difference(SignalSet::of(signal));
            if let Some(action) = self.get_mut(signal) {
                action.handler = SIG_IGN;
            }
        }
    }

    /// Whether children of this process leave no zombie.
    pub fn reaps_children(&self) -> bool {
        let action = self.get(SIGCHLD);
        action.handler == SIG_IGN || action.flags & SA_NOCLDWAIT != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(handler: u32, flags: u32) -> Sigaction {
        Sigaction { handler, flags, restorer: 7, mask: SignalSet::FULL }
    }

    #[test]
    fn defaults_are_those_of_signal_7() {
        use DefaultAction::*;
        let by_number = [
            Terminate, Terminate, Core, Core, Core, Core, Core, Core, Terminate, Terminate, Core,
            Terminate, Terminate, Terminate, Terminate, Terminate, Ignore, Continue, Stop, Stop,
            Stop, Stop, Ignore, Core, Core, Terminate, Terminate, Ignore, Terminate, Terminate,
            Core, Terminate,
        ];
        for (signal, expected) in (1..).zip(by_number) {
            assert_eq!(default_action(signal), expected, "signal {signal}");
        }
        assert_eq!(default_action(64), Terminate);
    }

    #[test]
    fn nobody_handles_kill_and_stop() {
        let mut actions = Actions::new();
        for signal in [SIGKILL, SIGSTOP, 0, -1, 65] {
            assert_eq!(actions.set(signal, &action(1, 0)).err(), Some(Errno::EINVAL));
        }
        actions.set(SIGINT, &action(0x1000, u32::MAX)).unwrap();
        let stored = actions.get(SIGINT);
        assert_eq!(stored.mask, SignalSet::FULL.difference(SignalSet::UNBLOCKABLE));
        assert_eq!(stored.flags, KNOWN_FLAGS);
        assert_eq!(KNOWN_FLAGS, 0xdc00_0007);
    }

    #[test]
    fn what_becomes_ignored_is_no_longer_pending() {
        let mut actions = Actions::new();
        assert_eq!(actions.set(SIGINT, &action(SIG_IGN, 0)), Ok(SignalSet::of(SIGINT)));
        assert_eq!(actions.set(SIGINT, &action(SIG_DFL, 0)), Ok(SignalSet::EMPTY));
        assert_eq!(actions.set(SIGCHLD, &action(SIG_DFL, 0)), Ok(SignalSet::of(SIGCHLD)));
        assert_eq!(actions.set(SIGCHLD, &action(0x1000, 0)), Ok(SignalSet::EMPTY));
        assert!(actions.is_discarded(SIGWINCH, SignalSet::EMPTY));
        assert!(!actions.is_discarded(SIGWINCH, SignalSet::FULL));
        assert!(!actions.is_discarded(SIGTERM, SignalSet::EMPTY));
    }

    #[test]
    fn a_new_program_inherits_only_what_is_ignored() {
        let mut actions = Actions::new();
        actions.set(SIGINT, &action(SIG_IGN, SA_RESTART)).unwrap();
        actions.set(SIGTERM, &action(0x1000, 0)).unwrap();
        actions.set(SIGCHLD, &action(0x1000, SA_NOCLDWAIT)).unwrap();
        assert!(actions.reaps_children() && actions.ignores_any());
        actions.reset_handlers();
        assert!(actions.ignores_any());
        assert_eq!(*actions.get(SIGINT), Sigaction { handler: SIG_IGN, ..DEFAULT });
        assert_eq!(*actions.get(SIGTERM), DEFAULT);
        assert!(!actions.reaps_children());
    }

    #[test]
    fn going_on_and_stopping_cancel_each_other() {
        assert_eq!(Actions::cancelled_by(SIGCONT), STOP);
        assert_eq!(Actions::cancelled_by(SIGTSTP), SignalSet::of(SIGCONT));
        assert_eq!(Actions::cancelled_by(SIGINT), SignalSet::EMPTY);
    }
}

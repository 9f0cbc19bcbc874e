//! What a signal does to the task it is delivered to.

use super::action::{Actions, DefaultAction, default_action};
use abi::signal::{SA_NODEFER, SIG_DFL, SIG_IGN, SIGKILL, SIGSTOP, Sigaction, SignalSet};

/// How the process stands to signals that it does not handle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProcessKind {
    Ordinary,
    /// In a process group nobody outside could tell to go on: ^Z and the like do not stop it.
    Orphaned,
    /// `init`: default actions do nothing.
    Unkillable,
}

/// What to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Delivery {
    Nothing,
    Terminate { signal: i32, core: bool },
    Stop { signal: i32 },
    Handle(HandlerCall),
}

/// A handler to run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HandlerCall {
    pub signal: i32,
    /// As it was before SA_RESETHAND took effect.
    pub action: Sigaction,
    /// What is blocked while the handler runs.
    pub blocked: SignalSet,
}

impl Actions {
    /// What a signal that [`super::next_signal`] gave does. [`use_up`](Self::use_up) its action if
    /// a handler with SA_RESETHAND is to run.
    pub fn deliver(&self, signal: i32, blocked: SignalSet, process: ProcessKind) -> Delivery {
        let action = *self.get(signal);
        match action.handler {
            SIG_IGN => Delivery::Nothing,
            SIG_DFL => by_default(signal, process),
            _ => {
                let own = match action.flags & SA_NODEFER {
                    0 => SignalSet::of(signal),
                    _ => SignalSet::EMPTY,
                };
                let blocked = blocked.union(action.mask).union(own);
                Delivery::Handle(HandlerCall { signal, action, blocked })
            }
        }
    }
}

fn by_default(signal: i32, process: ProcessKind) -> Delivery {
    let action = default_action(signal);
    if matches!(action, DefaultAction::Ignore | DefaultAction::Continue) {
        return Delivery::Nothing;
    }
    if process == ProcessKind::Unkillable && signal != SIGKILL {
        return Delivery::Nothing;
    }
    match action {
        DefaultAction::Stop if process == ProcessKind::Orphaned && signal != SIGSTOP => {
            Delivery::Nothing
        }
        DefaultAction::Stop => Delivery::Stop { signal },
        _ => Delivery::Terminate { signal, core: action == DefaultAction::Core },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use abi::signal::{SA_RESETHAND, SIGCONT, SIGINT, SIGSEGV, SIGTSTP, SIGWINCH};

    fn actions(signal: i32, handler: u32, flags: u32) -> Actions {
        let mut actions = Actions::new();
        let mask = SignalSet::of(20);
        actions.set(signal, &Sigaction { handler, flags, restorer: 0, mask }).unwrap();
        actions
    }

    fn handle(flags: u32) -> (HandlerCall, Actions) {
        let mut actions = actions(SIGINT, 0x1000, flags);
        assert_eq!(actions.has_one_shot(), flags & SA_RESETHAND != 0);
        match actions.deliver(SIGINT, SignalSet::of(3), ProcessKind::Unkillable) {
            Delivery::Handle(call) => {
                actions.use_up(SIGINT);
                assert!(!actions.has_one_shot());
                (call, actions)
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_handler_runs_with_its_mask_and_itself_blocked() {
        let blocked = SignalSet::of(3).union(SignalSet::of(20));
        let (call, actions) = handle(0);
        assert_eq!(call.blocked, blocked.union(SignalSet::of(SIGINT)));
        assert_eq!(actions.get(SIGINT).handler, 0x1000);
        let (call, actions) = handle(SA_NODEFER | SA_RESETHAND);
        assert_eq!((call.blocked, call.action.handler), (blocked, 0x1000));
        assert_eq!(actions.get(SIGINT).handler, SIG_DFL);
    }

    #[test]
    fn defaults_depend_on_the_process() {
        use Delivery::*;
        use ProcessKind::*;
        let default = |signal, kind| Actions::new().deliver(signal, SignalSet::EMPTY, kind);
        let end = |signal, core| Terminate { signal, core };
        assert_eq!(default(SIGINT, Ordinary), end(SIGINT, false));
        assert_eq!(default(SIGSEGV, Orphaned), end(SIGSEGV, true));
        assert_eq!(default(SIGTSTP, Ordinary), Stop { signal: SIGTSTP });
        assert_eq!(default(SIGTSTP, Orphaned), Nothing);
        assert_eq!(default(SIGSTOP, Orphaned), Stop { signal: SIGSTOP });
        assert_eq!(default(SIGINT, Unkillable), Nothing);
        assert_eq!(default(SIGSTOP, Unkillable), Nothing);
        assert_eq!(default(SIGKILL, Unkillable), end(SIGKILL, false));
        for signal in [SIGWINCH, SIGCONT] {
            assert_eq!(default(signal, Ordinary), Nothing);
        }
        let ignoring = actions(SIGINT, SIG_IGN, 0);
        assert_eq!(ignoring.deliver(SIGINT, SignalSet::EMPTY, Ordinary), Nothing);
    }

    #[test]
    fn a_fault_whose_signal_is_blocked_or_ignored_runs_no_handler() {
        let handled = actions(SIGSEGV, 0x1000, 0);
        assert!(!handled.is_put_off(SIGSEGV, SignalSet::of(3)));
        assert!(handled.is_put_off(SIGSEGV, SignalSet::FULL));
        assert!(actions(SIGSEGV, SIG_IGN, 0).is_put_off(SIGSEGV, SignalSet::EMPTY));
        assert!(!Actions::new().is_put_off(SIGSEGV, SignalSet::EMPTY));
    }
}

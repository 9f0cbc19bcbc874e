//! What becomes of a system call that a signal interrupted.

use abi::errno::Errno;
use abi::signal::SA_RESTART;

/// How a call that gave up sleeping may go on; Linux's ERESTART* numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Interrupted {
    /// ERESTARTSYS: again if the handler has SA_RESTART.
    RestartSystemCall,
    /// ERESTARTNOINTR: again always.
    RestartAlways,
    /// ERESTARTNOHAND: again unless a handler runs.
    RestartUnlessHandled,
    /// ERESTART_RESTARTBLOCK: by `restart_syscall`, which knows how much time is left.
    RestartBlock,
}

/// What the program sees.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AfterCall {
    /// The call returns this error.
    Fail(Errno),
    /// EAX becomes the call's number again and EIP goes back over the 2 bytes of `int`.
    Again,
    /// The same with the number of `restart_syscall`.
    RestartSyscall,
}

/// `handler` holds the flags of the handler about to run, if one is.
pub const fn after_interruption(interrupted: Interrupted, handler: Option<u32>) -> AfterCall {
    match (interrupted, handler) {
        (Interrupted::RestartAlways, _) => AfterCall::Again,
        (Interrupted::RestartBlock, None) => AfterCall::RestartSyscall,
        (_, None) => AfterCall::Again,
        (Interrupted::RestartSystemCall, Some(flags)) if flags & SA_RESTART != 0 => {
            AfterCall::Again
        }
        (_, Some(_)) => AfterCall::Fail(Errno::EINTR),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use AfterCall::*;
    use Interrupted::*;

    #[test]
    fn the_table_is_linuxs() {
        let table = [
            (RestartSystemCall, Again, Fail(Errno::EINTR), Again),
            (RestartAlways, Again, Again, Again),
            (RestartUnlessHandled, Again, Fail(Errno::EINTR), Fail(Errno::EINTR)),
            (RestartBlock, RestartSyscall, Fail(Errno::EINTR), Fail(Errno::EINTR)),
        ];
        for (interrupted, without, plain, restarting) in table {
            let found = [None, Some(0), Some(SA_RESTART)]
                .map(|handler| after_interruption(interrupted, handler));
            assert_eq!(found, [without, plain, restarting], "{interrupted:?}");
        }
    }
}

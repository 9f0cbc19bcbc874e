//! What a system call, and what it is made of, returns.

pub use abi::Errno;

pub type Result<T> = core::result::Result<T, Errno>;

/// What a handler returns when a signal ended its sleep. No program sees these: on the way back
/// to user mode, which then leads past the signals, the call is made again or becomes EINTR.
pub mod restart {
    use super::Errno;

    /// Again if the handler has SA_RESTART, or if none runs.
    pub const ERESTARTSYS: Errno = number(512);
    /// Again always.
    pub const ERESTARTNOINTR: Errno = number(513);
    /// Again unless a handler runs.
    pub const ERESTARTNOHAND: Errno = number(514);
    /// As the thread's `Restart` says, unless a handler runs.
    pub const ERESTART_RESTARTBLOCK: Errno = number(516);

    const fn number(number: u16) -> Errno {
        match Errno::from_number(number) {
            Some(errno) => errno,
            None => panic!("no error number"),
        }
    }
}

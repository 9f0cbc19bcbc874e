//! The signals.

macro_rules! signals {
    ($($(#[$attribute:meta])* $name:ident = $value:literal;)*) => {
        $( $(#[$attribute])* pub const $name: i32 = $value; )*

        /// The name of a signal below 32, or `None`.
        pub const fn name(signal: i32) -> Option<&'static str> {
            match signal {
                $( $value => Some(stringify!($name)), )*
                _ => None,
            }
        }
    };
}

signals! {
    /// The terminal hung up.
    SIGHUP = 1;
    /// ^C.
    SIGINT = 2;
    /// ^\.
    SIGQUIT = 3;
    /// Not an instruction.
    SIGILL = 4;
    /// Breakpoint or single step.
    SIGTRAP = 5;
    /// The program gave up.
    SIGABRT = 6;
    /// A mapped object has no such page.
    SIGBUS = 7;
    /// Division by zero and the like.
    SIGFPE = 8;
    /// Ends the process, always.
    SIGKILL = 9;
    /// For programs.
    SIGUSR1 = 10;
    /// Access that the address space forbids.
    SIGSEGV = 11;
    /// For programs.
    SIGUSR2 = 12;
    /// A pipe without readers was written.
    SIGPIPE = 13;
    /// A timer expired.
    SIGALRM = 14;
    /// Please end.
    SIGTERM = 15;
    /// Coprocessor stack fault; unused.
    SIGSTKFLT = 16;
    /// A child changed state.
    SIGCHLD = 17;
    /// Goes on.
    SIGCONT = 18;
    /// Stops, always.
    SIGSTOP = 19;
    /// ^Z.
    SIGTSTP = 20;
    /// Input from the background.
    SIGTTIN = 21;
    /// Output from the background.
    SIGTTOU = 22;
    /// Urgent data.
    SIGURG = 23;
    /// Too much processor time.
    SIGXCPU = 24;
    /// Too large a file.
    SIGXFSZ = 25;
    /// A timer in user time expired.
    SIGVTALRM = 26;
    /// A timer in processor time expired.
    SIGPROF = 27;
    /// The window changed size.
    SIGWINCH = 28;
    /// A descriptor is ready.
    SIGIO = 29;
    /// Power is failing.
    SIGPWR = 30;
    /// Not a system call.
    SIGSYS = 31;
}

/// The highest signal.
pub const NSIG: i32 = 64;
/// The first real-time signal.
pub const SIGRTMIN: i32 = 32;

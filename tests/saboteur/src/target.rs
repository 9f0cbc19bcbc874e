//! The servers there are.

use crate::scenarios;
use core::time::Duration;
use sys::Result;
use sys::abi::ipc::Kind;

/// A server, and work that needs it.
pub struct Target {
    /// The service, as `init` calls it.
    pub service: &'static str,
    pub program: &'static str,
    /// Afterwards it has done all that it does.
    pub work: fn() -> Result<()>,
    /// A little, which makes it receive.
    pub touch: fn() -> Result<()>,
    /// What it works for.
    pub receives: Kind,
    /// What the work takes at most, also when the server hangs at first and `init` has to find out.
    pub limit: Duration,
}

pub const TARGETS: &[Target] = &[
    Target {
        service: "proc",
        program: "/sbin/procfs",
        work: scenarios::processes_and_machine,
        touch: scenarios::version,
        receives: Kind::Call,
        limit: Duration::from_millis(1500),
    },
    Target {
        service: "files",
        program: "/bin/assist",
        work: scenarios::files,
        touch: scenarios::one_file,
        receives: Kind::Call,
        limit: Duration::from_millis(1500),
    },
    Target {
        service: "assist",
        program: "/bin/assist",
        work: scenarios::calls,
        touch: scenarios::one_call,
        receives: Kind::Call,
        limit: Duration::from_millis(1500),
    },
    Target {
        service: "console",
        program: "/sbin/console",
        work: scenarios::output,
        touch: scenarios::little_output,
        receives: Kind::Notification,
        limit: Duration::from_millis(2500),
    },
];

impl Target {
    pub fn named(name: &[u8]) -> Option<&'static Self> {
        TARGETS.iter().find(|target| target.service.as_bytes() == name)
    }
}

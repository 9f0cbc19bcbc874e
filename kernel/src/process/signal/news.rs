//! Where those wait who read signals from descriptors.

use crate::process::Process;
use crate::sync::WaitQueue;

const QUEUES: usize = 64;

/// Processes with neighbouring ids have different ones. They are never gone: an epoll instance may
/// outlive the process that made it watch.
static NEWS: [WaitQueue; QUEUES] = [const { WaitQueue::new() }; QUEUES];

impl Process {
    /// Who waits here is told of all signals that are sent to the process, and to few others.
    #[inline]
    pub fn signal_news(&self) -> &'static WaitQueue {
        &NEWS[self.pid() as usize % QUEUES]
    }
}

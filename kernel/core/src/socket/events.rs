//! What `poll` and FIONREAD see.

use super::pair::{Pair, Side};
use abi::poll::{POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDHUP, POLLRDNORM, POLLWRBAND, POLLWRNORM};

impl<P: Clone> Pair<P> {
    /// As `poll` reports them.
    pub fn events(&self, side: Side) -> u16 {
        let end = self.end(side);
        let mut events = 0;
        if end.error.is_some() {
            events |= POLLERR;
        }
        if end.receives_no_more {
            events |= POLLRDHUP | POLLIN | POLLRDNORM;
        }
        if !end.incoming.is_empty() {
            events |= POLLIN | POLLRDNORM;
        }
        let is_over = end.receives_no_more && end.sends_no_more;
        if is_over || !end.is_connected {
            events |= POLLHUP;
        }
        if self.is_writable(side) {
            events |= POLLOUT | POLLWRNORM | POLLWRBAND;
        }
        events
    }

    /// The same for one that listens.
    pub fn listening_events(&self, side: Side, connections_wait: bool) -> u16 {
        let end = self.end(side);
        let mut events = 0;
        if connections_wait || end.receives_no_more {
            events |= POLLIN | POLLRDNORM;
        }
        if end.receives_no_more {
            events |= POLLRDHUP;
        }
        if end.receives_no_more && end.sends_no_more {
            events |= POLLHUP;
        }
        events
    }

    /// Most of the buffer is free.
    pub fn is_writable(&self, side: Side) -> bool {
        self.end(side).send_buffer.is_writable(self.outstanding(side))
    }

    /// Whether a receiver that waits has something to look at.
    pub fn has_news(&self, side: Side) -> bool {
        let end = self.end(side);
        !end.incoming.is_empty() || end.error.is_some() || end.receives_no_more
    }

    /// Whether a sender that waits has something to look at.
    pub fn has_room(&self, side: Side) -> bool {
        let end = self.end(side);
        !self.is_full(side) || end.error.is_some() || end.sends_no_more
    }

    /// Bytes to receive.
    pub fn readable(&self, side: Side) -> u32 {
        self.end(side).incoming.bytes()
    }
}

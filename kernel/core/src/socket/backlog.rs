//! Connections that wait to be accepted, oldest first.

use alloc::collections::VecDeque;

/// The most that may be asked for.
pub const MAX_BACKLOG: u32 = 4096;

#[derive(Debug)]
pub struct Backlog<C> {
    waiting: VecDeque<C>,
    limit: u32,
    /// Nobody accepts any more.
    is_over: bool,
}

/// What becomes of a new connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Admission {
    /// [`Backlog::push`] it.
    Admitted,
    /// Sleep until one has been accepted, or EAGAIN.
    Wait,
    Refused,
}

impl<C> Backlog<C> {
    /// `limit` as `listen` is given it.
    pub fn new(limit: u32) -> Self {
        Self { waiting: VecDeque::new(), limit: limit.min(MAX_BACKLOG), is_over: false }
    }

    pub fn set_limit(&mut self, limit: u32) {
        self.limit = limit.min(MAX_BACKLOG);
    }

    pub fn admission(&self) -> Admission {
        if self.is_over {
            Admission::Refused
        } else if self.waiting.len() > self.limit as usize {
            Admission::Wait
        } else {
            Admission::Admitted
        }
    }

    /// One that is [admitted](Admission::Admitted). Without memory it comes back.
    pub fn push(&mut self, connection: C) -> Result<(), C> {
        if self.waiting.try_reserve(1).is_err() {
            return Err(connection);
        }
        self.waiting.push_back(connection);
        Ok(())
    }

    pub fn accept(&mut self) -> Option<C> {
        self.waiting.pop_front()
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// No more are admitted. Those that wait can still be accepted.
    pub fn end(&mut self) {
        self.is_over = true;
    }

    pub fn iter(&self) -> impl Iterator<Item = &C> {
        self.waiting.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_more_than_the_limit_waits() {
        let mut backlog = Backlog::new(1);
        for connection in 0..2 {
            assert_eq!(backlog.admission(), Admission::Admitted);
            backlog.push(connection).unwrap();
        }
        assert_eq!(backlog.admission(), Admission::Wait);
        assert_eq!(backlog.iter().collect::<Vec<_>>(), [&0, &1]);
        assert_eq!((backlog.accept(), backlog.admission()), (Some(0), Admission::Admitted));
        backlog.set_limit(0);
        assert_eq!(backlog.admission(), Admission::Wait);
        backlog.end();
        assert_eq!((backlog.admission(), backlog.is_over()), (Admission::Refused, true));
        assert_eq!((backlog.accept(), backlog.accept()), (Some(1), None));
        assert!(backlog.is_empty());
    }

    use std::vec::Vec;

    #[test]
    fn there_is_a_limit_to_limits() {
        let mut backlog = Backlog::new(u32::MAX);
        (0..=MAX_BACKLOG).for_each(|connection| backlog.push(connection).unwrap());
        assert_eq!(backlog.admission(), Admission::Wait);
    }
}

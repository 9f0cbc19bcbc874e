//! Signals that were sent and not yet delivered.

use super::info::Info;
use super::info_pool::{InfoPool, Queued};
use crate::arena::NIL;
use crate::user_account::{SignalCharge, UserAccount};
use abi::errno::Errno;
use abi::signal::{
    SI_TIMER, SI_USER, SIGBUS, SIGFPE, SIGILL, SIGKILL, SIGRTMIN, SIGSEGV, SIGSYS, SIGTRAP,
    SignalSet,
};
use alloc::sync::Arc;

/// Signals that the interrupted instruction itself caused: they come first, so that the handler
/// sees the registers of the fault.
pub const SYNCHRONOUS: SignalSet = SignalSet::of(SIGSEGV)
    .union(SignalSet::of(SIGBUS))
    .union(SignalSet::of(SIGILL))
    .union(SignalSet::of(SIGTRAP))
    .union(SignalSet::of(SIGFPE))
    .union(SignalSet::of(SIGSYS));

const KILL: SignalSet = SignalSet::of(SIGKILL);

/// What became of a signal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Posted {
    Queued,
    /// It is pending, but who sent it and why is lost.
    WithoutInfo,
    /// A standard signal that is pending already: nothing changes.
    AlreadyPending,
}

/// The pending signals of a thread, or of a process as a whole. Drop it only after
/// [`Pending::clear`]: the queue lies in the pool.
#[derive(Debug)]
pub struct Pending {
    set: SignalSet,
    first: u32,
    last: u32,
}

impl Default for Pending {
    fn default() -> Self {
        Self::new()
    }
}

impl Pending {
    pub const fn new() -> Self {
        Self { set: SignalSet::EMPTY, first: NIL, last: NIL }
    }

    /// The signals, blocked or not.
    #[inline]
    pub const fn set(&self) -> SignalSet {
        self.set
    }

    /// Adds a signal. A standard one is kept once; a real-time one each time it is sent, in
    /// order. `limit` bounds what its user has (RLIMIT_SIGPENDING); standard signals from the kernel
    /// and from `kill` are counted and pass over it. EAGAIN: a real-time signal that could not be
    /// queued.
    #[inline]
    pub fn post(
        &mut self,
        pool: &mut InfoPool,
        info: &Info,
        user: Arc<UserAccount>,
        limit: u32,
    ) -> Result<Posted, Errno> {
        let is_unlimited = info.signal < SIGRTMIN && info.code >= 0;
        let limit = if is_unlimited { u32::MAX } else { limit };
        let charge = || SignalCharge::new(user, limit).map(Some);
        self.post_into(pool, info, 1 + pool.kept, charge)
    }

    /// The same for a timer, which has [kept](InfoPool::keep) room and nothing in it: see
    /// [`renew`](Self::renew).
    pub fn post_kept(&mut self, pool: &mut InfoPool, info: &Info) -> Result<Posted, Errno> {
        debug_assert!(self.find(pool, info.timer()).is_none(), "two signals of one timer");
        self.post_into(pool, info, 1, || Some(None))
    }

    /// If a timer's last info is still here, its new one takes that place.
    pub fn renew(&mut self, pool: &mut InfoPool, info: &Info) -> bool {
        let place = self.find(pool, info.timer()).and_then(|id| pool.queued.get_mut(id));
        place.map(|queued| queued.info = *info).is_some()
    }

    /// Where the info of a timer is.
    fn find(&self, pool: &InfoPool, timer: Option<u32>) -> Option<u32> {
        let mut id = self.first;
        while let Some(queued) = pool.queued.get(id) {
            if timer.is_some() && queued.info.timer() == timer {
                return Some(id);
            }
            id = queued.next;
        }
        None
    }

    /// `room`: so many slots must be free. `charge` says what is counted, `None` if it may not be.
    #[inline]
    fn post_into(
        &mut self,
        pool: &mut InfoPool,
        info: &Info,
        room: u32,
        charge: impl FnOnce() -> Option<Option<SignalCharge>>,
    ) -> Result<Posted, Errno> {
        let one = SignalSet::of(info.signal);
        if one.is_empty() {
            return Err(Errno::EINVAL);
        }
        let standard = info.signal < SIGRTMIN;
        if standard && self.set.contains(info.signal) {
            return Ok(Posted::AlreadyPending);
        }
        // Nobody ever reads a SIGKILL's info.
        if info.signal == SIGKILL {
            self.set = self.set.union(one);
            return Ok(Posted::WithoutInfo);
        }
        let posted = if pool.queued.reserve(room).is_ok()
            && let Some(charge) = charge()
        {
            let id = pool.queued.insert(Queued { next: NIL, info: *info, _charge: charge });
            match pool.queued.get_mut(self.last) {
                Some(last) => last.next = id,
                None => self.first = id,
            }
            self.last = id;
            Posted::Queued
        } else if !standard && info.code != SI_USER {
            return Err(Errno::EAGAIN);
        } else {
            Posted::WithoutInfo
        };
        self.set = self.set.union(one);
        Ok(posted)
    }

    /// Takes the oldest instance of `signal`, which is pending.
    #[inline(always)]
    pub fn take(&mut self, pool: &mut InfoPool, signal: i32) -> Info {
        let (mut id, mut previous) = (self.first, NIL);
        let mut found = None;
        while let Some(queued) = pool.queued.get(id) {
            let next = queued.next;
            if queued.info.signal == signal {
                if found.is_some() {
                    // Another instance stays pending.
                    return found.unwrap_or(Info::bare(signal));
                }
                found = Some(queued.info);
                self.unlink(pool, previous, id, next);
                if signal < SIGRTMIN {
                    // It is kept once.
                    break;
                }
            } else {
                previous = id;
            }
            id = next;
        }
        self.set = self.set.difference(SignalSet::of(signal));
        found.unwrap_or(Info::bare(signal))
    }

    fn unlink(&mut self, pool: &mut InfoPool, previous: u32, id: u32, next: u32) {
        match pool.queued.get_mut(previous) {
            Some(queued) => queued.next = next,
            None => self.first = next,
        }
        if self.last == id {
            self.last = previous;
        }
        pool.queued.remove(id);
    }

    /// Forgets every instance of the signals in `set`: they are ignored now, or a stop signal met
    /// SIGCONT.
    pub fn discard(&mut self, pool: &mut InfoPool, set: SignalSet) {
        if self.set.intersection(set).is_empty() {
            return;
        }
        let (mut id, mut previous) = (self.first, NIL);
        while let Some(queued) = pool.queued.get(id) {
            let next = queued.next;
            if set.contains(queued.info.signal) {
                self.unlink(pool, previous, id, next);
            } else {
                previous = id;
            }
            id = next;
        }
        self.set = self.set.difference(set);
    }

    /// Forgets what timers sent: `execve` has deleted them.
    pub fn discard_timers(&mut self, pool: &mut InfoPool) {
        self.discard_infos(pool, |info| info.code == SI_TIMER);
    }

    /// Forgets what one timer sent, which is deleted.
    pub fn discard_timer(&mut self, pool: &mut InfoPool, timer: u32) {
        self.discard_infos(pool, |info| info.timer() == Some(timer));
    }

    fn discard_infos(&mut self, pool: &mut InfoPool, is_unwanted: impl Fn(&Info) -> bool) {
        let (mut id, mut previous) = (self.first, NIL);
        let (mut forgotten, mut kept) = (SignalSet::EMPTY, SignalSet::EMPTY);
        while let Some(queued) = pool.queued.get(id) {
            let (next, one) = (queued.next, SignalSet::of(queued.info.signal));
            if is_unwanted(&queued.info) {
                forgotten = forgotten.union(one);
                self.unlink(pool, previous, id, next);
            } else {
                kept = kept.union(one);
                previous = id;
            }
            id = next;
        }
        self.set = self.set.difference(forgotten.difference(kept));
    }

    /// Forgets everything.
    pub fn clear(&mut self, pool: &mut InfoPool) {
        self.discard(pool, SignalSet::FULL);
    }
}

/// Takes the next signal to deliver: SIGKILL; then the thread's own before those of the process;
/// in each, the synchronous first, then by number.
#[inline(always)]
pub fn next_signal(
    thread: &mut Pending,
    process: &mut Pending,
    blocked: SignalSet,
    pool: &mut InfoPool,
) -> Option<Info> {
    let own = thread.set.difference(blocked);
    let shared = process.set.difference(blocked);
    let has_kill = |set: SignalSet| !set.intersection(KILL).is_empty();
    let (from, ready) = match own.is_empty() || (has_kill(shared) && !has_kill(own)) {
        true => (process, shared),
        false => (thread, own),
    };
    if has_kill(ready) {
        return Some(from.take(pool, SIGKILL));
    }
    let synchronous = ready.intersection(SYNCHRONOUS);
    let ready = if synchronous.is_empty() { ready } else { synchronous };
    Some(from.take(pool, ready.first()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::user_account::Resource;
    use abi::signal::{NSIG, SI_QUEUE, SI_TKILL, SIGINT, SIGTERM, Siginfo};
    use proptest::prelude::*;
    use std::vec::Vec;

    fn user() -> Arc<UserAccount> {
        Arc::new(UserAccount::new(0))
    }

    fn info(signal: i32, code: i32, value: u32) -> Info {
        Info { fields: [value; 9], code, ..Info::bare(signal) }
    }

    #[test]
    fn others_leave_the_room_that_is_kept() {
        let (mut pool, mut pending) = (InfoPool::new(), Pending::new());
        for _ in 0..3 {
            pool.keep().unwrap();
        }
        for value in 0..500 {
            pending.post(&mut pool, &info(40, SI_USER, value), user(), 1000).unwrap();
            assert!(pool.queued.slots() - pool.queued.len() >= 3);
        }
        let chunks = pool.queued.chunks();
        for timer in 0..3 {
            pending.post_kept(&mut pool, &Info::of_timer(41, timer, 7, 1)).unwrap();
        }
        assert_eq!(pool.queued.chunks(), chunks);
        pending.clear(&mut pool);
        pool.shrink();
        assert_eq!(pool.queued.chunks(), 1);
        (0..3).for_each(|_| pool.unkeep());
        pool.shrink();
        assert_eq!(pool.queued.slots(), 0);
    }

    #[test]
    fn a_timer_has_one_info_at_a_time() {
        let (mut pool, mut pending) = (InfoPool::new(), Pending::new());
        let of = |timer, sequence| Info::of_timer(40, timer, 7, sequence);
        assert!(!pending.renew(&mut pool, &of(1, 1)));
        for timer in [1, 2] {
            pool.keep().unwrap();
            pending.post_kept(&mut pool, &of(timer, 1)).unwrap();
        }
        // Made up by a program.
        pending.post(&mut pool, &of(1, 0), user(), 100).unwrap();
        assert!(pending.renew(&mut pool, &of(1, 5)));
        assert_eq!((pool.len(), pending.take(&mut pool, 40)), (3, of(1, 5)));
        pending.discard_timer(&mut pool, 1);
        pending.discard_timer(&mut pool, 2);
        assert_eq!(pending.take(&mut pool, 40), of(1, 0));
        assert!(pool.is_empty() && pending.set().is_empty());
    }

    #[test]
    fn a_standard_signal_is_kept_once_and_a_realtime_one_each_time() {
        let (mut pool, mut pending) = (InfoPool::new(), Pending::new());
        let mut post =
            |signal, value| pending.post(&mut pool, &info(signal, SI_USER, value), user(), 100);
        assert_eq!(post(SIGINT, 1), Ok(Posted::Queued));
        assert_eq!(post(SIGINT, 2), Ok(Posted::AlreadyPending));
        assert_eq!(post(40, 3), Ok(Posted::Queued));
        assert_eq!(post(40, 4), Ok(Posted::Queued));
        assert_eq!(post(0, 0), Err(Errno::EINVAL));
        assert_eq!(post(NSIG + 1, 0), Err(Errno::EINVAL));
        let values = [SIGINT, 40, 40].map(|signal| pending.take(&mut pool, signal).fields[0]);
        assert_eq!(values, [1, 3, 4]);
        assert!(pending.set().is_empty() && pool.is_empty());
    }

    #[test]
    fn a_full_account_loses_the_info_of_kill_but_refuses_a_queued_value() {
        let (mut pool, mut pending) = (InfoPool::new(), Pending::new());
        let mut post = |signal, code| pending.post(&mut pool, &info(signal, code, 9), user(), 0);
        assert_eq!(post(SIGTERM, SI_USER), Ok(Posted::Queued), "kill passes over the limit");
        assert_eq!(post(SIGINT, SI_TKILL), Ok(Posted::WithoutInfo));
        assert_eq!(post(40, SI_QUEUE), Err(Errno::EAGAIN));
        assert_eq!(post(40, SI_USER), Ok(Posted::WithoutInfo));
        assert_eq!(pending.take(&mut pool, SIGINT), Info::bare(SIGINT));
        assert!(!pending.set().contains(SIGINT));
    }

    #[test]
    fn a_users_signals_count_for_nobody_else() {
        let (mut pool, mut pending) = (InfoPool::new(), Pending::new());
        let [one, other] = [user(), user()];
        let kept = || [&one, &other].map(|user| user.count(Resource::Signals));
        let mut post = |user: &Arc<UserAccount>, value| {
            pending.post(&mut pool, &info(40, SI_QUEUE, value), user.clone(), 2)
        };
        assert_eq!((post(&one, 1), post(&one, 2)), (Ok(Posted::Queued), Ok(Posted::Queued)));
        assert_eq!((post(&one, 3), post(&other, 4)), (Err(Errno::EAGAIN), Ok(Posted::Queued)));
        assert_eq!(kept(), [2, 1]);
        assert_eq!(pending.take(&mut pool, 40).fields[0], 1);
        assert_eq!(kept(), [1, 1]);
        pool.keep().unwrap();
        pending.post_kept(&mut pool, &Info::of_timer(41, 1, 7, 1)).unwrap();
        assert_eq!(kept(), [1, 1], "counted with the timer");
        pending.clear(&mut pool);
        pool.unkeep();
        assert_eq!(kept(), [0, 0]);
    }

    #[test]
    fn kill_comes_first_then_faults_then_numbers_and_the_thread_before_the_process() {
        let (mut pool, mut thread, mut process) = (InfoPool::new(), Pending::new(), Pending::new());
        for signal in [SIGINT, SIGSEGV, 40] {
            thread.post(&mut pool, &info(signal, SI_USER, 0), user(), 10).unwrap();
        }
        for signal in [1, SIGBUS, SIGKILL] {
            process.post(&mut pool, &info(signal, SI_USER, 0), user(), 10).unwrap();
        }
        let order: Vec<_> = core::iter::from_fn(|| {
            next_signal(&mut thread, &mut process, SignalSet::of(40), &mut pool)
        })
        .map(|info| info.signal)
        .collect();
        assert_eq!(order, [SIGKILL, SIGSEGV, SIGINT, SIGBUS, 1]);
        thread.clear(&mut pool);
        assert!(pool.is_empty());
    }

    #[test]
    fn infos_become_siginfo_and_back() {
        let info = info(SIGINT, SI_QUEUE, 0xabcd);
        assert_eq!(Info::from_abi(&info.to_abi()), Some(info));
        let mut strange = info.to_abi();
        strange.fields[28] = 1;
        assert_eq!(Info::from_abi(&strange), None);
        assert_eq!(Info::from_abi(&Siginfo::fault(SIGSEGV, 1, 77)).unwrap().fields[0], 77);
    }

    const fn is_timers(value: u32) -> bool {
        value.is_multiple_of(3)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn two_queues_share_a_pool_like_two_lists(
            steps in prop::collection::vec(
                (0u8..9, any::<bool>(), prop_oneof![1i32..8, 30i32..40], any::<u64>()), 1..120),
        ) {
            let mut pool = InfoPool::new();
            let mut queues = [Pending::new(), Pending::new()];
            let mut model = [Vec::<(i32, u32)>::new(), Vec::new()];
            for (value, (verb, second, signal, bits)) in (0u32..).zip(steps) {
                let (queue, list) =
                    (&mut queues[usize::from(second)], &mut model[usize::from(second)]);
                let set = SignalSet { bits };
                match verb {
                    0..5 => {
                        let already = list.iter().any(|(other, _)| *other == signal);
                        let code = if is_timers(value) { SI_TIMER } else { SI_USER };
                        let posted = queue.post(&mut pool, &info(signal, code, value), user(), 1000);
                        if already && signal < SIGRTMIN {
                            prop_assert_eq!(posted, Ok(Posted::AlreadyPending));
                        } else {
                            prop_assert_eq!(posted, Ok(Posted::Queued));
                            list.push((signal, value));
                        }
                    }
                    5 => {
                        if let Some(at) = list.iter().position(|(other, _)| *other == signal) {
                            let (_, value) = list.remove(at);
                            prop_assert_eq!(queue.take(&mut pool, signal).fields[0], value);
                        }
                    }
                    6 => {
                        queue.discard(&mut pool, set);
                        list.retain(|(signal, _)| !set.contains(*signal));
                    }
                    7 => {
                        queue.discard_timers(&mut pool);
                        list.retain(|(_, value)| !is_timers(*value));
                    }
                    _ => {
                        let [thread, process] = &mut queues;
                        let taken = next_signal(thread, process, set, &mut pool);
                        let expected = model.iter_mut().find_map(|list| {
                            let ready = list.iter().filter(|(signal, _)| !set.contains(*signal));
                            let next = ready.map(|(signal, _)| *signal)
                                .min_by_key(|signal| (!SYNCHRONOUS.contains(*signal), *signal))?;
                            let at = list.iter().position(|(signal, _)| *signal == next)?;
                            Some(list.remove(at).1)
                        });
                        prop_assert_eq!(taken.map(|info| info.fields[0]), expected);
                    }
                }
                let count: usize = model.iter().map(Vec::len).sum();
                prop_assert_eq!(pool.len() as usize, count);
                for (queue, list) in queues.iter().zip(&model) {
                    let set = list.iter().map(|(signal, _)| SignalSet::of(*signal).bits);
                    prop_assert_eq!(queue.set().bits, set.fold(0, |all, one| all | one));
                }
            }
        }
    }
}

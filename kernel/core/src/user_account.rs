//! What each user has of what is limited for all of a user's processes together.

use abi::errno::Errno;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::mem;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// What is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Resource {
    /// Threads, with one for each zombie: RLIMIT_NPROC.
    Threads,
    /// Signals kept with what they say, and timers: RLIMIT_SIGPENDING.
    Signals,
    /// Of epoll instances.
    Watches,
}

/// One user's. It is there as long as somebody acts for the user or something of the user's is.
#[derive(Debug)]
pub struct UserAccount {
    user: u32,
    counts: [AtomicU32; 3],
}

impl UserAccount {
    pub const fn new(user: u32) -> Self {
        Self { user, counts: [const { AtomicU32::new(0) }; 3] }
    }

    pub fn count(&self, resource: Resource) -> u32 {
        self.counts[resource as usize].load(Relaxed)
    }

    /// One more, unless there are `most`. Returns whether it was counted; all ones is no limit.
    #[inline]
    pub fn try_add(&self, resource: Resource, most: u32) -> bool {
        let counted = self.count(resource) < most;
        if counted {
            self.add(resource, 1);
        }
        counted
    }

    #[inline]
    pub fn remove(&self, resource: Resource) {
        self.subtract(resource, 1);
    }

    #[inline]
    fn add(&self, resource: Resource, amount: u32) {
        self.counts[resource as usize].fetch_add(amount, Relaxed);
    }

    #[inline]
    fn subtract(&self, resource: Resource, amount: u32) {
        let before = self.counts[resource as usize].fetch_sub(amount, Relaxed);
        debug_assert!(before >= amount, "{resource:?} of user {} that nobody counted", self.user);
    }
}

/// A signal of a user's, counted until this is dropped.
#[derive(Debug)]
pub struct SignalCharge(Arc<UserAccount>);

impl SignalCharge {
    /// `None` if the user has `most`.
    #[inline]
    pub fn new(account: Arc<UserAccount>, most: u32) -> Option<Self> {
        let counted = account.try_add(Resource::Signals, most);
        counted.then(|| Self(account))
    }
}

impl Drop for SignalCharge {
    #[inline]
    fn drop(&mut self) {
        self.0.remove(Resource::Signals);
    }
}

/// Threads of a user's, counted until this is dropped.
#[derive(Debug)]
pub struct ThreadCharge {
    account: Arc<UserAccount>,
    threads: u32,
}

impl ThreadCharge {
    /// One thread. `None` if the user has `most`.
    #[inline]
    pub fn new(account: &Arc<UserAccount>, most: u32) -> Option<Self> {
        let counted = account.try_add(Resource::Threads, most);
        counted.then(|| Self { account: account.clone(), threads: 1 })
    }

    #[inline]
    pub const fn account(&self) -> &Arc<UserAccount> {
        &self.account
    }

    /// They are another user's from now on, whatever that one's limit is.
    #[inline]
    pub fn move_to(&mut self, account: &Arc<UserAccount>) {
        if !Arc::ptr_eq(&self.account, account) {
            account.add(Resource::Threads, self.threads);
            self.account.subtract(Resource::Threads, self.threads);
            self.account = account.clone();
        }
    }

    /// Takes others in.
    pub fn join(&mut self, mut others: Self) {
        others.move_to(&self.account);
        self.threads += mem::take(&mut others.threads);
    }

    /// One of them has ended.
    pub fn remove_one(&mut self) {
        debug_assert!(self.threads > 0, "a thread that nobody counted");
        self.threads -= 1;
        self.account.subtract(Resource::Threads, 1);
    }

    /// All have ended.
    pub fn clear(&mut self) {
        self.account.subtract(Resource::Threads, mem::take(&mut self.threads));
    }
}

impl Drop for ThreadCharge {
    #[inline]
    fn drop(&mut self) {
        self.clear();
    }
}

/// All accounts, by user.
#[derive(Default)]
pub struct UserAccounts(Vec<(u32, Weak<UserAccount>)>);

impl UserAccounts {
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    pub fn find(&self, user: u32) -> Option<Arc<UserAccount>> {
        let place = self.0.binary_search_by_key(&user, |entry| entry.0).ok()?;
        self.0.get(place)?.1.upgrade()
    }

    /// Adds that of a user who has none. ENOMEM.
    pub fn insert(&mut self, account: &Arc<UserAccount>) -> Result<(), Errno> {
        self.forget_unused();
        let Err(place) = self.0.binary_search_by_key(&account.user, |entry| entry.0) else {
            debug_assert!(false, "a second account of user {}", account.user);
            return Ok(());
        };
        self.0.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        self.0.insert(place, (account.user, Arc::downgrade(account)));
        Ok(())
    }

    /// Gives back the memory of accounts that nobody has any more.
    pub fn forget_unused(&mut self) {
        self.0.retain(|(_, account)| account.strong_count() != 0);
        if self.0.is_empty() {
            self.0 = Vec::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Resource::{Signals, Threads, Watches};

    fn account(user: u32) -> Arc<UserAccount> {
        Arc::new(UserAccount::new(user))
    }

    #[test]
    fn each_resource_is_bounded_for_itself() {
        let account = account(5);
        assert!(!account.try_add(Watches, 0));
        assert!(account.try_add(Watches, 2) && account.try_add(Watches, 2));
        assert!(!account.try_add(Watches, 2) && account.try_add(Signals, 1));
        account.remove(Watches);
        assert!(account.try_add(Watches, 2));
        assert_eq!([Threads, Signals, Watches].map(|it| account.count(it)), [0, 1, 2]);
    }

    #[test]
    fn a_signal_is_counted_until_it_goes() {
        let account = account(5);
        let first = SignalCharge::new(account.clone(), 1);
        assert!(first.is_some() && SignalCharge::new(account.clone(), 1).is_none());
        drop(first);
        assert_eq!((account.count(Signals), Arc::strong_count(&account)), (0, 1));
    }

    #[test]
    fn threads_move_to_another_user_and_go_one_by_one() {
        let (one, other) = (account(1), account(2));
        let counts = || (one.count(Threads), other.count(Threads));
        let mut threads = ThreadCharge::new(&one, 2).unwrap();
        let second = ThreadCharge::new(&one, 2).unwrap();
        assert!(ThreadCharge::new(&one, 2).is_none());
        assert_eq!(counts(), (2, 0));
        // Another thread changes the user while one is made.
        threads.move_to(&other);
        assert_eq!(counts(), (1, 1));
        threads.join(second);
        assert_eq!(counts(), (0, 2));
        threads.remove_one();
        assert_eq!(counts(), (0, 1));
        threads.clear();
        drop(threads);
        assert_eq!(counts(), (0, 0));
    }

    #[test]
    fn nothing_is_kept_for_nobody() {
        let mut accounts = UserAccounts::new();
        let [five, zero, seven] = [5, 0, 7].map(account);
        for account in [&five, &zero, &seven] {
            assert_eq!(accounts.insert(account), Ok(()));
        }
        assert!(accounts.find(0).is_some_and(|found| Arc::ptr_eq(&found, &zero)));
        drop(five);
        assert!(accounts.find(5).is_none() && accounts.find(6).is_none());
        let five = account(5);
        assert_eq!(accounts.insert(&five), Ok(()));
        assert!(accounts.find(5).is_some_and(|found| Arc::ptr_eq(&found, &five)));
        drop((five, zero, seven));
        accounts.forget_unused();
        assert_eq!(accounts.0.capacity(), 0);
    }
}

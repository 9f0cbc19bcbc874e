//! What users have, of all users.

use crate::result::{Errno, Result};
use crate::sync::{Rank, SpinLock};
use alloc::sync::Arc;
use kcore::user_account::{UserAccount, UserAccounts};

static ACCOUNTS: SpinLock<UserAccounts> = SpinLock::new(Rank::UserAccounts, UserAccounts::new());

/// That of one user. ENOMEM.
pub fn of(user: u32) -> Result<Arc<UserAccount>> {
    let mut accounts = ACCOUNTS.lock();
    if let Some(account) = accounts.find(user) {
        return Ok(account);
    }
    let account = Arc::try_new(UserAccount::new(user)).map_err(|_| Errno::ENOMEM)?;
    accounts.insert(&account)?;
    Ok(account)
}

/// Gives back memory that holds nothing.
pub fn shrink() {
    ACCOUNTS.lock().forget_unused();
}

//! Listing a server's directories.

use super::Served;
use super::ask::Lent;
use crate::file::access::Caller;
use crate::file::directory::{Layout, MAX_RECORD};
use crate::mm::user::UserSlice;
use crate::result::{Errno, Result};
use crate::task::might_resched;
use abi::file::{Dirent64, NAME_MAX};
use abi::node::Request;
use kcore::addr::PAGE_SIZE;

impl Served {
    /// Writes entries from `position` on, and moves it. 0 at the end; EINVAL if not even one fits.
    pub fn list<L: Layout>(
        &self,
        position: &mut u64,
        to: &mut UserSlice,
        caller: &Caller,
    ) -> Result<usize> {
        let mut done = 0;
        loop {
            match self.list_some::<L>(position, to, caller) {
                Ok((0, _)) => return Ok(done),
                Ok((count, goes_on)) => {
                    done += count;
                    if !goes_on {
                        return Ok(done);
                    }
                }
                Err(error) if done == 0 => return Err(error),
                Err(_) => return Ok(done),
            }
            might_resched();
        }
    }

    /// The same with one question. Returns the bytes, and whether there is room for more.
    fn list_some<L: Layout>(
        &self,
        position: &mut u64,
        to: &mut UserSlice,
        caller: &Caller,
    ) -> Result<(usize, bool)> {
        const ROOM: usize = PAGE_SIZE as usize;
        let lent = Lent::new()?.write(ROOM)?;
        let request = Request::ReadDirectory { directory: self.node, position: *position };
        let answer = self.mount.ask(request, caller, Some(lent))?;
        let length = answer.length(ROOM)?;
        let bytes = answer.into_bytes();
        let mut rest = bytes.get(..length).unwrap_or_default();
        let mut done = 0;
        while !rest.is_empty() {
            let (entry, behind) = Dirent64::read(rest).filter(is_sane).ok_or(Errno::EIO)?;
            rest = behind;
            let length = L::record_length(entry.name.len());
            if length > to.len() {
                return if done == 0 { Err(Errno::EINVAL) } else { Ok((done, false)) };
            }
            let mut record = [0; MAX_RECORD];
            let Some(length) = L::write(&entry, &mut record) else {
                return if done == 0 { Err(Errno::EOVERFLOW) } else { Ok((done, false)) };
            };
            if to.copy_out(record.get(..length).unwrap_or_default()) < length {
                return if done == 0 { Err(Errno::EFAULT) } else { Ok((done, false)) };
            }
            done += length;
            *position = entry.off.cast_unsigned();
        }
        Ok((done, true))
    }
}

/// Whether programs may see such an entry.
fn is_sane((entry, _): &(Dirent64, &[u8])) -> bool {
    let name = entry.name;
    !name.is_empty() && name.len() <= NAME_MAX as usize && !name.contains(&b'/') && entry.off >= 0
}

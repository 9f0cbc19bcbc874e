//! Waiting for readiness.

use super::files;
use crate::file::poll::{Entry, poll as wait};
use crate::file::{FileTable, caller};
use crate::mm::user;
use crate::process::signal::{restore_mask, set_temporary_mask};
use crate::process::{Restart, current};
use crate::result::{Errno, Result, restart};
use crate::time::{self, deadline};
use abi::poll::{
    POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLPRI, POLLRDBAND, POLLRDNORM, POLLWRBAND,
    POLLWRNORM, Pollfd,
};
use abi::signal::SignalSet;
use abi::time::{Timespec, Timespec64, Timeval};
use abi::{UserMutPtr, UserPtr};
use alloc::vec::Vec;
use kcore::time_value::TimeValue;

const MILLISECOND: u64 = 1_000_000;

pub fn poll(fds: UserMutPtr<Pollfd>, count: u32, timeout: i32) -> Result<u32> {
    let deadline =
        u64::try_from(timeout).ok().map(|milliseconds| deadline::after(milliseconds * MILLISECOND));
    poll_restartable(fds, count, deadline)
}

fn poll_restartable(fds: UserMutPtr<Pollfd>, count: u32, deadline: Option<u64>) -> Result<u32> {
    match (poll_until(fds, count, deadline), deadline) {
        (Err(restart::ERESTARTNOHAND), Some(deadline)) => {
            let [low, high] = deadline::to_words(deadline);
            let arguments = [fds.address(), count, low, high, 0, 0];
            current().own().restart.set(Some(Restart { resume: resume_poll, arguments }));
            Err(restart::ERESTART_RESTARTBLOCK)
        }
        (result, _) => result,
    }
}

fn resume_poll(arguments: &[u32; 6]) -> Result<u32> {
    let [fds, count, low, high, ..] = *arguments;
    let deadline = deadline::from_words([low, high]);
    poll_restartable(UserMutPtr::new(fds), count, Some(deadline))
}

fn poll_until(fds: UserMutPtr<Pollfd>, count: u32, deadline: Option<u64>) -> Result<u32> {
    if count > caller::descriptor_limit() {
        return Err(Errno::EINVAL);
    }
    let files = files();
    let mut entries = Vec::new();
    entries.try_reserve_exact(count as usize).map_err(|_| Errno::ENOMEM)?;
    let mut invalid = 0;
    for index in 0..count {
        let Pollfd { fd, events, .. } = user::read(element(fds, index)?.as_const())?;
        let file = if fd < 0 { None } else { files.get(fd).ok() };
        let mut entry = Entry::new(file, events);
        if fd >= 0 && entry.file.is_none() {
            entry.found = POLLNVAL;
            invalid += 1;
        }
        entries.push(entry);
    }
    let ready = wait(&mut entries, deadline, invalid)?;
    for (index, entry) in (0..count).zip(&entries) {
        // The events found are the last two bytes.
        let found = element(fds, index)?.cast::<u16>().checked_add(3).ok_or(Errno::EFAULT)?;
        user::write(found, &entry.found)?;
    }
    Ok(ready)
}

fn element(fds: UserMutPtr<Pollfd>, index: u32) -> Result<UserMutPtr<Pollfd>> {
    fds.checked_add(index).ok_or(Errno::EFAULT)
}

/// How long to wait, as a program gives it.
trait Timeout: TimeValue {
    /// In nanoseconds.
    fn duration(self) -> Result<u64> {
        self.nanoseconds()
    }
}

impl Timeout for Timespec {}
impl Timeout for Timespec64 {}
impl Timeout for Timeval {
    /// `select` takes any number of microseconds that is not negative.
    fn duration(self) -> Result<u64> {
        let microseconds = u64::try_from(self.usec).map_err(|_| Errno::EINVAL)?;
        Ok(Self { usec: 0, ..self }.nanoseconds()? + microseconds * 1000)
    }
}

/// Reads a timeout and calls `work` with its deadline; then writes back what is left of it.
fn with_timeout<T: Timeout>(
    timeout: UserMutPtr<T>,
    work: impl FnOnce(Option<u64>) -> Result<u32>,
) -> Result<u32> {
    if timeout.is_null() {
        return work(None);
    }
    let end = deadline::after(user::read(timeout.as_const())?.duration()?);
    let result = work(Some(end));
    let left = end.saturating_sub(time::monotonic());
    let written = user::write(timeout, &T::from_nanoseconds(left));
    match result {
        // Made again, the call would wait too long.
        Err(restart::ERESTARTNOHAND) if written.is_err() => Err(Errno::EINTR),
        result => result,
    }
}

/// Calls `work` under another signal mask, if there is one.
pub(super) fn with_mask(
    mask: UserPtr<SignalSet>,
    set_size: u32,
    work: impl FnOnce() -> Result<u32>,
) -> Result<u32> {
    if mask.is_null() {
        return work();
    }
    if set_size as usize != size_of::<SignalSet>() {
        return Err(Errno::EINVAL);
    }
    let thread = current();
    set_temporary_mask(&thread, user::read(mask)?);
    let result = work();
    // After a signal the mask comes back behind its delivery.
    if !matches!(result, Err(restart::ERESTARTNOHAND | Errno::EINTR)) {
        restore_mask(&thread);
    }
    result
}

pub fn ppoll(
    fds: UserMutPtr<Pollfd>,
    count: u32,
    timeout: UserMutPtr<Timespec>,
    mask: UserPtr<SignalSet>,
    set_size: u32,
) -> Result<u32> {
    with_timeout(timeout, |deadline| with_mask(mask, set_size, || poll_until(fds, count, deadline)))
}

pub fn ppoll_time64(
    fds: UserMutPtr<Pollfd>,
    count: u32,
    timeout: UserMutPtr<Timespec64>,
    mask: UserPtr<SignalSet>,
    set_size: u32,
) -> Result<u32> {
    with_timeout(timeout, |deadline| with_mask(mask, set_size, || poll_until(fds, count, deadline)))
}

/// The sets of `select`: each a number of words, one bit a descriptor.
struct Sets {
    words: u32,
    /// Read, write, except; 0 for no set.
    addresses: [UserMutPtr<u32>; 3],
}

/// What each set asks for, and what counts as found.
const WANTED: [u16; 3] = [
    POLLRDNORM | POLLRDBAND | POLLIN | POLLHUP | POLLERR,
    POLLWRBAND | POLLWRNORM | POLLOUT | POLLERR,
    POLLPRI,
];

fn select_until(count: i32, addresses: [UserMutPtr<u32>; 3], deadline: Option<u64>) -> Result<u32> {
    let count = u32::try_from(count).map_err(|_| Errno::EINVAL)?;
    let files = files();
    let count = count.min(files.capacity());
    let sets = Sets { words: count.div_ceil(32), addresses };
    let asked = sets.read()?;
    let mut entries = Vec::new();
    let mut fds = Vec::new();
    for fd in 0..count {
        let bits = sets.bits(&asked, fd);
        if bits == [false; 3] {
            continue;
        }
        let entry = select_entry(&files, fd, bits)?;
        entries.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        fds.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        entries.push(entry);
        fds.push(fd);
    }
    wait(&mut entries, deadline, 0)?;
    let mut found = asked;
    let mut ready = 0;
    for (entry, fd) in entries.iter().zip(fds) {
        let bits = sets.bits(&found, fd);
        for (set, wanted) in (0u32..).zip(WANTED) {
            let asked = bits.get(set as usize) == Some(&true);
            if asked && entry.found & wanted != 0 {
                ready += 1;
            } else if let Some(word) = found.get_mut((set * sets.words + fd / 32) as usize) {
                *word &= !(1 << (fd % 32));
            }
        }
    }
    sets.write(&found)?;
    Ok(ready)
}

fn select_entry(files: &FileTable, fd: u32, bits: [bool; 3]) -> Result<Entry> {
    let file = files.get(fd.cast_signed())?;
    let wanted = bits.iter().zip(WANTED).filter(|(bit, _)| **bit);
    let wanted = wanted.fold(0, |all, (_, wanted)| all | wanted);
    // What the sets do not ask for does not end the wait.
    let mut entry = Entry::new(Some(file), wanted);
    entry.wanted = wanted;
    Ok(entry)
}

impl Sets {
    /// The words of all three sets, one after the other; zeros for a set that is not there.
    fn read(&self) -> Result<Vec<u32>> {
        let mut words = Vec::new();
        words.try_reserve_exact(3 * self.words as usize).map_err(|_| Errno::ENOMEM)?;
        for address in self.addresses {
            for index in 0..self.words {
                words.push(match address.is_null() {
                    true => 0,
                    false => {
                        let word = address.checked_add(index).ok_or(Errno::EFAULT)?;
                        user::read_word(word.as_const())?
                    }
                });
            }
        }
        Ok(words)
    }

    fn write(&self, words: &[u32]) -> Result<()> {
        let mut words = words.iter();
        for address in self.addresses {
            for (index, word) in (0..self.words).zip(&mut words) {
                if !address.is_null() {
                    user::write_word(address.checked_add(index).ok_or(Errno::EFAULT)?, *word)?;
                }
            }
        }
        Ok(())
    }

    /// In which sets a descriptor is.
    fn bits(&self, words: &[u32], fd: u32) -> [bool; 3] {
        [0, 1, 2].map(|set| {
            let word = words.get((set * self.words + fd / 32) as usize).copied().unwrap_or(0);
            word >> (fd % 32) & 1 != 0
        })
    }
}

pub fn _newselect(
    count: i32,
    read: UserMutPtr<u32>,
    write: UserMutPtr<u32>,
    except: UserMutPtr<u32>,
    timeout: UserMutPtr<Timeval>,
) -> Result<u32> {
    with_timeout(timeout, |deadline| select_until(count, [read, write, except], deadline))
}

pub fn select(arguments: UserPtr<[u32; 5]>) -> Result<u32> {
    let [count, read, write, except, timeout] = user::read(arguments)?;
    let [read, write, except] = [read, write, except].map(UserMutPtr::new);
    _newselect(count.cast_signed(), read, write, except, UserMutPtr::new(timeout))
}

/// The last argument of `pselect6`: where the mask is, and its size.
fn mask_argument(argument: UserPtr<[u32; 2]>) -> Result<(UserPtr<SignalSet>, u32)> {
    if argument.is_null() {
        return Ok((UserPtr::NULL, 0));
    }
    let [mask, set_size] = user::read(argument)?;
    Ok((UserPtr::new(mask), set_size))
}

pub fn pselect6(
    count: i32,
    read: UserMutPtr<u32>,
    write: UserMutPtr<u32>,
    except: UserMutPtr<u32>,
    timeout: UserMutPtr<Timespec>,
    mask: UserPtr<[u32; 2]>,
) -> Result<u32> {
    let (mask, set_size) = mask_argument(mask)?;
    with_timeout(timeout, |deadline| {
        with_mask(mask, set_size, || select_until(count, [read, write, except], deadline))
    })
}

pub fn pselect6_time64(
    count: i32,
    read: UserMutPtr<u32>,
    write: UserMutPtr<u32>,
    except: UserMutPtr<u32>,
    timeout: UserMutPtr<Timespec64>,
    mask: UserPtr<[u32; 2]>,
) -> Result<u32> {
    let (mask, set_size) = mask_argument(mask)?;
    with_timeout(timeout, |deadline| {
        with_mask(mask, set_size, || select_until(count, [read, write, except], deadline))
    })
}

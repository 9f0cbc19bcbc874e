//! Resource limits: the values a process starts with and who may change them.

use abi::errno::Errno;
use abi::process::{
    RLIM_INFINITY, RLIM_NLIMITS, RLIM64_INFINITY, RLIMIT_CORE, RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE,
    RLIMIT_NICE, RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_RTPRIO, RLIMIT_SIGPENDING, RLIMIT_STACK,
    Rlimit, Rlimit64,
};

/// Above this nobody raises RLIMIT_NOFILE.
pub const MAX_NOFILE: u64 = 1 << 20;

const NONE: u64 = RLIM64_INFINITY;

/// All limits of a process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    table: [Rlimit64; RLIM_NLIMITS as usize],
}

impl Limits {
    /// As Linux gives them to its first process. `max_threads` is what half of memory could hold.
    pub fn initial(max_threads: u32) -> Self {
        let mut table = [Rlimit64 { cur: NONE, max: NONE }; RLIM_NLIMITS as usize];
        let threads = u64::from(max_threads / 2);
        for (resource, cur, max) in [
            (RLIMIT_STACK, 8 << 20, NONE),
            (RLIMIT_CORE, 0, NONE),
            (RLIMIT_NPROC, threads, threads),
            (RLIMIT_NOFILE, 1024, 4096),
            (RLIMIT_MEMLOCK, 8 << 20, 8 << 20),
            (RLIMIT_SIGPENDING, threads, threads),
            (RLIMIT_MSGQUEUE, 819_200, 819_200),
            (RLIMIT_NICE, 0, 0),
            (RLIMIT_RTPRIO, 0, 0),
        ] {
            if let Some(entry) = table.get_mut(resource as usize) {
                *entry = Rlimit64 { cur, max };
            }
        }
        Self { table }
    }

    /// EINVAL for a resource that is none.
    pub fn get(&self, resource: u32) -> Result<Rlimit64, Errno> {
        self.table.get(resource as usize).copied().ok_or(Errno::EINVAL)
    }

    /// The enforced value, cut to 32 bits: no limit stays no limit.
    #[inline]
    pub fn current(&self, resource: u32) -> u32 {
        narrow(self.table.get(resource as usize).map_or(NONE, |limit| limit.cur))
    }

    /// How far the enforced value may be raised, cut likewise.
    pub fn maximum(&self, resource: u32) -> u32 {
        narrow(self.table.get(resource as usize).map_or(NONE, |limit| limit.max))
    }

    /// Sets a limit, in Linux's order of checks.
    pub fn set(&mut self, resource: u32, new: Rlimit64, privileged: bool) -> Result<(), Errno> {
        let entry = self.table.get_mut(resource as usize).ok_or(Errno::EINVAL)?;
        let (new_cur, new_max, max) = (new.cur, new.max, entry.max);
        if new_cur > new_max {
            return Err(Errno::EINVAL);
        }
        if resource == RLIMIT_NOFILE && new_max > MAX_NOFILE {
            return Err(Errno::EPERM);
        }
        if new_max > max && !privileged {
            return Err(Errno::EPERM);
        }
        *entry = new;
        Ok(())
    }
}

fn narrow(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(RLIM_INFINITY)
}

fn widen(value: u32) -> u64 {
    if value == RLIM_INFINITY { NONE } else { u64::from(value) }
}

/// For `setrlimit`.
pub fn from_32(limit: Rlimit) -> Rlimit64 {
    Rlimit64 { cur: widen(limit.cur), max: widen(limit.max) }
}

/// For `ugetrlimit`.
pub fn to_32(limit: Rlimit64) -> Rlimit {
    Rlimit { cur: narrow(limit.cur), max: narrow(limit.max) }
}

/// For `getrlimit`, which never shows more than 31 bits.
pub fn to_31(limit: Rlimit64) -> Rlimit {
    let cut = |value| narrow(value).min(i32::MAX.cast_unsigned());
    Rlimit { cur: cut(limit.cur), max: cut(limit.max) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use abi::process::RLIMIT_AS;

    const fn limit(cur: u64, max: u64) -> Rlimit64 {
        Rlimit64 { cur, max }
    }

    #[test]
    fn the_first_process_has_linuxs_limits() {
        let limits = Limits::initial(1000);
        assert_eq!(limits.get(RLIMIT_STACK), Ok(limit(8 << 20, NONE)));
        assert_eq!(limits.get(RLIMIT_NOFILE), Ok(limit(1024, 4096)));
        assert_eq!(limits.get(RLIMIT_NPROC), Ok(limit(500, 500)));
        assert_eq!(limits.get(RLIMIT_AS), Ok(limit(NONE, NONE)));
        assert_eq!(limits.get(RLIM_NLIMITS), Err(Errno::EINVAL));
        assert_eq!(limits.current(RLIMIT_AS), RLIM_INFINITY);
    }

    #[test]
    fn raising_the_maximum_needs_privilege() {
        let mut limits = Limits::initial(1000);
        assert_eq!(limits.set(RLIMIT_AS, limit(2, 1), true), Err(Errno::EINVAL));
        assert_eq!(limits.set(16, limit(2, 1), true), Err(Errno::EINVAL));
        assert_eq!(limits.set(RLIMIT_NOFILE, limit(1, MAX_NOFILE + 1), true), Err(Errno::EPERM));
        assert_eq!(limits.set(RLIMIT_NOFILE, limit(1, 4097), false), Err(Errno::EPERM));
        assert_eq!(limits.set(RLIMIT_NOFILE, limit(1, 100), false), Ok(()));
        assert_eq!(limits.set(RLIMIT_NOFILE, limit(1, 101), false), Err(Errno::EPERM));
        assert_eq!(limits.set(RLIMIT_NOFILE, limit(1, MAX_NOFILE), true), Ok(()));
    }

    #[test]
    fn narrow_calls_see_no_limit_as_no_limit() {
        let wide = limit(NONE, 1 << 32);
        assert_eq!(to_32(wide), Rlimit { cur: RLIM_INFINITY, max: RLIM_INFINITY });
        assert_eq!(to_31(wide), Rlimit { cur: 0x7fff_ffff, max: 0x7fff_ffff });
        assert_eq!(from_32(Rlimit { cur: 5, max: RLIM_INFINITY }), limit(5, NONE));
    }
}

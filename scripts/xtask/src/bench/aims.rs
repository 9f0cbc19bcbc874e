//! How many instructions a row may take.
//!
//! A third of what Linux takes, where hardware leaves that much room: clearing or copying a page is
//! 1,024 instructions on every system.

/// One clear or copy of a page, and everything around it.
const PAGE_FAULT: f64 = 1500.0;
/// A system call that does next to nothing, by SYSENTER: promised.
const SYSENTER: f64 = 80.0;
/// A call to a server and its reply.
const IPC_CALL: f64 = 1200.0;
/// A system call that copies a page out of the page cache.
const READ_PAGE: f64 = 1600.0;

/// The aim for a row that takes `linux` instructions there; `None` for one without an aim.
pub fn aim(row: &str, linux: Option<f64>) -> Option<f64> {
    let third = linux.map(|linux| linux / 3.0);
    let at_least = |floor: f64| Some(third.map_or(floor, |third| third.max(floor)));
    match row {
        // The most of these is the program's own.
        "dash_true" | "shared_demo" => None,
        // No kernel runs in these.
        "rdtsc" | "user_stosl_4k" | "user_movsl_4k" | "touch_present" => None,
        "anon_write_fault"
        | "anon_write_after_read"
        | "anon_populate"
        | "cow_copy_fault"
        | "file_cow_fault"
        | "highmem_touch" => Some(PAGE_FAULT),
        "brk_64p_touched" => at_least(64.0 * PAGE_FAULT),
        "mmap_touch_munmap_1m" => at_least(256.0 * PAGE_FAULT),
        "read_4k" => Some(READ_PAGE),
        "read_64k" => at_least(16.0 * READ_PAGE),
        "sysenter_getppid" => Some(SYSENTER),
        "ipc_call" | "ipc_call_4_words" => Some(IPC_CALL),
        _ if row.starts_with("vma_fault_") => at_least(PAGE_FAULT),
        _ => third,
    }
}

/// Whether a row's aim is a promise, which no change may break, and not something to strive for.
pub fn is_promised(row: &str) -> bool {
    row == "sysenter_getppid"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_third_unless_pages_are_copied() {
        assert_eq!(aim("syscall_getppid", Some(336.0)), Some(112.0));
        assert_eq!(aim("syscall_getppid", None), None);
        assert_eq!(aim("anon_write_fault", Some(3519.0)), Some(1500.0));
        assert_eq!(aim("vma_fault_1", Some(3528.0)), Some(1500.0));
        assert_eq!(aim("vma_fault_60000", Some(5444.0)).map(f64::round), Some(1815.0));
        assert_eq!(aim("ipc_call", None), Some(1200.0));
        assert_eq!(aim("rdtsc", Some(3.0)), None);
    }

    #[test]
    fn what_is_promised_does_not_follow_linux() {
        let row = "sysenter_getppid";
        assert!(is_promised(row) && !is_promised("syscall_getppid"));
        assert_eq!([None, Some(90.0), Some(900.0)].map(|linux| aim(row, linux)), [Some(80.0); 3]);
    }
}

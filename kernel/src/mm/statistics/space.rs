//! What `/proc/PID/stat` and `status` say of an address space.

use crate::mm::space::Mm;
use abi::statistics::SpaceStatistics;
use core::sync::atomic::Ordering::Relaxed;

impl Mm {
    /// Waits for nobody who edits the areas: then it is as it was before the edit.
    pub fn space_statistics(&self) -> SpaceStatistics {
        let resident_shared = self.resident_shared();
        let (private, file) = (self.rss_anon.load(Relaxed), self.rss_file.load(Relaxed));
        let (account, marks) = (self.layout.account(), self.layout.marks());
        SpaceStatistics {
            exists: 1,
            total: account.total,
            peak_total: self.layout.peak_pages(),
            locked: account.locked,
            data: account.data,
            stack: account.stack,
            executable: account.exec,
            resident_private: private,
            resident_file: file.saturating_sub(resident_shared),
            resident_shared,
            peak_resident: self.peak_rss(),
            page_tables: self.page_tables.load(Relaxed),
            swapped: 0,
            users: self.users(),
            start_code: marks.start_code,
            end_code: marks.end_code,
            start_data: marks.start_data,
            end_data: marks.end_data,
            start_heap: marks.start_brk,
            end_heap: marks.brk,
            start_stack: marks.start_stack,
            start_arguments: marks.arg_start,
            end_arguments: marks.arg_end,
            start_environment: marks.env_start,
            end_environment: marks.env_end,
        }
    }
}

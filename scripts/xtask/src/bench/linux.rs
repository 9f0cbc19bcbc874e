//! What Debian's kernels take, in instructions: 6.1.176-1, flavours 686 and 686-pae, without
//! whatever Folio does not have (`peer::LEAN`). Measured as `--against linux` measures, and kept
//! here so that every run can compare itself.

/// Name, two-level tables, PAE.
const FIGURES: &[(&str, f64, f64)] = &[
    ("rdtsc", 3.0, 3.0),
    ("user_stosl_4k", 1029.0, 1029.0),
    ("user_movsl_4k", 1030.0, 1030.0),
    ("touch_present", 4.0, 4.0),
    ("syscall_getppid", 336.0, 336.0),
    ("syscall_nosys", 213.0, 213.0),
    ("anon_write_fault", 3519.0, 3766.0),
    ("anon_read_fault", 1089.0, 1269.0),
    ("anon_write_after_read", 4046.0, 4318.0),
    ("anon_populate", 3521.0, 3962.0),
    ("anon_munmap_64m", 1192.0, 1231.0),
    ("file_read_fault_seq", 539.0, 601.0),
    ("file_read_fault_64k", 8548.0, 9532.0),
    ("file_cow_fault", 4264.0, 4559.0),
    ("file_populate", 911.0, 1082.0),
    ("cow_copy_fault", 4446.0, 4767.0),
    ("cow_reuse_fault", 1148.0, 1279.0),
    ("mmap_munmap_4k", 11694.0, 11831.0),
    ("mmap_munmap_1m", 13642.0, 15261.0),
    ("mmap_touch_munmap_1m", 1077000.0, 1148000.0),
    ("munmap_1m_touched", 227576.0, 237918.0),
    ("mprotect_alone", 2866.0, 3110.0),
    ("mprotect_split", 8108.0, 8357.0),
    ("mremap_move_64k", 13000.0, 13958.0),
    ("mremap_move_1m", 19321.0, 26162.0),
    ("brk_64p_touched", 279679.0, 297540.0),
    ("brk_64p", 9485.0, 9958.0),
    ("vma_fault_1", 3528.0, 3765.0),
    ("vma_fault_100", 3649.0, 3884.0),
    ("vma_fault_1000", 3759.0, 3996.0),
    ("vma_fault_10000", 4145.0, 4382.0),
    ("vma_fault_60000", 5444.0, 5679.0),
    ("vma_mmap_1", 10440.0, 10465.0),
    ("vma_mmap_1000", 18493.0, 18835.0),
    ("vma_mmap_60000", 24285.0, 23994.0),
    ("vma_split_60000", 18853.0, 18903.0),
    ("vma_munmap_60000", 3280.0, 3332.0),
    ("fork_exit_wait_0", 92045.0, 102437.0),
    ("fork_exit_wait_1m", 178142.0, 206372.0),
    ("fork_exit_wait_64m", 5414000.0, 6633000.0),
    ("fork_exec_tiny", 151056.0, 167895.0),
    ("fork_exec_self", 191245.0, 211153.0),
    ("pipe_self", 3204.0, 3361.0),
    ("pipe_pingpong", 14587.0, 14901.0),
    ("sig_kill_self", 6550.0, 6550.0),
    ("sig_segv_skip", 6424.0, 6424.0),
    ("sig_segv_mprotect", 9224.0, 9477.0),
    ("read_4k", 2814.0, 2865.0),
    ("read_64k", 30141.0, 30958.0),
    ("highmem_touch", 3531.0, 3770.0),
];

/// What a row takes there.
pub fn linux(row: &str, pae: bool) -> Option<f64> {
    let (_, two_level, with_pae) = FIGURES.iter().find(|(name, ..)| *name == row)?;
    Some(if pae { *with_pae } else { *two_level })
}

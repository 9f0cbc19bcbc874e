//! What the files of a process say.

use crate::tests::contents;
use std::string::ToString;

#[test]
fn maps_has_a_line_for_each_area() {
    let expected = "\
08048000-0804a000 r-xp 00001000 00:02 77         /bin/my\\012prog
09000000-09021000 rw-p 00000000 00:00 0          [heap]
b7f00000-b7f01000 rw-s 00000000 00:00 0 
";
    assert_eq!(contents("42/maps"), expected);
}

#[test]
fn smaps_has_a_paragraph_for_each_area_that_is_still_there() {
    let first = "\
08048000-0804a000 r-xp 00001000 00:02 77         /bin/my\\012prog
Size:                  8 kB
KernelPageSize:        4 kB
MMUPageSize:           4 kB
Rss:                   8 kB
Pss:                   6 kB
Pss_Dirty:             0 kB
Shared_Clean:          4 kB
Shared_Dirty:          0 kB
Private_Clean:         4 kB
Private_Dirty:         0 kB
Referenced:            4 kB
Anonymous:             0 kB
LazyFree:              0 kB
AnonHugePages:         0 kB
ShmemPmdMapped:        0 kB
FilePmdMapped:         0 kB
Shared_Hugetlb:        0 kB
Private_Hugetlb:       0 kB
Swap:                  0 kB
SwapPss:               0 kB
Locked:                0 kB
THPeligible:    0
VmFlags: rd ex mr mw me 
09000000-09021000 rw-p 00000000 00:00 0          [heap]
";
    let text = contents("42/smaps");
    assert!(text.starts_with(first), "{text}");
    assert!(text.ends_with("VmFlags: rd wr mr mw me ac \n"));
    assert_eq!(text.matches("Rss:").count(), 2);
}

#[test]
fn smaps_rollup_has_the_sums() {
    let text = contents("42/smaps_rollup");
    let first = "\
08048000-09021000 ---p 00000000 00:00 0          [rollup]
Rss:                  20 kB
Pss:                  18 kB
Pss_Dirty:            12 kB
Pss_Anon:             12 kB
Pss_File:              6 kB
Pss_Shmem:             0 kB
Shared_Clean:          4 kB
";
    assert!(text.starts_with(first), "{text}");
}

#[test]
fn stat_has_52_fields() {
    let expected = "42 (my prog)) S 1 42 40 1281 42 0 100 9 1 0 12 3 2 0 25 5 2 0 1234 2457600 125 \
        4294967295 134512640 134520576 3204448256 0 0 4 8 4096 2 0 0 0 17 0 0 0 0 0 0 134520832 \
        134521088 150994944 3204448512 3204448520 3204448520 3204448530 0\n";
    assert_eq!(contents("42/stat"), expected);
    assert_eq!(expected.replace("(my prog))", "x").split_whitespace().count(), 52);
    let thread = contents("42/task/43/stat");
    let first = "43 (wor\\k\ner) t 1 42 40 1281 42 0 0 9 0 0 0 0 2 0 25 5 2 0 1300 ";
    assert!(thread.starts_with(first), "{thread}");
    assert!(contents("60/stat").starts_with("60 (my prog)) Z 1 "));
}

#[test]
fn statm_has_seven_numbers() {
    assert_eq!(contents("42/statm"), "600 125 85 2 0 83 0\n");
}

#[test]
fn status_has_a_line_for_each_fact() {
    let expected = "\
Name:\tmy prog)
Umask:\t0022
State:\tS (sleeping)
Tgid:\t42
Ngid:\t0
Pid:\t42
PPid:\t1
TracerPid:\t0
Uid:\t0\t0\t0\t0
Gid:\t0\t0\t0\t0
FDSize:\t64
Groups:\t4 24 
NStgid:\t42
NSpid:\t42
NSpgid:\t42
NSsid:\t40
VmPeak:\t    2600 kB
VmSize:\t    2400 kB
VmLck:\t       4 kB
VmPin:\t       0 kB
VmHWM:\t     520 kB
VmRSS:\t     500 kB
RssAnon:\t     160 kB
RssFile:\t     320 kB
RssShmem:\t      20 kB
VmData:\t     200 kB
VmStk:\t     132 kB
VmExe:\t       8 kB
VmLib:\t    1192 kB
VmPTE:\t      16 kB
VmSwap:\t       0 kB
HugetlbPages:\t       0 kB
CoreDumping:\t0
THP_enabled:\t0
Threads:\t2
SigQ:\t6/1234
SigPnd:\t0000000000000004
ShdPnd:\t0000000000000200
SigBlk:\t0000000000000008
SigIgn:\t0000000000001000
SigCgt:\t0000010000000002
CapInh:\t0000000000000000
CapPrm:\t000001ffffffffff
CapEff:\t000001ffffffffff
CapBnd:\t000001ffffffffff
CapAmb:\t0000000000000000
NoNewPrivs:\t0
Seccomp:\t0
Seccomp_filters:\t0
Speculation_Store_Bypass:\tvulnerable
SpeculationIndirectBranch:\talways enabled
Cpus_allowed:\t1
Cpus_allowed_list:\t0
Mems_allowed:\t1
Mems_allowed_list:\t0
voluntary_ctxt_switches:\t70
nonvoluntary_ctxt_switches:\t8
";
    assert_eq!(contents("42/status"), expected);
    let thread = contents("42/task/43/status");
    assert!(thread.starts_with("Name:\twor\\\\k\\ner\nUmask:\t0022\nState:\tt (tracing stop)\n"));
    assert!(thread.contains("\nPPid:\t1\nTracerPid:\t99\n"), "{thread}");
    let zombie = contents("60/status");
    assert!(zombie.contains("State:\tZ (zombie)\n") && !zombie.contains("VmSize"));
}

#[test]
fn limits_is_a_table() {
    let text = contents("42/limits");
    let lines: std::vec::Vec<&str> = text.lines().collect();
    let (units, bytes) = ("Units     ", "bytes     ");
    assert_eq!(
        lines[0],
        "Limit                     Soft Limit           Hard Limit           ".to_string() + units
    );
    assert_eq!(
        lines[4],
        "Max stack size            8388608              unlimited            ".to_string() + bytes
    );
    assert_eq!(lines[14], "Max nice priority         unlimited            unlimited            ");
    assert_eq!(lines.len(), 17);
}

#[test]
fn strings_are_those_in_memory() {
    assert_eq!(contents("42/cmdline"), "prog -x\0");
    assert_eq!(contents("42/environ"), "HOME=/tmp\0");
    assert_eq!(contents("42/comm"), "my prog)\n");
    assert_eq!(contents("42/task/43/comm"), "wor\\k\ner\n");
    assert_eq!(contents("42/auxv"), "\x06\0\0\0\0\x10\0\0\0\0\0\0\0\0\0\0");
    assert_eq!(contents("60/cmdline"), "");
}

#[test]
fn descriptors_and_waits_are_told() {
    assert_eq!(contents("42/fdinfo/3"), "pos:\t99\nflags:\t0100002\nmnt_id:\t1\nino:\t5\n");
    assert_eq!(contents("42/wchan"), "sys_waitpid");
    assert_eq!(contents("42/task/43/wchan"), "sys_futex");
    assert_eq!(contents("60/wchan"), "0");
}

#[test]
fn mounts_are_listed() {
    let expected = "rootfs / rootfs rw,relatime 0 0\nproc /pr\\040oc proc rw,relatime 0 0\n";
    assert_eq!(contents("42/mounts"), expected);
    let expected = "1 1 0:2 / / rw,relatime - rootfs rootfs rw\n\
        2 1 0:257 / /pr\\040oc rw,relatime - proc proc rw\n";
    assert_eq!(contents("42/mountinfo"), expected);
}

#[test]
fn tables_are_ranges() {
    assert_eq!(contents("42/page_tables"), "08048000-0804a000      2 r-xu----- 00001234\n");
    assert_eq!(contents("page_tables"), "c0000000-c0400000   1024 rw--gb--- 00000000\n");
}

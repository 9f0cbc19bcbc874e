//! What all processes have together.

use super::text::*;
use crate::child;
use crate::fault::*;
use crate::harness::{on_folio, only_on_folio};
use crate::threads;
use core::sync::atomic::AtomicU32;
use sys::abi::Errno;
use sys::abi::process::CLONE_VM;
use sys::abi::signal::{SIGCHLD, SIGKILL};
use sys::file;
use sys::process;
use sys::wait::Status;

pub fn the_machines_files_are_there() {
    as_program(|| {
        let memory = text("/proc/meminfo");
        assert!(number(&memory, "MemTotal") >= number(&memory, "MemFree"));
        if on_folio() {
            let sum = number(&memory, "HighTotal") + number(&memory, "LowTotal");
            assert_eq!(sum, number(&memory, "MemTotal"));
        }
        for (path, word) in [
            ("/proc/stat", "ctxt "),
            ("/proc/vmstat", "pgfault "),
            ("/proc/filesystems", "proc"),
            ("/proc/swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"),
            ("/proc/cpuinfo", "\ncpu MHz\t\t: "),
            ("/proc/zoneinfo", "              batch: "),
            ("/proc/self/mountinfo", " /proc "),
            ("/proc/mounts", " /proc proc "),
            ("/proc/self/limits", "Max open files"),
        ] {
            if on_folio() || !path.contains("mount") {
                assert!(text(path).contains(word), "{path}");
            }
        }
        let counter = |text: &str| {
            let line = text.lines().find(|line| line.starts_with("pgfault ")).expect("pgfault");
            line[8..].parse::<u64>().expect("a number")
        };
        let before = counter(&text("/proc/vmstat"));
        let start = map(16);
        (0..16).for_each(|page| poke(start + page * PAGE, 1));
        assert!(counter(&text("/proc/vmstat")) >= before + 16);
        unmap(start, 16);
        assert_eq!(file::stat("/proc/nothing").err(), Some(Errno::ENOENT));
        for path in ["/proc", "/proc/stat", "/proc/self/maps"] {
            assert_eq!(file::stat(path).map(|stat| stat.blksize), Ok(1024), "{path}");
        }
    });
}

pub fn memory_that_processes_share_counts_once() {
    only_on_folio("others come and go on Linux");
    static END: AtomicU32 = AtomicU32::new(0);
    extern "C" fn body(_: u32) -> i32 {
        threads::wait_until(&END, 1);
        0
    }
    const MIB: u64 = 1024;
    as_program(|| {
        let sums = || {
            let text = text("/proc/meminfo");
            (number(&text, "Committed_AS"), number(&text, "Mlocked"))
        };
        let before = sums();
        let start = map(64 << 8);
        assert_eq!(call!(mlock(start, 16 * PAGE)), Ok(0));
        let alone = sums();
        assert!((60 * MIB..80 * MIB).contains(&(alone.0 - before.0)), "{before:?}, {alone:?}");
        let flags = CLONE_VM | SIGCHLD.cast_unsigned();
        let child = threads::clone(flags, body, 0, 0).expect("clone");
        let shared = sums();
        assert!(shared.0 < alone.0 + 20 * MIB, "{alone:?}, {shared:?}");
        assert_eq!(shared.1, alone.1);
        threads::set(&END, 1);
        assert_eq!(child::wait(child.tid), Status::Exited(0));
        unmap(child.stack, threads::STACK);
        // A copy is another's, and nothing in it is locked.
        let (reader, writer) = file::pipe().expect("pipe2");
        let copy = child::start(|| {
            writer.write_all(b"x").expect("write");
            let _ = call!(pause());
            0
        });
        assert_eq!(reader.read(&mut [0; 1]), Ok(1));
        let copied = sums();
        assert!(copied.0 > alone.0 + 60 * MIB, "{alone:?}, {copied:?}");
        assert_eq!(copied.1, alone.1);
        process::kill(copy, SIGKILL).expect("kill");
        assert_eq!(child::wait(copy), Status::Signaled(SIGKILL));
        unmap(start, 64 << 8);
        assert!(sums().0 < before.0 + 20 * MIB, "{before:?}");
    });
}

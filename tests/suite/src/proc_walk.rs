//! Everything below `/proc`: each file can be read to its end, however it is read.

use crate::child;
use crate::fault::{map, poke, unmap};
use crate::harness::only_on_folio;
use crate::procfs::as_program;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use sys::abi::file::*;
use sys::abi::signal::SIGKILL;
use sys::file::{self, File, SeekFrom};
use sys::wait::Status;
use sys::{Errno, Result, directory, process};

tests![
    everything_can_be_read_while_processes_come_and_go,
    a_file_that_does_not_change_reads_the_same_in_any_way,
];

/// More than any text has.
const MOST: usize = 1 << 20;
/// How often everything is read.
const ROUNDS: u32 = 3;

/// Processes with memory, a descriptor and a thread's worth of children, one after the other.
fn come_and_go() -> i32 {
    loop {
        let pid = child::start(|| {
            let start = map(8);
            (0..8).for_each(|page| poke(start + page * 4096, 1));
            let pipe = file::pipe();
            let inner = child::start(|| 0);
            call!(sched_yield()).ok();
            child::wait(inner);
            unmap(start, 8);
            drop(pipe);
            0
        });
        call!(sched_yield()).ok();
        child::wait(pid);
    }
}

/// A text to its end; 8 bytes of what has no end worth waiting for.
fn read(path: &str) -> Result<usize> {
    let opened = File::open(path)?;
    if path.ends_with("/pagemap") {
        return opened.read(&mut [0; 8]);
    }
    let (mut length, mut buffer) = (0, vec![0; 4096]);
    loop {
        match opened.read(&mut buffer)? {
            0 => return Ok(length),
            count => length += count,
        }
        assert!(length < MOST, "{path} goes on and on");
    }
}

/// What was met on the way.
#[derive(Default)]
struct Met {
    files: u32,
    links: u32,
    gone: u32,
}

impl Met {
    /// Nothing else may happen, and only to what may end at any moment: processes, and the descriptor
    /// that a list of descriptors was read by.
    fn is_gone(&mut self, path: &str, why: Errno) {
        let of_others = path.as_bytes().get(6).is_some_and(u8::is_ascii_digit);
        let is_gone = matches!(why, Errno::ENOENT | Errno::ESRCH);
        assert!(is_gone && (of_others || path.contains("/fd")), "{path}: {why}");
        self.gone += 1;
    }

    fn visit(&mut self, path: &str) {
        let entries = match directory::entries(path) {
            Ok(entries) => entries,
            Err(why) => return self.is_gone(path, why),
        };
        assert!(entries.iter().take(2).map(|entry| &entry.name[..]).eq([&b"."[..], b".."]));
        for entry in entries.iter().skip(2) {
            let name = format!("{path}/{}", String::from_utf8_lossy(&entry.name));
            let outcome = match entry.kind {
                DT_DIR => {
                    self.visit(&name);
                    continue;
                }
                DT_LNK => {
                    self.links += 1;
                    directory::read_link(&name).map(|text| assert!(!text.is_empty(), "{name}"))
                }
                DT_REG => {
                    self.files += 1;
                    read(&name).map(drop)
                }
                kind => panic!("{name}: {kind}"),
            };
            let same = file::lstat(&name).map(|stat| assert_eq!(stat.ino, entry.ino, "{name}"));
            if let Err(why) = outcome.and(same) {
                // A process that has ended is listed until it has been waited for, without links.
                self.is_gone(&name, why);
            }
        }
    }
}

pub fn everything_can_be_read_while_processes_come_and_go() {
    as_program(|| {
        only_on_folio("not all files of other kernels are harmless");
        let others = child::start(come_and_go);
        let mut met = Met::default();
        for _ in 0..ROUNDS {
            ["/proc", "/proc/self", "/proc/thread-self"].iter().for_each(|path| met.visit(path));
        }
        process::kill(others, SIGKILL).expect("kill");
        assert_eq!(child::wait(others), Status::Signaled(SIGKILL));
        let Met { files, links, gone } = met;
        assert!(files > 300 && links > 50 && gone > 0, "{files}, {links}, {gone}");
    });
}

pub fn a_file_that_does_not_change_reads_the_same_in_any_way() {
    as_program(|| {
        const FILES: [&str; 11] = [
            "version",
            "cpuinfo",
            "filesystems",
            "devices",
            "sys/kernel/osrelease",
            "self/maps",
            "self/cmdline",
            "self/environ",
            "self/auxv",
            "self/limits",
            "self/mountinfo",
        ];
        // All memory there before the first look: `maps` shows it.
        let (mut pieces, mut buffer) = (vec![0; 1 << 16], vec![0; 1 << 16]);
        for name in FILES {
            let path = format!("/proc/{name}");
            let opened = File::open(&path).unwrap_or_else(|why| panic!("{path}: {why}"));
            let length = opened.read(&mut buffer).expect("read");
            let rest = opened.read(&mut buffer[length..]).expect("read");
            // Linux hands out a page of a text at most.
            let length = length + rest;
            let whole = &buffer[..length];
            for size in [1, 13] {
                opened.seek(SeekFrom::Start(0)).expect("seek");
                let mut done = 0;
                while let Ok(count @ 1..) = opened.read(&mut pieces[done..done + size]) {
                    done += count;
                }
                assert!(pieces[..done] == *whole, "{path} by {size}");
            }
            for at in [1, length / 2, length.saturating_sub(1), length, length + 9] {
                let expected = whole.get(at..).unwrap_or_default();
                opened.seek(SeekFrom::Start(at as u64)).expect("seek");
                let count = opened.read(&mut pieces).expect("read");
                assert!(pieces[..count] == *expected, "{path} from {at}");
                let count = opened.read_at(&mut pieces, at as i64).expect("pread64");
                assert!(pieces[..count] == *expected, "{path} at {at}");
            }
        }
    });
}

//! Who a process is, and how it does.

use super::text::*;
use crate::child;
use crate::fault::*;
use crate::harness::{on_folio, only_on_folio};
use crate::scratch::Scratch;
use crate::threads;
use alloc::format;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use sys::abi::Errno;
use sys::abi::memory::*;
use sys::abi::signal::{SIG_BLOCK, SIGKILL, SIGRTMIN, SIGUSR1, SIGUSR2, SignalSet};
use sys::abi::trace::TRACE_CALLS;
use sys::file::{self, File};
use sys::process;
use sys::trace::Tracer;
use sys::wait::Status;

pub fn status_tells_ids_and_masks() {
    as_program(|| {
        let usr1 = SignalSet::of(SIGUSR1);
        sys::signal::change_mask(SIG_BLOCK, usr1).expect("mask");
        sys::signal::ignore(SIGUSR2).expect("ignore");
        process::kill(process::id(), SIGUSR1).expect("kill");
        let old = call!(umask(0o27)).expect("umask");
        let status = text("/proc/self/status");
        let mask = |name| u64::from_str_radix(value(&status, name), 16).expect("a mask");
        assert_eq!(number(&status, "Pid"), process::id() as u64);
        assert_eq!(number(&status, "PPid"), process::parent_id() as u64);
        assert_eq!((value(&status, "Umask"), value(&status, "Threads")), ("0027", "1"));
        assert_eq!(value(&status, "State"), "R (running)");
        let bit = |signal: i32| 1 << (signal - 1);
        assert_eq!(mask("ShdPnd") & bit(SIGUSR1), bit(SIGUSR1));
        assert_eq!(mask("SigBlk") & bit(SIGUSR1), bit(SIGUSR1));
        assert_eq!(mask("SigIgn") & bit(SIGUSR2), bit(SIGUSR2));
        let ids = format!("{0}\t{0}\t{0}\t{0}", call!(getuid32()).expect("uid"));
        assert_eq!(value(&status, "Uid"), ids);
        assert_eq!(sys::signal::wait(usr1), Ok(SIGUSR1));
        call!(umask(old)).expect("umask");
    });
}

pub fn names_are_escaped() {
    as_program(|| {
        rename(c"a\\b\nc) d");
        assert_eq!(text("/proc/self/comm"), "a\\b\nc) d\n");
        assert!(text("/proc/self/status").starts_with("Name:\ta\\\\b\\nc) d\nUmask"));
        assert!(text("/proc/self/stat").contains(" (a\\b\nc) d) R "));
        // Paths are so in octal, and only where a line would end.
        let (scratch, opened) = Scratch::file("odd \\ \n", &[1; 4096]);
        let start = free_range(1);
        let fixed = MAP_PRIVATE | MAP_FIXED;
        assert_eq!(call!(mmap2(start, PAGE, PROT_READ, fixed, opened.fd().0, 0)), Ok(start));
        let line = format!(" {}\n", scratch.as_str().replace('\n', "\\012"));
        assert!(text("/proc/self/maps").contains(&line));
        unmap(start, 1);
    });
}

/// Signals that wait with what they say are counted against a limit.
pub fn kept_signals_are_counted() {
    as_program(|| {
        let kept = || {
            let status = text("/proc/self/status");
            let (kept, limit) = value(&status, "SigQ").split_once('/').expect("two numbers");
            assert!(limit.parse::<u32>().is_ok_and(|limit| limit > 0));
            kept.parse::<u32>().expect("a number")
        };
        sys::signal::change_mask(SIG_BLOCK, SignalSet::of(SIGRTMIN + 3)).expect("mask");
        let before = kept();
        for _ in 0..3 {
            process::kill(process::id(), SIGRTMIN + 3).expect("kill");
        }
        assert_eq!(kept(), before + 3);
    });
}

static ENDS: AtomicU32 = AtomicU32::new(0);

pub fn threads_have_directories_that_are_not_listed() {
    extern "C" fn body(_: u32) -> i32 {
        rename(c"worker");
        while ENDS.load(SeqCst) == 0 {
            call!(sched_yield()).ok();
        }
        0
    }
    as_program(|| {
        let thread = threads::spawn(body, 0);
        let (tid, pid) = (thread.tid, process::id());
        let read = |name: &str| text(&format!("/proc/{tid}/{name}"));
        while read("comm") != "worker\n" {
            call!(sched_yield()).ok();
        }
        let status = read("status");
        assert_eq!((number(&status, "Tgid"), number(&status, "Pid")), (pid as u64, tid as u64));
        assert!(read("stat").starts_with(&format!("{tid} (worker) R ")));
        let tasks = sys::directory::entries(format!("/proc/{tid}/task")).expect("a list");
        assert_eq!(tasks.len(), 4);
        assert_eq!(text(&format!("/proc/{tid}/task/{pid}/comm")), text("/proc/self/comm"));
        let name = format!("{tid}");
        let listed = sys::directory::entries("/proc").expect("a list");
        assert!(listed.iter().all(|entry| entry.name != name.as_bytes()));
        ENDS.store(1, SeqCst);
        thread.join();
        assert_eq!(file::stat(format!("/proc/{tid}")).err(), Some(Errno::ENOENT));
    });
}

pub fn who_is_traced_says_so() {
    only_on_folio("abi::trace");
    as_program(|| {
        let child = child::start(|| {
            loop {
                call!(sched_yield()).ok();
            }
        });
        let status = || text(&format!("/proc/{child}/status"));
        assert_eq!(number(&status(), "TracerPid"), 0);
        let tracer = Tracer::new(0).expect("trace_create");
        tracer.attach(child, TRACE_CALLS).expect("trace_attach");
        let event = tracer.next().expect("trace_next");
        assert_eq!(number(&status(), "TracerPid"), process::id() as u64);
        assert_eq!(value(&status(), "State"), "t (tracing stop)");
        assert!(text(&format!("/proc/{child}/stat")).contains(") t "));
        tracer.resume(event.tid).expect("trace_resume");
        drop(tracer);
        let ended = status();
        assert_eq!(number(&ended, "TracerPid"), 0);
        assert_ne!(value(&ended, "State"), "t (tracing stop)");
        process::kill(child, SIGKILL).expect("kill");
        assert_eq!(child::wait(child), Status::Signaled(SIGKILL));
    });
}

pub fn stat_and_statm_agree_with_status() {
    as_program(|| {
        let (stat, status) = (text("/proc/self/stat"), text("/proc/self/status"));
        let (front, rest) = stat.rsplit_once(") ").expect("a name");
        assert_eq!(front, format!("{} ({}", process::id(), value(&status, "Name")));
        let fields: Vec<&str> = rest.split_whitespace().collect();
        assert_eq!(fields.len() + 2, 52);
        assert_eq!(fields[1], format!("{}", process::parent_id()));
        assert_eq!(fields[2], format!("{}", process::group()));
        assert_eq!(fields[17], "1", "threads");
        let size = |at: usize| fields[at].parse::<u64>().expect("a number");
        assert_eq!(size(20) >> 10, number(&status, "VmSize"));
        let statm = text("/proc/self/statm");
        let pages: Vec<u64> =
            statm.split_whitespace().map(|it| it.parse().expect("pages")).collect();
        assert_eq!((pages.len(), pages[0] * 4), (7, number(&status, "VmSize")));
        assert!(number(&status, "VmPeak") >= number(&status, "VmSize"));
        assert!(number(&status, "VmHWM") >= number(&status, "VmRSS"));
    });
}

pub fn a_child_can_be_watched_to_its_end() {
    as_program(|| {
        let pid = child::start(|| {
            loop {
                call!(pause()).ok();
            }
        });
        let path = format!("/proc/{pid}/status");
        while !text(&path).contains("State:\tS") {
            call!(sched_yield()).ok();
        }
        assert_eq!(number(&text(&path), "PPid"), process::id() as u64);
        let opened = File::open(format!("/proc/{pid}/stat")).expect("stat");
        process::kill(pid, SIGKILL).expect("kill");
        while !text(&path).contains("State:\tZ (zombie)") {
            call!(sched_yield()).ok();
        }
        assert_eq!(text(&format!("/proc/{pid}/cmdline")), "");
        assert_eq!(child::wait(pid), Status::Signaled(SIGKILL));
        assert_eq!(File::open(&path).err(), Some(Errno::ENOENT));
        let gone = opened.read(&mut [0; 8]);
        assert!(matches!(gone, Err(Errno::ESRCH | Errno::ENOENT)), "{gone:?}");
    });
}

pub fn strings_are_those_of_the_start() {
    as_program(|| {
        let line = file::read("/proc/self/cmdline").expect("cmdline");
        let mut expected = Vec::new();
        for argument in sys::env::args() {
            expected.extend_from_slice(argument);
            expected.push(0);
        }
        assert_eq!(line, expected);
        let pairs = file::read("/proc/self/auxv").expect("auxv");
        // AT_PAGESZ is 6; the vector ends with zeros. Natively its words may be as long as the kernel's.
        if on_folio() {
            let (words, _) = pairs.as_chunks::<4>();
            let words: Vec<u32> = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
            let (pairs, _) = words.as_chunks::<2>();
            assert!(pairs.contains(&[6, PAGE]) && pairs.last() == Some(&[0, 0]));
        }
        assert_eq!(
            text("/proc/self/comm"),
            format!("{}\n", value(&text("/proc/self/status"), "Name"))
        );
    });
}

//! `/proc` against what the test knows of itself: the same on Linux.

use crate::child;
use crate::fault::*;
use crate::harness::{SKIPPED, on_folio, only_on_folio};
use crate::scratch::Scratch;
use crate::threads;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ffi::CStr;
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use sys::abi::Errno;
use sys::abi::file::{O_NONBLOCK, O_RDONLY, O_WRONLY};
use sys::abi::memory::*;
use sys::abi::process::{CLONE_VM, PR_SET_NAME};
use sys::abi::signal::{SIG_BLOCK, SIGCHLD, SIGKILL, SIGRTMIN, SIGUSR1, SIGUSR2, SignalSet};
use sys::abi::trace::TRACE_CALLS;
use sys::file::{self, File, SeekFrom};
use sys::ipc::{Level, raise_level};
use sys::process;
use sys::trace::Tracer;
use sys::wait::Status;

tests![
    maps_has_what_was_mapped,
    a_file_is_the_same_in_pieces_of_any_size,
    an_open_file_has_a_text_of_its_own,
    status_tells_ids_and_masks,
    names_are_escaped,
    kept_signals_are_counted,
    threads_have_directories_that_are_not_listed,
    who_is_traced_says_so,
    locked_pages_are_counted,
    memory_that_processes_share_counts_once,
    stat_and_statm_agree_with_status,
    smaps_counts_what_was_touched,
    descriptors_have_links,
    a_pipe_opened_by_its_descriptor_waits_for_nobody,
    a_child_can_be_watched_to_its_end,
    strings_are_those_of_the_start,
    the_machines_files_are_there,
    a_server_that_dies_is_followed_by_another,
];

pub fn text(path: &str) -> String {
    let bytes = file::read(path).unwrap_or_else(|why| panic!("{path}: {why}"));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Runs a test as a program, which servers may be called by, if anything is mounted there: natively
/// it may run in a bare room.
pub fn as_program(test: fn()) {
    if !on_folio() {
        if file::stat("/proc/self/stat").is_err() {
            skip!("no /proc");
        }
        return test();
    }
    let ended = child::run(|| {
        raise_level(Level::PROGRAM).expect("level");
        test();
        0
    });
    match ended {
        Status::Exited(SKIPPED) => skip!("as its program said"),
        ended => assert_eq!(ended, Status::Exited(0)),
    }
}

/// What is behind a name and a colon.
fn value<'a>(text: &'a str, name: &str) -> &'a str {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_else(|| panic!("no {name}")).trim()
}

pub fn number(text: &str, name: &str) -> u64 {
    let word = value(text, name).split(' ').next().unwrap_or_default();
    word.parse().unwrap_or_else(|_| panic!("{name} is {word}"))
}

/// The line of `maps` for an area: what is behind the addresses.
fn map_line(maps: &str, start: u32, end: u32) -> &str {
    let range = format!("{start:08x}-{end:08x} ");
    maps.lines().find_map(|line| line.strip_prefix(&range)).unwrap_or_else(|| panic!("{range}"))
}

pub fn maps_has_what_was_mapped() {
    as_program(|| {
        let start = free_range(8) + PAGE;
        let fixed = PRIVATE | MAP_FIXED;
        assert_eq!(call!(mmap2(start, 2 * PAGE, RW, fixed, -1, 0)), Ok(start));
        let second = start + 3 * PAGE;
        let (scratch, opened) = Scratch::file("mapped", &[1; 8192]);
        let fd = opened.fd().0;
        let shared = MAP_SHARED | MAP_FIXED;
        assert_eq!(call!(mmap2(second, PAGE, PROT_READ, shared, fd, 1)), Ok(second));
        let maps = text("/proc/self/maps");
        assert!(map_line(&maps, start, start + 2 * PAGE).starts_with("rw-p 00000000 00:00 0"));
        let line = map_line(&maps, second, second + PAGE);
        let inode = opened.stat().expect("stat").ino;
        assert!(
            line.starts_with("r--s 00001000 ") && line.contains(&format!(" {inode} ")),
            "{line}"
        );
        assert!(line.ends_with(scratch.as_str()), "{line}");
        assert!(maps.lines().any(|line| line.ends_with(" [stack]")));
        let exe = sys::directory::read_link("/proc/self/exe").expect("exe");
        let exe = String::from_utf8_lossy(&exe).into_owned();
        assert!(maps.lines().next().is_some_and(|line| line.ends_with(&exe)), "{exe}");
        unmap(start, 4);
    });
}

pub fn a_file_is_the_same_in_pieces_of_any_size() {
    as_program(|| {
        let whole = text("/proc/self/maps");
        for size in [1, 7, 64] {
            let opened = File::open("/proc/self/maps").expect("maps");
            let (mut all, mut piece) = (Vec::new(), [0; 64]);
            loop {
                match opened.read(&mut piece[..size]).expect("read") {
                    0 => break,
                    count => all.extend_from_slice(&piece[..count]),
                }
                // The heap grows while the text does.
                all.reserve(1 << 16);
            }
            let lines = String::from_utf8_lossy(&all).into_owned();
            assert_eq!(lines.lines().next(), whole.lines().next());
            assert!(lines.ends_with('\n') && lines.lines().all(|line| line.contains(" 0")));
        }
    });
}

/// Two that are read by turns show a text each; what was read to its end stays there.
pub fn an_open_file_has_a_text_of_its_own() {
    as_program(|| {
        let rest = |opened: &File| {
            let mut bytes = [0; 4096];
            let count = opened.read(&mut bytes).expect("read");
            String::from_utf8_lossy(&bytes[..count]).into_owned()
        };
        let open = || File::open("/proc/self/status").expect("status");
        let (first, second) = (open(), open());
        rename(c"short");
        assert_eq!(first.read(&mut [0; 8]), Ok(8));
        rename(c"a longer name");
        assert!(rest(&second).starts_with("Name:\ta longer name\nUmask"));
        let ending = rest(&first);
        assert!(ending.starts_with("ort\nUmask"), "{ending}");
        // It would be longer by now.
        assert_eq!((rest(&first), rest(&first), rest(&second)), Default::default());
        assert_eq!(first.seek(SeekFrom::Start(0)), Ok(0));
        assert!(rest(&first).starts_with("Name:\ta longer name\n"));
        assert_eq!(second.seek(SeekFrom::Start(6)), Ok(6));
        assert!(rest(&second).starts_with("a longer name\n"));
        // A file is open once, by however many descriptors and processes.
        assert_eq!(first.seek(SeekFrom::Start(0)), Ok(0));
        assert_eq!(first.read(&mut [0; 8]), Ok(8));
        rename(c"other");
        let shared = child::run(|| {
            assert!(rest(&first).starts_with("longer name\n"));
            0
        });
        assert_eq!(shared, Status::Exited(0));
        // Of what was read to its end the server keeps nothing.
        assert_eq!((rest(&first), rest(&second)), Default::default());
    });
}

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

pub fn rename(name: &CStr) {
    let name = sys::syscall::pointer(name.to_bytes_with_nul());
    assert_eq!(call!(prctl(PR_SET_NAME, name, 0, 0, 0)), Ok(0));
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

pub fn locked_pages_are_counted() {
    only_on_folio("Linux counts later");
    as_program(|| {
        let locked = || number(&text("/proc/meminfo"), "Mlocked");
        let before = locked();
        let start = map(16);
        assert_eq!(call!(mlock(start, 16 * PAGE)), Ok(0));
        assert_eq!(locked(), before + 64);
        assert_eq!(number(&text("/proc/self/status"), "VmLck"), 64);
        // Only those that are there.
        let later = map(8);
        assert_eq!(call!(mlock2(later, 8 * PAGE, MLOCK_ONFAULT)), Ok(0));
        assert_eq!((locked(), peek(later + PAGE)), (before + 64, 0));
        poke(later, 1);
        poke(later + 5 * PAGE, 1);
        assert_eq!(locked(), before + 72);
        assert_eq!(number(&text("/proc/self/status"), "VmLck"), 96);
        unmap(start, 16);
        unmap(later, 8);
        assert_eq!(locked(), before);
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

pub fn smaps_counts_what_was_touched() {
    as_program(|| {
        let start = free_range(8) + PAGE;
        assert_eq!(call!(mmap2(start, 6 * PAGE, RW, PRIVATE | MAP_FIXED, -1, 0)), Ok(start));
        poke(start, 1);
        poke(start + 3 * PAGE, 1);
        let paragraph = |smaps: &str| {
            let range = format!("{start:08x}-{:08x} ", start + 6 * PAGE);
            let at = smaps.find(&range).expect("the area");
            String::from(&smaps[at..])
        };
        let own = paragraph(&text("/proc/self/smaps"));
        assert_eq!((number(&own, "Size"), number(&own, "Rss"), number(&own, "Pss")), (24, 8, 8));
        assert_eq!((number(&own, "Private_Dirty"), number(&own, "Anonymous")), (8, 8));
        // A child shares them, until it writes.
        let shared = child::run(|| {
            let both = paragraph(&text("/proc/self/smaps"));
            assert_eq!((number(&both, "Rss"), number(&both, "Pss")), (8, 4));
            assert_eq!((number(&both, "Shared_Dirty"), number(&both, "Private_Dirty")), (8, 0));
            0
        });
        assert_eq!(shared, Status::Exited(0));
        let pagemap = File::open("/proc/self/pagemap").expect("pagemap");
        let mut words = [0; 48];
        let offset = i64::from(start / PAGE) * 8;
        assert_eq!(pagemap.read_at(&mut words, offset), Ok(48));
        let present: Vec<bool> = words.chunks(8).map(|word| word[7] & 0x80 != 0).collect();
        assert_eq!(present, [true, false, false, true, false, false]);
        assert_eq!(pagemap.read_at(&mut words[..4], offset), Err(Errno::EINVAL));
        unmap(start, 6);
    });
}

pub fn descriptors_have_links() {
    as_program(|| {
        let (scratch, opened) = Scratch::file("linked", b"hello");
        let link = |fd: i32| {
            let path = format!("/proc/self/fd/{fd}");
            let name = sys::directory::read_link(path).expect("a link");
            String::from_utf8_lossy(&name).into_owned()
        };
        assert_eq!(link(opened.fd().0), scratch.as_str());
        let (read, _write) = file::pipe().expect("pipe");
        let inode = read.stat().expect("stat").ino;
        assert_eq!(link(read.fd().0), format!("pipe:[{inode}]"));
        let info = text(&format!("/proc/self/fdinfo/{}", opened.fd().0));
        let position = opened.seek(SeekFrom::Current(0)).expect("seek");
        assert_eq!(number(&info.replace('\t', ""), "pos"), position);
        // Through the link it can be opened again.
        let again = file::read(format!("/proc/self/fd/{}", opened.fd().0)).expect("read");
        assert_eq!(again, b"hello");
        let name = format!("{}", opened.fd().0);
        let listed = sys::directory::entries("/proc/self/fd").expect("a list");
        assert!(listed.iter().any(|entry| entry.name == name.as_bytes()));
        assert_eq!(file::stat("/proc/self/fd/999").err(), Some(Errno::ENOENT));
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

/// Unlike a FIFO.
pub fn a_pipe_opened_by_its_descriptor_waits_for_nobody() {
    as_program(|| {
        let again = |file: &File, flags| {
            File::open_with(format!("/proc/self/fd/{}", file.fd().0), flags, 0)
        };
        let (reader, writer) = file::pipe().expect("pipe");
        writer.write_all(b"text").expect("write");
        drop(writer);
        let other = again(&reader, O_RDONLY).expect("without a writer");
        let mut bytes = [0; 8];
        assert_eq!((other.read(&mut bytes), other.read(&mut bytes)), (Ok(4), Ok(0)));
        let (reader, writer) = file::pipe().expect("pipe");
        drop(reader);
        assert!(again(&writer, O_WRONLY).is_ok() && again(&writer, O_WRONLY | O_NONBLOCK).is_ok());
    });
}

/// Whoever reads does not notice that the server dies.
pub fn a_server_that_dies_is_followed_by_another() {
    as_program(|| {
        only_on_folio("design §6, supervision");
        let server = || sys::service::list().find(|entry| entry.name.as_str() == "proc");
        let Some(old) = server() else { skip!("this archive has no proc service") };
        let before = text("/proc/self/maps");
        process::kill(old.pid.cast_signed(), SIGKILL).expect("kill");
        assert_eq!(text("/proc/self/maps").lines().next(), before.lines().next());
        let new = server().expect("the service");
        assert_ne!(new.pid, old.pid);
    });
}

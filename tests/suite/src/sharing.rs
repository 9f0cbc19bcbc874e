//! What processes that run programs of one library share, page by page, as `/proc` shows it.

use crate::child;
use crate::harness::only_on_folio;
use crate::procfs::{as_program, number, text};
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use sys::abi::file::{F_SETFL, O_NONBLOCK};
use sys::abi::signal::SIGKILL;
use sys::abi::statistics::{PAGE_EXCLUSIVE, PAGE_FILE, PAGE_FRAME, PAGE_PRESENT};
use sys::file::File;
use sys::io::{STDERR, STDOUT};
use sys::wait::Status;
use sys::{directory, process};

tests![a_librarys_text_is_divided_by_its_users, relocated_pages_are_private];

const PAGE: u32 = 4096;
const PAGE_KIB: u64 = 4;

/// Three programs that need `libsys.so`.
const PROGRAMS: [&str; 3] = ["/bin/shared-demo", "/bin/vmstat", "/bin/pmap"];

/// A pipe that takes nothing more: who writes to it waits.
fn full_pipe() -> (File, File) {
    let (read, write) = sys::file::pipe().expect("pipe");
    let fd = write.fd().0;
    assert_eq!(call!(fcntl64(fd, F_SETFL, O_NONBLOCK)), Ok(0));
    while write.write(&[0; 4096]).is_ok() {}
    assert_eq!(call!(fcntl64(fd, F_SETFL, 0)), Ok(0));
    (read, write)
}

/// Starts a program and waits until it is about to print something.
fn start(path: &str, output: &File) -> i32 {
    let pid = child::start(|| {
        for fd in [STDOUT, STDERR] {
            sys::file::duplicate_to(output.fd(), fd).expect("dup2");
        }
        let why = process::exec(path, &[path.as_bytes()], &[]);
        panic!("{path}: {why}");
    });
    loop {
        let program = directory::read_link(format!("/proc/{pid}/exe"));
        let program = program.unwrap_or_else(|why| panic!("{path} has ended: {why}"));
        if program == path.as_bytes() && text(&format!("/proc/{pid}/wchan")) == "sys_write" {
            return pid;
        }
        call!(sched_yield()).ok();
    }
}

/// An area of `libsys.so` in a process.
struct Part {
    /// Its line in `maps`, up to the rights.
    line: String,
    /// What `pagemap` says of its pages.
    words: Vec<u64>,
    /// Its paragraph in `smaps`, from the name on.
    figures: String,
}

impl Part {
    fn kib(&self, name: &str) -> u64 {
        number(&self.figures, name)
    }

    fn present(&self) -> impl Iterator<Item = u64> {
        self.words.iter().copied().filter(|word| is_present(*word))
    }

    /// Its frames that are no file's.
    fn private(&self) -> impl Iterator<Item = u64> {
        self.present().filter(|word| word & PAGE_FILE == 0)
    }
}

fn is_present(word: u64) -> bool {
    word & PAGE_PRESENT != 0
}

fn words(pid: i32, start: u32, end: u32) -> Vec<u64> {
    let mut bytes = vec![0; ((end - start) / PAGE * 8) as usize];
    let pagemap = File::open(format!("/proc/{pid}/pagemap")).expect("pagemap");
    assert_eq!(pagemap.read_at(&mut bytes, i64::from(start / PAGE) * 8), Ok(bytes.len()));
    let (words, _) = bytes.as_chunks();
    words.iter().map(|word| u64::from_le_bytes(*word)).collect()
}

fn parts(pid: i32) -> Vec<Part> {
    let (maps, smaps) = (text(&format!("/proc/{pid}/maps")), text(&format!("/proc/{pid}/smaps")));
    let own = maps.lines().filter(|line| line.ends_with("/libsys.so"));
    let parts: Vec<Part> = own
        .map(|line| {
            let address = |text: &str| u32::from_str_radix(text, 16).expect("an address");
            let (start, end) = (address(&line[..8]), address(&line[9..17]));
            let (_, figures) = smaps.split_once(line).expect("the area in smaps");
            let (line, figures) = (line[..22].into(), figures.into());
            Part { line, words: words(pid, start, end), figures }
        })
        .collect();
    assert!(!parts.is_empty(), "{pid} has no libsys.so");
    parts
}

/// Sees to it that the text of these processes, which are all that have it, is shared.
fn check_text(pids: &[i32]) {
    let texts: Vec<Part> = pids
        .iter()
        .map(|pid| parts(*pid).into_iter().find(|part| part.line.ends_with(" r-xp")))
        .collect::<Option<_>>()
        .expect("libsys.so has text");
    let pages = texts[0].words.len();
    assert!(texts.iter().all(|text| text.words.len() == pages));
    let users: Vec<u64> = (0..pages)
        .map(|page| {
            let words = texts.iter().map(|text| text.words[page]);
            assert!(words.clone().all(|word| word == 0 || word & PAGE_FILE != 0), "page {page}");
            let mut present = words.filter(|word| is_present(*word));
            let Some(first) = present.next() else { return 0 };
            present.fold(1, |users, word| {
                assert_eq!(word & PAGE_FRAME, first & PAGE_FRAME, "page {page}");
                users + 1
            })
        })
        .collect();
    assert!(users.contains(&(pids.len() as u64)), "all use some page");
    assert!(users.contains(&0), "nobody uses all of a library");

    for text in &texts {
        let own = users.iter().zip(&text.words).filter(|(_, word)| is_present(**word));
        let own: Vec<u64> = own.map(|(users, _)| *users).collect();
        let alone = own.iter().filter(|users| **users == 1).count() as u64;
        let (resident, shared) = (own.len() as u64, own.len() as u64 - alone);
        assert_eq!(text.kib("Rss"), resident * PAGE_KIB);
        assert_eq!(text.kib("Shared_Clean"), shared * PAGE_KIB);
        assert_eq!(text.kib("Private_Clean"), alone * PAGE_KIB);
        // 4 KiB by the number of those that have the page; Linux's fractions of a byte have 12 bits.
        let proportional: u64 = own.iter().map(|users| (u64::from(PAGE) << 12) / users).sum();
        assert_eq!(text.kib("Pss"), proportional >> 22);
        for none in ["Shared_Dirty", "Private_Dirty", "Anonymous", "Swap"] {
            assert_eq!(text.kib(none), 0, "{none}");
        }
        for (word, users) in text.words.iter().zip(&users).filter(|(word, _)| is_present(**word)) {
            assert_eq!(word & PAGE_EXCLUSIVE != 0, *users == 1);
        }
    }
}

/// Starts three programs that wait for somebody to read what they print.
fn three() -> ((File, File), [i32; 3]) {
    for path in PROGRAMS {
        sys::file::stat(path).unwrap_or_else(|why| panic!("{path}: {why}"));
    }
    let pipe = full_pipe();
    let pids = PROGRAMS.map(|path| start(path, &pipe.1));
    (pipe, pids)
}

fn end(pid: i32) {
    process::kill(pid, SIGKILL).expect("kill");
    assert_eq!(child::wait(pid), Status::Signaled(SIGKILL));
}

pub fn a_librarys_text_is_divided_by_its_users() {
    only_on_folio("figures of the page cache (abi::statistics)");
    as_program(|| {
        let (_pipe, pids) = three();
        for left in (1..=pids.len()).rev() {
            check_text(&pids[..left]);
            end(pids[left - 1]);
        }
    });
}

pub fn relocated_pages_are_private() {
    only_on_folio("figures of the page cache (abi::statistics)");
    as_program(|| {
        let (_pipe, pids) = three();
        let mut own = Vec::new();
        for pid in pids {
            let before = own.len();
            for part in parts(pid) {
                for word in part.private() {
                    assert_ne!(word & PAGE_EXCLUSIVE, 0, "{}: another has it too", part.line);
                    own.push(word & PAGE_FRAME);
                }
                let private = part.private().count() as u64 * PAGE_KIB;
                assert_eq!(part.kib("Anonymous"), private, "{}", part.line);
                assert_eq!(part.kib("Private_Dirty"), private, "{}", part.line);
                assert_eq!(part.kib("Rss"), part.present().count() as u64 * PAGE_KIB);
                let may_be = part.line.ends_with(" rw-p") || part.line.ends_with(" r--p");
                assert!(private == 0 || may_be, "{}", part.line);
            }
            assert!(own.len() > before, "some page was relocated");
        }
        own.sort_unstable();
        assert!(own.windows(2).all(|pair| pair[0] != pair[1]));
        pids.into_iter().for_each(end);
    });
}

//! What processes that run programs of one library share, page by page.

use crate::child;
use crate::harness::only_on_folio;
use alloc::vec::Vec;
use sys::abi::file::{F_SETFL, O_NONBLOCK};
use sys::abi::signal::SIGKILL;
use sys::abi::statistics::*;
use sys::file::File;
use sys::io::{STDERR, STDOUT};
use sys::process;
use sys::statistics::{Asker, StatisticsRight};
use sys::wait::Status;

const PAGE: u32 = 4096;
/// VM_WRITE and VM_EXEC.
const WRITE: u32 = 2;
const EXEC: u32 = 4;
/// The number of `write`.
const WRITE_CALL: u32 = 4;

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
fn start(asker: Asker, path: &str, output: &File) -> i32 {
    let pid = child::start(|| {
        for fd in [STDOUT, STDERR] {
            sys::file::duplicate_to(output.fd(), fd).expect("dup2");
        }
        let arguments = [path.as_bytes()];
        let why = process::exec(path, &arguments, &[]);
        panic!("{path}: {why}");
    });
    loop {
        let mut threads = [ThreadStatistics::default()];
        assert_eq!(asker.threads(pid, 0, &mut threads), Ok(1), "{path} has ended");
        let [thread] = threads;
        let is_program = asker.path(pid, PATH_EXECUTABLE, 0).is_ok_and(|it| it == path.as_bytes());
        if is_program && (thread.entry, thread.call) == (0x80, WRITE_CALL) {
            return pid;
        }
        call!(sched_yield()).ok();
    }
}

/// An area of `libsys.so` and the words of its pages.
struct Part {
    area: AreaStatistics,
    words: Vec<u64>,
}

/// The areas of `libsys.so` in a process that have these flags of VM_WRITE and VM_EXEC.
fn parts(asker: Asker, pid: i32, wanted: u32) -> Vec<Part> {
    let mut areas = [AreaStatistics::default(); 64];
    let count = asker.areas(pid, 0, &mut areas).expect("areas");
    let mut parts = Vec::new();
    for area in areas.iter().take(count).filter(|area| area.inode != 0) {
        let path = asker.path(pid, PATH_AREA, area.start).expect("a path");
        if area.flags & (WRITE | EXEC) == wanted && path.ends_with(b"/libsys.so") {
            let mut words = Vec::new();
            words.resize(((area.end - area.start) / PAGE) as usize, 0);
            let first = area.start / PAGE;
            assert_eq!(asker.page_words(pid, first, &mut words), Ok(words.len()));
            parts.push(Part { area: *area, words });
        }
    }
    parts
}

fn is_present(word: u64) -> bool {
    word & PAGE_PRESENT != 0
}

pub fn text_is_shared_and_what_is_relocated_is_not() {
    only_on_folio("design §5, the page cache");
    if PROGRAMS.iter().any(|path| sys::file::stat(path).is_err()) {
        skip!("this archive has no shared programs");
    }
    let right = StatisticsRight::new().expect("the right");
    let asker = right.asker();
    let (_read, write) = full_pipe();
    let pids = PROGRAMS.map(|path| start(asker, path, &write));

    let texts: Vec<Part> = pids
        .iter()
        .map(|pid| parts(asker, *pid, EXEC).pop().expect("libsys.so has text"))
        .collect();
    let pages = texts[0].words.len();
    let mut absent = 0;
    for page in 0..pages {
        let words: Vec<u64> = texts.iter().map(|text| text.words[page]).collect();
        let mut present = words.iter().filter(|word| is_present(**word));
        match present.next() {
            None => absent += 1,
            Some(first) => {
                assert!(present.all(|word| word & PAGE_FRAME == first & PAGE_FRAME), "page {page}");
            }
        }
        assert!(words.iter().all(|word| *word == 0 || word & PAGE_FILE != 0), "page {page}");
    }
    let shared = (0..pages).filter(|page| texts.iter().all(|text| is_present(text.words[*page])));
    assert!(shared.count() > 0, "all three use some page");
    assert!(absent > 0, "nobody uses all of a library");

    for (pid, text) in pids.iter().zip(&texts) {
        assert_eq!(text.words.len(), pages);
        let usage = asker.area_usage(*pid, text.area.start).expect("usage");
        let resident = text.words.iter().filter(|word| is_present(**word)).count() as u64;
        assert_eq!({ usage.resident }, resident * u64::from(PAGE));
        let mut proportional = 0;
        for page in (0..pages).filter(|page| is_present(text.words[*page])) {
            let users = texts.iter().filter(|text| is_present(text.words[page])).count() as u64;
            proportional += (u64::from(PAGE) << 12) / users;
        }
        assert_eq!({ usage.proportional }, proportional, "each page is divided by its users");
        assert_eq!(({ usage.private_dirty }, { usage.anonymous }), (0, 0));
    }

    let mut own = Vec::new();
    for pid in pids {
        // Data that can be written, and what could until the dynamic linker was done with it.
        let data = parts(asker, pid, WRITE).into_iter().chain(parts(asker, pid, 0));
        let words: Vec<u64> = data.flat_map(|part| part.words).collect();
        let private = words.into_iter().filter(|word| is_present(*word) && word & PAGE_FILE == 0);
        let before = own.len();
        for word in private {
            assert_ne!(word & PAGE_EXCLUSIVE, 0, "a relocated page is nobody else's");
            own.push(word & PAGE_FRAME);
        }
        assert!(own.len() > before, "some page was relocated");
    }
    own.sort_unstable();
    assert!(own.windows(2).all(|pair| pair[0] != pair[1]));

    for pid in pids {
        process::kill(pid, SIGKILL).expect("kill");
        assert_eq!(child::wait(pid), Status::Signaled(SIGKILL));
    }
}

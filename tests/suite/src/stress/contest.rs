//! Threads that access pages while others take the same pages away.
//!
//! Nobody waits for anybody: an access may find anything that was there at some time during it. If
//! nobody changed the page meanwhile it has to end exactly as the page's rights say, contents that
//! were given up stay away, and what a thread wrote is there. In shared memory, whose contents last,
//! each thread counts in words of its own and always knows them.

use super::access::{self, Outcome};
use super::place::{At, BASE, COLUMN, COLUMNS, Kind, PAGES, Rights, THREADS, WRITTEN, written};
use super::{goes_on, let_work};
use crate::child;
use crate::fault::{PAGE, PRIVATE, RW, unmap};
use crate::fuzz::Random;
use crate::scratch::Scratch;
use crate::threads::{Thread, spawn, word};
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering::SeqCst};
use core::time::Duration;
use sys::Errno;
use sys::abi::memory::*;
use sys::abi::signal::BUS_ADRERR;
use sys::abi::{UserMutPtr, UserPtr};
use sys::file::File;
use sys::time::sleep;
use sys::wait::Status;

/// Threads that change things.
const CHANGERS: usize = 2;

/// Descriptors of the two files, the private one first.
static FILES: [AtomicI32; 2] = [const { AtomicI32::new(-1) }; 2];
/// Where the shared anonymous memory always is.
static HOME: AtomicU32 = AtomicU32::new(0);
/// Shared memory: how often children counted in each page of a shared kind.
static CHILDREN: AtomicU32 = AtomicU32::new(0);
/// How often threads counted in their words of the pages of a shared kind.
static COUNTED: [[[AtomicU32; PAGES as usize]; THREADS + 1]; 2] =
    [const { [const { [const { AtomicU32::new(0) }; PAGES as usize] }; THREADS + 1] }; 2];
/// Who changes something holds the kind's.
static LOCKS: [AtomicBool; 4] = [const { AtomicBool::new(false) }; 4];
/// Accesses, refused ones, changes, forks.
static DONE: [AtomicU32; 4] = [const { AtomicU32::new(0) }; 4];

fn done(what: usize) {
    DONE[what].fetch_add(1, SeqCst);
}

/// `SharedAnonymous` and `SharedFile` among the shared ones.
fn shared_index(kind: Kind) -> usize {
    kind as usize - Kind::SharedAnonymous as usize
}

/// A thread that accesses.
struct Visitor {
    thread: usize,
    random: Random,
    /// What it wrote last, by kind, column and page: the life it was in, and the stamp.
    own: [[[(u32, u32); PAGES as usize]; COLUMNS as usize]; 2],
    /// A file with one word, for having the kernel make the access.
    word: File,
}

impl Visitor {
    fn own(&mut self, at: At, column: u32) -> &mut (u32, u32) {
        &mut self.own[at.kind as usize][column as usize][at.page as usize]
    }

    fn load(&mut self, address: u32) -> Outcome {
        if self.random.below(8) != 0 {
            return access::load(address);
        }
        match call!(pwrite64(self.word.fd().0, UserPtr::new(address), 4, 0)) {
            Ok(4) => {}
            // No reason is given.
            Err(Errno::EFAULT) => return access::load(address),
            other => panic!("pwrite64 at {address:#x}: {other:?}"),
        }
        let mut value = [0; 4];
        assert_eq!(self.word.read_at(&mut value, 0), Ok(4));
        Ok(u32::from_le_bytes(value))
    }

    fn store(&mut self, address: u32, value: u32) -> Outcome {
        if self.random.below(8) != 0 {
            return access::store(address, value);
        }
        assert_eq!(self.word.write_at(&value.to_le_bytes(), 0), Ok(4));
        match call!(pread64(self.word.fd().0, UserMutPtr::new(address), 4, 0)) {
            Ok(4) => Ok(value),
            Err(Errno::EFAULT) => access::store(address, value),
            other => panic!("pread64 at {address:#x}: {other:?}"),
        }
    }

    /// Reads the word of any thread in a private page.
    fn look(&mut self, at: At) {
        let thread = 1 + self.random.below(THREADS as u32) as usize;
        let before = at.place().view(thread);
        let outcome = self.load(at.word(thread));
        let view = at.place().confirm(before);
        view.rights().check(outcome, false, at);
        let Ok(value) = outcome else { return done(1) };
        at.check(value, thread, view.floor());
        if thread != self.thread || view.rights() == Rights::Changing {
            return;
        }
        let here = |own: &(u32, u32)| own.0 == view.life;
        if let Some((_, stamp)) = [0, 1].map(|column| *self.own(at, column)).into_iter().find(here)
        {
            assert_eq!(value, stamp, "{at:?}: a store is lost");
        }
    }

    /// Writes to its word in a private page.
    fn write(&mut self, at: At) {
        let place = at.place();
        let before = place.view(self.thread);
        let number = (WRITTEN[self.thread].load(SeqCst) + 1) & 0xff_ffff;
        let stamp = at.stamp(self.thread, number);
        let outcome = self.store(at.word(self.thread), stamp);
        WRITTEN[self.thread].store(number, SeqCst);
        let view = place.confirm(before);
        view.rights().check(outcome, true, at);
        if outcome.is_err() {
            return done(1);
        }
        // Contents that were moved here have been written to there.
        let there = self.own(at, at.column ^ 1);
        if there.0 == view.life || view.rights() == Rights::Changing {
            *there = (0, 0);
        }
        let is_known = view.rights() != Rights::Changing;
        *self.own(at, at.column) = if is_known { (view.life, stamp) } else { (0, 0) };
    }

    /// Counts, or sees what was counted, in its word of a shared page.
    fn count(&mut self, at: At) {
        let counted = &COUNTED[shared_index(at.kind)][self.thread][at.page as usize];
        let is_write = self.random.below(2) == 0;
        let before = at.place().view(self.thread);
        let address = at.word(self.thread);
        let outcome = if is_write { access::count(address) } else { self.load(address) };
        at.place().confirm(before).rights().check(outcome, is_write, at);
        match outcome {
            Ok(value) => assert_eq!(value, counted.load(SeqCst), "{at:?}: counts are lost"),
            Err(_) => return done(1),
        }
        if is_write {
            counted.fetch_add(1, SeqCst);
        }
    }

    fn step(&mut self) {
        let at = any(&mut self.random);
        match self.random.below(2) {
            _ if at.kind.is_shared() => self.count(at),
            0 => self.look(at),
            _ => self.write(at),
        }
        done(0);
        if self.random.below(32) == 0 {
            call!(sched_yield()).expect("sched_yield");
        }
    }
}

fn any(random: &mut Random) -> At {
    let kind = Kind::ALL[random.below(4) as usize];
    At { kind, column: random.below(COLUMNS), page: random.below(PAGES) }
}

extern "C" fn visits(thread: u32) -> i32 {
    let (_name, word) = Scratch::file(["", "a", "b", "c"][thread as usize], &[0; 4]);
    let mut visitor = Visitor {
        thread: thread as usize,
        random: Random(0x9e37_79b9_u32.wrapping_mul(thread)),
        own: [[[(0, 0); PAGES as usize]; COLUMNS as usize]; 2],
        word,
    };
    while goes_on() {
        visitor.step();
    }
    0
}

/// A column of a kind that this thread may change.
struct Changer<'a> {
    kind: Kind,
    column: u32,
    random: &'a mut Random,
}

/// Pages in a row: the first, and how many.
type Run = (u32, u32);

fn places(kind: Kind, column: u32, run: Run) -> impl Iterator<Item = At> {
    (run.0..run.0 + run.1).map(move |page| At { kind, column, page })
}

impl Changer<'_> {
    fn at(&self, page: u32) -> At {
        At { kind: self.kind, column: self.column, page }
    }

    fn range(&mut self) -> Run {
        let first = self.random.below(PAGES);
        (first, 1 + self.random.below(PAGES - first))
    }

    /// Pages with the same rights; none if nothing is mapped where it looked.
    fn alike(&mut self) -> Option<(Run, Rights)> {
        let first = self.random.below(PAGES);
        let rights = |page| self.at(page).place().rights();
        let wanted = rights(first);
        let end = (first..PAGES).find(|&page| rights(page) != wanted).unwrap_or(PAGES);
        let count = 1 + self.random.below(end - first);
        (wanted != Rights::Absent).then_some(((first, count), wanted))
    }

    /// Makes a change after which the pages have those rights, and other contents if it `ends` the
    /// ones there are.
    fn change(&self, run: Run, rights: Rights, ends: bool, call: impl FnOnce(u32, u32)) {
        let places = || places(self.kind, self.column, run);
        places().for_each(|at| _ = at.place().open());
        let floors = written();
        call(self.at(run.0).address(), run.1 * PAGE);
        for at in places() {
            if ends {
                at.place().begin(floors);
            }
            at.place().close(rights);
        }
    }

    fn map(&mut self) {
        let run = self.range();
        let kind = self.kind;
        let is_writable = kind == Kind::SharedAnonymous || self.random.below(4) != 0;
        let (rights, protection) =
            if is_writable { (Rights::Write, RW) } else { (Rights::Read, PROT_READ) };
        self.change(run, rights, true, |start, bytes| {
            let file = |index: usize| FILES[index].load(SeqCst);
            let map = |flags, fd, offset| {
                call!(mmap2(start, bytes, protection, flags | MAP_FIXED, fd, offset))
            };
            let mapped = match kind {
                Kind::Anonymous => map(PRIVATE, -1, 0),
                Kind::PrivateFile => map(MAP_PRIVATE, file(0), run.0),
                Kind::SharedFile => map(MAP_SHARED, file(1), run.0),
                // A length of 0 leaves the old mapping as it is.
                Kind::SharedAnonymous => {
                    let home = HOME.load(SeqCst) + run.0 * PAGE;
                    call!(mremap(home, 0, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, start))
                }
            };
            assert_eq!(mapped, Ok(start));
        });
    }

    fn unmap(&mut self) {
        let run = self.range();
        self.change(run, Rights::Absent, true, |start, bytes| {
            assert_eq!(call!(munmap(start, bytes)), Ok(0));
        });
    }

    fn protect(&mut self) {
        let Some((run, _)) = self.alike() else { return };
        let (rights, protection) = [
            (Rights::None, PROT_NONE),
            (Rights::Read, PROT_READ),
            (Rights::Write, RW),
            (Rights::Write, RW),
        ][self.random.below(4) as usize];
        self.change(run, rights, false, |start, bytes| {
            assert_eq!(call!(mprotect(start, bytes, protection)), Ok(0));
        });
    }

    fn advise(&mut self) {
        let Some((run, rights)) = self.alike() else { return };
        let advice = [MADV_DONTNEED, MADV_WILLNEED][self.random.below(2) as usize];
        self.change(run, rights, advice == MADV_DONTNEED, |start, bytes| {
            assert_eq!(call!(madvise(start, bytes, advice)), Ok(0));
            assert_eq!(call!(msync(start, bytes, MS_SYNC)), Ok(0));
        });
    }

    /// To the same pages of the other column.
    fn relocate(&mut self) {
        let Some((run, rights)) = self.alike() else { return };
        let other = self.column ^ 1;
        let both = || places(self.kind, self.column, run).zip(places(self.kind, other, run));
        both().for_each(|(from, to)| _ = (from.place().open(), to.place().open()));
        let (bytes, from) = (run.1 * PAGE, self.at(run.0).address());
        let to = At { column: other, ..self.at(run.0) }.address();
        let flags = MREMAP_MAYMOVE | MREMAP_FIXED;
        let moved = call!(mremap(from, bytes, bytes, flags, to));
        let is_moved = match moved {
            Ok(at) if at == to => true,
            // More than one area; what was mapped there may be gone.
            Err(Errno::EFAULT) => {
                unmap(to, run.1);
                false
            }
            other => panic!("mremap: {other:x?}"),
        };
        for (from, to) in both() {
            if is_moved {
                to.place().receive(from.place());
                to.place().close(rights);
                from.place().close(Rights::Absent);
            } else {
                from.place().close(rights);
                to.place().close(Rights::Absent);
            }
        }
    }

    /// Cuts the file, which takes private copies away too, and makes it as long again.
    fn truncate(&mut self) {
        if self.kind != Kind::PrivateFile {
            return;
        }
        let first = self.random.below(PAGES);
        let rights: Vec<(At, Rights)> = (0..COLUMNS)
            .flat_map(|column| places(self.kind, column, (first, PAGES - first)))
            .map(|at| (at, at.place().open()))
            .collect();
        let floors = written();
        let fd = FILES[0].load(SeqCst);
        assert_eq!(call!(ftruncate64(fd, (first * PAGE).into())), Ok(0));
        assert_eq!(call!(ftruncate64(fd, COLUMN.into())), Ok(0));
        for (at, rights) in rights {
            at.place().begin(floors);
            at.place().close(rights);
        }
    }

    fn step(&mut self) {
        match self.random.below(16) {
            0..5 => self.map(),
            5..7 => self.unmap(),
            7..10 => self.protect(),
            10..12 => self.advise(),
            12..15 => self.relocate(),
            _ => self.truncate(),
        }
        done(2);
    }
}

extern "C" fn changes(seed: u32) -> i32 {
    let mut random = Random(seed);
    while goes_on() {
        let At { kind, column, .. } = any(&mut random);
        let lock = &LOCKS[kind as usize];
        if !lock.swap(true, SeqCst) {
            Changer { kind, column, random: &mut random }.step();
            lock.store(false, SeqCst);
        }
        call!(sched_yield()).expect("sched_yield");
    }
    0
}

/// A child finds all as it was, and what it writes is its own, but in shared memory; and files are
/// cut under it.
fn child() -> i32 {
    let everywhere = Kind::ALL
        .into_iter()
        .flat_map(|kind| (0..COLUMNS).flat_map(move |column| places(kind, column, (0, PAGES))));
    for at in everywhere {
        let rights = at.place().rights();
        let check = |outcome: Outcome, is_write| {
            if at.kind != Kind::PrivateFile || outcome != Err(BUS_ADRERR) {
                rights.check(outcome, is_write, at);
            }
        };
        if at.kind.is_shared() {
            let outcome = access::count(at.word(0));
            check(outcome, true);
            if outcome.is_ok() {
                children(at.kind, at.page).fetch_add(1, SeqCst);
            }
            continue;
        }
        for thread in 1..=THREADS {
            let outcome = access::load(at.word(thread));
            check(outcome, false);
            if let Ok(value) = outcome {
                at.check(value, thread, at.place().view(thread).floor());
            }
        }
        let stamp = at.stamp(0, 1);
        let outcome = access::store(at.word(0), stamp);
        check(outcome, true);
        if outcome.is_ok() && at.kind == Kind::Anonymous {
            assert_eq!(access::load(at.word(0)), Ok(stamp), "{at:?}");
        } else if outcome.is_err()
            && let Ok(value) = access::load(at.word(0))
        {
            // No child's.
            at.check(value, 0, Some(1));
        }
    }
    0
}

fn children(kind: Kind, page: u32) -> &'static AtomicU32 {
    word(CHILDREN.load(SeqCst) + (shared_index(kind) as u32 * PAGES + page) * 4)
}

extern "C" fn forks(_: u32) -> i32 {
    while goes_on() {
        assert_eq!(child::run(child), Status::Exited(0));
        done(3);
        sleep(Duration::from_millis(1));
    }
    0
}

/// A file whose pages are full of what says which they are.
fn file(name: &str, word_of_page: impl Fn(u32) -> u32) -> File {
    let (_name, file) = Scratch::file(name, &[]);
    for page in 0..PAGES {
        let words = [word_of_page(page).to_le_bytes(); PAGE as usize / 4];
        file.write_all(words.as_flattened()).expect("write");
    }
    file
}

fn map_shared(bytes: u32, fd: i32) -> u32 {
    let anonymous = if fd < 0 { MAP_ANONYMOUS } else { 0 };
    call!(mmap2(0, bytes, RW, MAP_SHARED | anonymous, fd, 0)).expect("mmap2")
}

pub fn pages_change_while_threads_access_them() {
    let private = file("private", |page| At { kind: Kind::PrivateFile, column: 0, page }.content());
    let shared = file("shared", |_| 0);
    FILES[0].store(private.fd().0, SeqCst);
    FILES[1].store(shared.fd().0, SeqCst);
    HOME.store(map_shared(COLUMN, -1), SeqCst);
    CHILDREN.store(map_shared(PAGE, -1), SeqCst);
    access::expect_faults();
    let visitors: [Thread; THREADS] = core::array::from_fn(|index| spawn(visits, index as u32 + 1));
    let changers: [Thread; CHANGERS] =
        core::array::from_fn(|index| spawn(changes, 0x85eb_ca6b >> index));
    let forker = spawn(forks, 0);
    let_work();
    visitors.into_iter().chain(changers).chain([forker]).for_each(Thread::join);

    let [accesses, refused, changes, forks] = DONE.each_ref().map(|done| done.load(SeqCst));
    let enough = accesses > 1000 && refused > 100 && changes > 50 && forks > 0;
    assert!(enough, "{accesses} accesses, {refused} refused, {changes} changes, {forks} forks");
    let homes = [HOME.load(SeqCst), map_shared(COLUMN, shared.fd().0)];
    for (kind, home) in [Kind::SharedAnonymous, Kind::SharedFile].into_iter().zip(homes) {
        let here = At { kind, column: 0, page: 0 };
        for page in 0..PAGES {
            for (thread, of_thread) in COUNTED[shared_index(kind)].iter().enumerate() {
                let of_thread = &of_thread[page as usize];
                let counted = if thread == 0 { children(kind, page) } else { of_thread };
                let offset = here.word(thread) - here.address() + page * PAGE;
                let found = word(home + offset).load(SeqCst);
                assert_eq!(found, counted.load(SeqCst), "{kind:?}, page {page}: counts are lost");
            }
        }
        unmap(home, PAGES);
    }
    unmap(CHILDREN.load(SeqCst), 1);
    unmap(BASE, 4 * COLUMNS * PAGES);
}

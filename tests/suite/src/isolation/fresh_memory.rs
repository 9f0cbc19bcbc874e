//! Memory that a program gets: nothing of what others had in it.

use super::end::End;
use super::secrets::{SECRET, SECRET_BYTE, leave_secrets, secrets_come_back};
use super::table::Table;
use crate::fault::*;
use crate::harness::on_folio;
use crate::scratch::Scratch;
use sys::abi::file::O_RDWR;
use sys::abi::memory::*;
use sys::file::File;
use sys::ipc::Frames;
use sys::syscall::pointer;

const PAGES: u32 = 64;

/// The first word of pages that is not 0.
fn first_word(start: u32, pages: u32) -> End {
    let mut words = (start..start + pages * PAGE).step_by(4);
    words.find(|address| peek_word(*address) != 0).map_or(End::Nothing, End::Through)
}

fn mapped(protection: u32, flags: u32) -> u32 {
    call!(mmap2(0, PAGES * PAGE, protection, flags, -1, 0)).expect("mmap2")
}

/// Without writing first: what reads alone find.
fn read_only() -> End {
    first_word(mapped(PROT_READ, PRIVATE), PAGES)
}

/// A write brings a frame; the rest of it is looked at.
fn written() -> End {
    let start = map(PAGES);
    (0..PAGES).for_each(|page| poke_word(start + page * PAGE, 0));
    first_word(start, PAGES)
}

fn of_brk() -> End {
    let end = call!(brk(0)).expect("brk").next_multiple_of(PAGE);
    assert_eq!(call!(brk(end + PAGES * PAGE)), Ok(end + PAGES * PAGE));
    (0..PAGES).for_each(|page| poke_word(end + page * PAGE, 0));
    first_word(end, PAGES)
}

/// Far below what has been used.
fn of_the_stack() -> End {
    let here = core::hint::black_box([0_u32; 4]);
    let start = (pointer(here.as_slice()) & !(PAGE - 1)) - 2 * PAGES * PAGE;
    (0..PAGES).rev().for_each(|page| poke_word(start + page * PAGE, 0));
    first_word(start, PAGES)
}

fn shared() -> End {
    let start = mapped(RW, MAP_SHARED | MAP_ANONYMOUS);
    (0..PAGES).for_each(|page| poke_word(start + page * PAGE, 0));
    first_word(start, PAGES)
}

fn populated() -> End {
    first_word(mapped(RW, PRIVATE | MAP_POPULATE), PAGES)
}

fn grown_by_mremap() -> End {
    let start = map(1);
    let start = call!(mremap(start, PAGE, PAGES * PAGE, MREMAP_MAYMOVE, 0)).expect("mremap");
    (0..PAGES).for_each(|page| poke_word(start + page * PAGE, 0));
    first_word(start, PAGES)
}

fn given_up_and_taken_again() -> End {
    let start = map(PAGES);
    (0..PAGES).for_each(|page| poke_word(start + page * PAGE + 64, SECRET));
    call!(madvise(start, PAGES * PAGE, MADV_DONTNEED)).expect("madvise");
    (0..PAGES).for_each(|page| poke_word(start + page * PAGE, 0));
    first_word(start, PAGES)
}

fn new_file(name: &str, contents: &[u8]) -> (Scratch, File) {
    let (name, _) = Scratch::file(name, contents);
    let file = File::open_with(name.as_str(), O_RDWR, 0).expect("open");
    (name, file)
}

fn behind_the_end_of_a_file() -> End {
    let (_name, file) = new_file("isolation-tail", &[0; 10]);
    first_word(map_file(&file, 1, RW, MAP_SHARED, 0), 1)
}

fn in_the_holes_of_a_file() -> End {
    let (_name, file) = new_file("isolation-hole", b"");
    call!(ftruncate64(file.fd().0, u64::from(PAGES * PAGE).cast_signed())).expect("ftruncate64");
    let mut bytes = [1; PAGE as usize];
    for page in 0..PAGES {
        file.read_at(&mut bytes, i64::from(page * PAGE)).expect("pread64");
        if bytes.iter().any(|byte| *byte != 0) {
            return End::Through(page);
        }
    }
    // One byte written, and the frame is there.
    file.write_at(b"\0", 100).expect("pwrite64");
    first_word(map_file(&file, PAGES, PROT_READ, MAP_SHARED, 0), PAGES)
}

fn in_a_file_that_was_cut_and_grows() -> End {
    let (_name, file) = new_file("isolation-cut", &[SECRET_BYTE; 3 * PAGE as usize]);
    let start = map_file(&file, 3, RW, MAP_SHARED, 0);
    for length in [12, i64::from(3 * PAGE)] {
        call!(ftruncate64(file.fd().0, length)).expect("ftruncate64");
    }
    (0..3).for_each(|word| poke_word(start + word * 4, 0));
    first_word(start, 3)
}

/// A writer leaves bytes behind the end by a mapping: who makes the file longer does not find them.
fn left_behind_the_end(grow: fn(&File)) -> End {
    let (_name, file) = new_file("isolation-behind", &[0; 8]);
    let start = map_file(&file, 1, RW, MAP_SHARED, 0);
    poke_word(start + 100, SECRET);
    grow(&file);
    let mut bytes = [1; 4096];
    assert_eq!(file.read_at(&mut bytes, 0), Ok(4096));
    bytes.iter().position(|byte| *byte != 0).map_or(End::Nothing, |at| End::Through(at as u32))
}

fn behind_the_end_when_it_is_moved() -> End {
    left_behind_the_end(|file| {
        call!(ftruncate64(file.fd().0, 4096)).expect("ftruncate64");
    })
}

fn behind_the_end_when_it_is_passed() -> End {
    left_behind_the_end(|file| {
        file.write_at(&[0], 4095).expect("pwrite64");
    })
}

/// A file that was there before anybody wrote to one: what follows it where it was loaded from is
/// another one.
fn behind_a_program() -> End {
    let lengths = ["/bin/suite", "/bin/hello", "/proc/self/exe"].into_iter().filter_map(|path| {
        let file = File::open(path).ok()?;
        let length = file.stat().ok()?.size as u32;
        (!length.is_multiple_of(PAGE)).then_some((file, length))
    });
    let (file, length) = lengths.into_iter().next().expect("a program that is no whole pages");
    let page = map_file(&file, 1, PROT_READ, MAP_PRIVATE, length / PAGE);
    let mut behind = (page + length % PAGE..page + PAGE).map(peek);
    behind.any(|byte| byte != 0).into()
}

/// A read gets what was written, and not the rest of the buffer's page.
fn behind_what_a_pipe_holds() -> End {
    let (read, write) = sys::file::pipe().expect("pipe2");
    write.write_all(b"x").expect("write");
    let mut bytes = [7; 4096];
    let count = read.read(&mut bytes);
    (count != Ok(1) || bytes[1..].iter().any(|byte| *byte != 7)).into()
}

fn of_frames() -> End {
    let frames = Frames::new(PAGES).expect("frames");
    let mapping = frames.map(0, PAGES, false).expect("map");
    first_word(mapping.as_mut_ptr() as u32, PAGES)
}

type Look = fn() -> End;

const ROWS: [(&str, &str, Look); 16] = [
    ("anonymous memory, read first", "the zero page", read_only),
    ("anonymous memory, written first", "cleared by the fault", written),
    ("memory of brk", "cleared by the fault", of_brk),
    ("the stack, grown", "cleared by the fault", of_the_stack),
    ("shared memory", "cleared when it comes into the object", shared),
    ("memory with MAP_POPULATE", "cleared", populated),
    ("memory that mremap made larger", "cleared by the fault", grown_by_mremap),
    ("memory after MADV_DONTNEED", "cleared by the fault", given_up_and_taken_again),
    ("a page behind the end of a file", "cleared up to the page's end", behind_the_end_of_a_file),
    ("a file's holes", "cleared", in_the_holes_of_a_file),
    ("a file that was cut and grows", "cut pages are cleared", in_a_file_that_was_cut_and_grows),
    ("what a mapping left behind a file", "cleared when it grows", behind_the_end_when_it_is_moved),
    ("the same when it is written to", "cleared before", behind_the_end_when_it_is_passed),
    ("the page behind a program's file", "the last page is a copy", behind_a_program),
    ("what is behind a pipe's bytes", "lengths", behind_what_a_pipe_holds),
    ("frames", "cleared", of_frames),
];

pub fn fresh_memory_is_zero() {
    let mut table = Table::default();
    if on_folio() {
        let (again, all) = secrets_come_back();
        assert!(
            again > all / 2,
            "{again} of {all} frames had secrets in them: the looks mean nothing"
        );
    }
    for (what, defence, look) in ROWS {
        let attack = alloc::format!("see others' bytes in {what}");
        if what == "frames" && !on_folio() {
            table.not_tried(&attack, "only Folio has them");
            continue;
        }
        table.row(&attack, defence, End::Nothing, || {
            leave_secrets();
            look()
        });
    }
    table.finish();
}

//! Data that is executed: paxtest's seven, and more.

use super::end::{End, not_so};
use super::table::Table;
use crate::anonymous::has_no_execute;
use crate::fault::*;
use crate::harness::on_folio;
use crate::scratch::Scratch;
use alloc::boxed::Box;
use core::cell::UnsafeCell;
use core::hint::black_box;
use sys::abi::file::O_RDWR;
use sys::abi::memory::*;
use sys::file::File;
use sys::syscall::pointer;

const RET: u8 = 0xc3;

/// A byte that the linker puts where its contents belong.
#[repr(align(64))]
struct Place(UnsafeCell<[u8; 64]>);

// SAFETY: only written in a child with one thread.
unsafe impl Sync for Place {}

impl Place {
    fn address(&self) -> u32 {
        self.0.get() as u32
    }
}

static BSS: Place = Place(UnsafeCell::new([0; 64]));
static DATA: Place = Place(UnsafeCell::new([RET; 64]));
static CONSTANT: [u8; 64] = [RET; 64];

fn put_return(address: u32) -> u32 {
    poke(address, RET);
    address
}

fn file_of_returns(name: &str) -> (Scratch, File) {
    let (name, _) = Scratch::file(name, &[RET; 4096]);
    let file = File::open_with(name.as_str(), O_RDWR, 0).expect("open");
    (name, file)
}

/// Where the code is that an attack put there.
type Prepare = fn() -> u32;

fn on_the_stack() -> u32 {
    let code = [RET; 64];
    let address = pointer(black_box(&code).as_slice());
    // The frame is gone, and its bytes are still there.
    address
}

fn on_the_heap() -> u32 {
    let code = Box::leak(Box::new([RET; 64]));
    pointer(code.as_slice())
}

fn by_brk() -> u32 {
    let end = call!(brk(0)).expect("brk");
    assert_eq!(call!(brk(end + PAGE)), Ok(end + PAGE));
    put_return(end + PAGE - 16)
}

fn in_bss() -> u32 {
    put_return(BSS.address())
}

fn in_data() -> u32 {
    DATA.address()
}

fn in_constants() -> u32 {
    pointer(black_box(&CONSTANT).as_slice())
}

fn in_anonymous_memory() -> u32 {
    put_return(map(1))
}

fn in_shared_memory() -> u32 {
    let flags = MAP_SHARED | MAP_ANONYMOUS;
    put_return(call!(mmap2(0, PAGE, RW, flags, -1, 0)).expect("mmap2"))
}

fn in_a_private_file() -> u32 {
    let (_name, file) = file_of_returns("execute-private");
    map_file(&file, 1, RW, MAP_PRIVATE, 0)
}

fn in_a_file_only_read() -> u32 {
    let (_name, file) = file_of_returns("execute-read");
    map_file(&file, 1, PROT_READ, MAP_PRIVATE, 0)
}

fn in_a_shared_file() -> u32 {
    let (_name, file) = file_of_returns("execute-shared");
    map_file(&file, 1, RW, MAP_SHARED, 0)
}

/// Written while it can be, executed when it cannot be any more.
fn where_the_right_was_taken() -> u32 {
    let start = call!(mmap2(0, PAGE, RW | PROT_EXEC, PRIVATE, -1, 0)).expect("mmap2");
    put_return(start);
    assert_eq!(try_execute(start), Ok(()));
    assert_eq!(call!(mprotect(start, PAGE, RW)), Ok(0));
    start
}

fn where_mremap_took_it() -> u32 {
    let start = put_return(map(1));
    let hint = free_range(4);
    let flags = MREMAP_MAYMOVE | MREMAP_FIXED;
    call!(mremap(start, PAGE, 2 * PAGE, flags, hint)).expect("mremap")
}

/// The first copy of a page that parent and child had together.
fn in_a_copied_page() -> u32 {
    let start = put_return(map(1));
    let status = crate::child::run(|| {
        poke(start + 1, RET);
        i32::from(try_execute(start).is_ok() && has_no_execute())
    });
    assert_eq!(status, sys::wait::Status::Exited(0));
    start
}

const ROWS: [(&str, Prepare); 14] = [
    ("the stack", on_the_stack),
    ("the heap", on_the_heap),
    ("memory of brk", by_brk),
    ("bss", in_bss),
    ("data", in_data),
    ("constants", in_constants),
    ("anonymous memory", in_anonymous_memory),
    ("shared memory", in_shared_memory),
    ("a private mapping of a file", in_a_private_file),
    ("a mapping of a file for reading", in_a_file_only_read),
    ("a shared mapping of a file", in_a_shared_file),
    ("memory whose PROT_EXEC is gone", where_the_right_was_taken),
    ("memory that mremap moved", where_mremap_took_it),
    ("a page copied after fork", in_a_copied_page),
];

pub fn data_does_not_execute() {
    let mut table = Table::default();
    for (place, prepare) in ROWS {
        let attack = alloc::format!("execute {place}");
        if !has_no_execute() {
            table.not_defended(&attack, "page tables without NX");
            continue;
        }
        // Each maps its own, so the address is found out there.
        table.row(&attack, "NX where there is no PROT_EXEC", End::Nothing, || {
            let address = prepare();
            match try_execute(address) {
                found if found == forbidden(address) => End::Nothing,
                found => found.into(),
            }
        });
    }
    let attack = "execute the page of time data";
    match (on_folio(), has_no_execute()) {
        (true, true) => {
            let time = super::kernel_memory::task_size() - 2 * PAGE;
            table.row(attack, "NX", not_so(time), || try_execute(time).into());
        }
        (true, false) => table.not_defended(attack, "page tables without NX"),
        (false, _) => {}
    }
    table.finish();
}

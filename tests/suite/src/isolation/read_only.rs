//! What a program has for reading only.

use super::end::{End, not_so};
use super::table::Table;
use crate::child;
use crate::fault::*;
use crate::harness::on_folio;
use crate::scratch::Scratch;
use core::hint::black_box;
use sys::Errno;
use sys::abi::UserMutPtr;
use sys::abi::auxv::AT_SYSINFO_EHDR;
use sys::abi::file::{Iovec, O_RDONLY};
use sys::abi::memory::*;
use sys::file::File;
use sys::syscall::{input, pointer};
use sys::wait::Status;

static CONSTANT: [u32; 4] = [1, 2, 3, 4];

fn write_by_call(address: u32) -> End {
    let file = File::open("/proc/version").or_else(|_| File::open("/bin/suite"));
    let Ok(file) = file else { return End::Nothing };
    call!(read(file.fd().0, UserMutPtr::new(address), 4)).into()
}

fn write_by_another(address: u32) -> End {
    let word = 0_u32;
    let local = Iovec { base: UserMutPtr::new(&raw const word as u32), len: 4 };
    let remote = Iovec { base: UserMutPtr::new(address), len: 4 };
    let own = sys::process::id();
    call!(process_vm_writev(own, input(&local), 1, input(&remote), 1, 0)).into()
}

pub fn what_is_read_only_stays_so() {
    let mut table = Table::default();
    let text = try_write as *const () as u32 & !3;
    let constant = pointer(black_box(&CONSTANT).as_slice());
    let vdso = sys::env::auxiliary_value(AT_SYSINFO_EHDR).unwrap_or(text);
    let mut places = alloc::vec![("text", text), ("constants", constant), ("the vDSO", vdso)];
    if on_folio() {
        places.push(("the page of time data", vdso - PAGE));
    }
    for (place, address) in places {
        let name = |how: &str| alloc::format!("{how} {place}");
        const PAGES: &str = "the page's write bit";
        table.row(&name("write"), PAGES, not_so(address), || try_write(address).into());
        let refused = End::Error(Errno::EFAULT);
        let copies = "CR0.WP: the kernel's copies obey the page as well";
        table.row(&name("have the kernel read into"), copies, refused, || write_by_call(address));
        if on_folio() {
            let remote = "other processes' copies obey the area";
            table
                .row(&name("write from outside to"), remote, refused, || write_by_another(address));
        }
    }
    if on_folio() {
        let time = vdso - PAGE;
        table.row("make the time data writable", "no MAYWRITE", Errno::EACCES.into(), || {
            call!(mprotect(time, PAGE, RW)).into()
        });
        // A debugger may have a copy, which is nobody else's.
        table.row("change the vDSO for others", "copy on write", End::Nothing, || {
            let (gate, key) = sys::file::pipe().expect("pipe2");
            let (place, was) = (vdso + 100, peek(vdso + 100));
            let other = child::start(|| {
                gate.read(&mut [0]).expect("read");
                i32::from(peek(place) != was)
            });
            call!(mprotect(vdso, PAGE, RW | PROT_EXEC)).expect("mprotect");
            poke(place, !was);
            key.write_all(b"x").expect("write");
            (child::wait(other) != Status::Exited(0)).into()
        });
    }
    shared_files(&mut table);
    let nobody =
        "nobody relocates a static program, or protects what was; `user/ld` does for shared ones";
    table.not_defended("write what was relocated (RELRO)", nobody);
    table.finish();
}

fn shared_files(table: &mut Table) {
    let (name, _file) = Scratch::file("isolation-read", &[1; 4096]);
    let open = || File::open_with(name.as_str(), O_RDONLY, 0).expect("open");
    let refused = Errno::EACCES.into();
    let checked = "the descriptor's mode, when it is mapped";
    table.row("map a file for writing that is open for reading", checked, refused, || {
        call!(mmap2(0, PAGE, RW, MAP_SHARED, open().fd().0, 0)).into()
    });
    table.row("make such a mapping writable later", "no MAYWRITE", refused, || {
        let start = map_file(&open(), 1, PROT_READ, MAP_SHARED, 0);
        call!(mprotect(start, PAGE, RW)).into()
    });
    table.row("write to a file by a private mapping", "copy on write", End::Nothing, || {
        let file = open();
        let start = map_file(&file, 1, RW, MAP_PRIVATE, 0);
        poke(start, 9);
        let mut byte = [0];
        file.read_at(&mut byte, 0).expect("pread64");
        (byte != [1]).into()
    });
    table.row("write to a parent's page", "copy on write", End::Nothing, || {
        let page = map(1);
        poke(page, 1);
        let status = child::run(|| {
            poke(page, 2);
            0
        });
        (status != Status::Exited(0) || peek(page) != 1).into()
    });
}

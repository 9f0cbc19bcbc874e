//! Memory of other programs that a test changes.

use super::needs_failpoints;
use crate::child;
use crate::fault::{PAGE, map, unmap};
use crate::threads::word;
use core::sync::atomic::Ordering::SeqCst;
use sys::Errno;
use sys::abi::UserPtr;
use sys::abi::memory::{MAP_ANONYMOUS, MAP_SHARED, PROT_READ};
use sys::failpoint::poke;
use sys::io::Fd;
use sys::memory::Mapping;
use sys::syscall::{failpoint, pointer};
use sys::wait::Status;
use sys::{file, process};

/// A process's text changes for itself alone: its relatives, the file and the next process have what
/// they had.
pub fn text_changes_for_one_process() {
    needs_failpoints();
    let address = number_five as extern "C" fn() -> u32 as usize as u32;
    let (gate, key) = file::pipe().expect("pipe");
    let changed = child::start(|| {
        assert_eq!(gate.read(&mut [0]), Ok(1));
        number_five().cast_signed()
    });
    let code = code_at(address);
    let place = code.iter().position(|byte| *byte == 5).expect("mov eax, 5") as u32;
    poke(changed, address + place, &[6]).expect("fault_poke");
    let sibling = child::run(|| number_five().cast_signed());
    key.write_all(b"x").expect("write");
    assert_eq!((child::wait(changed), sibling), (Status::Exited(6), Status::Exited(5)));
    assert_eq!((number_five(), code_at(address)), (5, code));
    let (own, bytes) = (process::id(), [0; 4]);
    assert_eq!(poke(own, 0, &bytes), Err(Errno::EFAULT), "nothing there");
    let flags = MAP_SHARED | MAP_ANONYMOUS;
    let shared = Mapping::new(PAGE, PROT_READ, flags, Fd(-1), 0).expect("mmap2");
    assert_eq!(poke(own, shared.address(), &bytes), Err(Errno::EACCES), "others share it");
    assert_eq!(poke(i32::MAX, address, &bytes), Err(Errno::ESRCH));
    let other = child::run(|| {
        call!(setuid32(1)).expect("another user");
        i32::from(poke(process::id(), address, &bytes) != Err(Errno::EPERM))
    });
    assert_eq!(other, Status::Exited(0));
}

/// An instruction, too, may lie in two pages; the call itself takes one.
pub fn bytes_change_in_two_pages() {
    needs_failpoints();
    let place = map(2) + PAGE - 2;
    poke(process::id(), place, &[1, 2, 3, 4]).expect("fault_poke");
    assert_eq!(halves(place), [0x0201, 0x0403]);
    let bytes = [9u8; 4];
    // SAFETY: the call would change a page of the test's.
    let two =
        unsafe { failpoint::fault_poke(process::id(), place, UserPtr::new(pointer(&bytes)), 4) };
    assert_eq!((two, halves(place)), (Err(Errno::EINVAL), [0x0201, 0x0403]));
    unmap(place + 2 - PAGE, 2);
}

/// The ends of a page and the start of the next one.
fn halves(place: u32) -> [u32; 2] {
    [word(place - 2).load(SeqCst) >> 16, word(place + 2).load(SeqCst) & 0xffff]
}

#[inline(never)]
extern "C" fn number_five() -> u32 {
    core::hint::black_box(5)
}

fn code_at(address: u32) -> [u8; 16] {
    // SAFETY: text follows the beginning of a function in the middle of the program.
    unsafe { core::ptr::read_volatile(address as *const [u8; 16]) }
}

//! Memory of other programs that a test changes.

use super::needs_failpoints;
use crate::child;
use crate::fault::PAGE;
use sys::Errno;
use sys::abi::memory::{MAP_ANONYMOUS, MAP_SHARED, PROT_READ};
use sys::failpoint::poke;
use sys::io::Fd;
use sys::memory::Mapping;
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
    let (own, word) = (process::id(), [0; 4]);
    assert_eq!(poke(own, PAGE - 1, &word), Err(Errno::EINVAL), "two pages");
    assert_eq!(poke(own, 0, &word), Err(Errno::EFAULT), "nothing there");
    let flags = MAP_SHARED | MAP_ANONYMOUS;
    let shared = Mapping::new(PAGE, PROT_READ, flags, Fd(-1), 0).expect("mmap2");
    assert_eq!(poke(own, shared.address(), &word), Err(Errno::EACCES), "others share it");
    assert_eq!(poke(i32::MAX, address, &word), Err(Errno::ESRCH));
    let other = child::run(|| {
        call!(setuid32(1)).expect("another user");
        i32::from(poke(process::id(), address, &word) != Err(Errno::EPERM))
    });
    assert_eq!(other, Status::Exited(0));
}

#[inline(never)]
extern "C" fn number_five() -> u32 {
    core::hint::black_box(5)
}

fn code_at(address: u32) -> [u8; 16] {
    // SAFETY: text follows the beginning of a function in the middle of the program.
    unsafe { core::ptr::read_volatile(address as *const [u8; 16]) }
}

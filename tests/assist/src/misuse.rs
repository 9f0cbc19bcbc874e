//! What no server should do, and none should get away with.

use sys::abi::UserMutPtr;
use sys::abi::ipc::{Level, Rights, Tag};
use sys::abi::memory::PROT_READ;
use sys::ipc::{Call, Connection, Token, raise_level};
use sys::proto::Name;
use sys::proto::supervisor::{GrantKind, Request};
use sys::syscall::{MessageRegisters, enter_message, ipc, message_number};

/// Reads address 0.
pub fn crash() -> ! {
    // SAFETY: nothing is there: the process ends here.
    unsafe { core::arch::asm!("mov eax, dword ptr [0]", "ud2", options(noreturn)) }
}

/// Replies to a call and to others as no server may; how many the kernel took for good ones.
pub fn replies(token: Token) -> u32 {
    let mut taken = 0;
    let mut reply = |token: u32, tag: u32| {
        let (eax, ebx, ecx) = (message_number::reply, token, tag);
        let mut registers = MessageRegisters { eax, ebx, ecx, edx: 1, esi: 2, edi: 3, ebp: 4 };
        // SAFETY: the kernel reads at most the block, whose contents do not matter.
        let result = unsafe { enter_message(&mut registers) };
        taken += u32::from(sys::abi::errno::decode(result).is_ok());
    };
    // A label that is no error; leases; a retry; too many words; the kernel's own bits.
    for tag in [512, 0xffff, 1 << 21, Tag::RETRY, 17 << 16, Tag::KERNEL, 1 << 28, 1 << 31, u32::MAX]
    {
        reply(token.0, tag);
    }
    // A handle it does not have.
    reply(token.0, Tag::new(0, 0).with(0, 4).raw());
    taken
}

/// Uses every handle that it might have, and has not, to do what init's handles can do; how often
/// that went well.
pub fn handles() -> u32 {
    let mut done = 0;
    let mut count = |result: sys::Result<u32>| done += u32::from(result.is_ok());
    let mut word = 0_u32;
    let word = &raw mut word as u32;
    let generations = [0, 1 << 12, 1 << 16, 1 << 20, 1 << 24, 1 << 31];
    for handle in (0..256).flat_map(|index| generations.map(|generation| generation | index)) {
        // SAFETY: none of the calls touches memory of this program's but `word`.
        unsafe {
            count(ipc::port_fail(handle));
            count(ipc::handle_duplicate(handle, Rights::all()));
            count(ipc::handle_mint(handle, Rights::all(), 1));
            count(ipc::handle_revoke(handle));
            count(ipc::frames_map(handle, 0, 1, PROT_READ));
            count(ipc::frames_address(handle, 0, UserMutPtr::NULL));
            count(ipc::io_ports_enable(handle));
            count(ipc::io_ports_read(handle, 0x3fd, UserMutPtr::new(word), 0));
            count(ipc::irq_ack(handle));
            count(ipc::process_signal(handle, 9));
            count(ipc::supervisor_set(handle));
        }
    }
    // SAFETY: as above.
    unsafe {
        count(ipc::irq_create(5));
        count(ipc::io_ports_create(0x3f8, 8));
        count(ipc::process_open(1));
    }
    count(raise_level(Level::INIT).map(|_| 0));
    done
}

/// Asks the supervisor for what it must not give; how often it did.
pub fn demands() -> u32 {
    let Ok(supervisor) = sys::ipc::supervisor() else { return u32::MAX };
    let names = ["bystander", "disk"].map(|name| Name::new(name).map(Request::Register));
    let grants = [GrantKind::Irq, GrantKind::IoPorts, GrantKind::Frames]
        .map(|kind| [1, u32::MAX].map(|index| Some(Request::Grant { kind, index })));
    let requests = names.into_iter().chain(grants.into_iter().flatten()).flatten();
    let asked = requests.map(|request| request.encode());
    let given = asked
        .filter(|encoded| {
            let call = Call::new(encoded.label).words(encoded.words());
            supervisor.call(call).is_ok()
        })
        .count() as u32;
    // Words that mean nothing.
    let nonsense = (0..64_u16)
        .filter(|label| supervisor.call(Call::new(*label).words(&[u32::MAX; 16])).is_ok())
        .count() as u32;
    given + nonsense
}

//! Memory that is lent with a call.

use super::example::*;
use sys::Errno;
use sys::abi::memory::{PROT_NONE, PROT_READ, PROT_WRITE};
use sys::ipc::*;
use sys::memory::Mapping;

pub fn leases_are_copied_to_and_fro() {
    serves_well(|port| {
        let text = b"0123456789";
        let mut backwards = [0; 12];
        let call = Call::new(REVERSE).lend(text).lend_mut(&mut backwards);
        assert_eq!(port.call(call).expect("call").message.get(0), 10);
        assert_eq!(&backwards, b"9876543210\0\0");
        // Sixteen pages that nobody has touched yet, and no more.
        let mapping = Mapping::anonymous(18 * PAGE).expect("memory");
        // SAFETY: the mapping is ours alone.
        let memory = |start: u32, length: u32| unsafe {
            core::slice::from_raw_parts_mut(
                mapping.as_mut_ptr().add(start as usize),
                length as usize,
            )
        };
        let call = Call::new(FILL).word(7).lend_mut(memory(PAGE, 16 * PAGE));
        assert_eq!(port.call(call).expect("call").message.get(0), 16 * PAGE);
        assert!(memory(PAGE, 16 * PAGE).iter().all(|byte| *byte == 7));
        assert!(memory(0, PAGE).iter().chain(memory(17 * PAGE, PAGE).iter()).all(|b| *b == 0));
        let call = Call::new(FILL).word(8).lend_mut(memory(PAGE - 1, 16 * PAGE));
        assert_eq!(port.call(call).unwrap_err(), Errno::E2BIG);
        // Lent for reading only; lent at all.
        assert_eq!(port.call(Call::new(FILL).lend(text)).unwrap_err(), Errno::EINVAL);
        assert_eq!(port.call(Call::new(REVERSE)).unwrap_err(), Errno::EINVAL);
        assert!(memory(PAGE, 16 * PAGE).iter().all(|byte| *byte == 7));
    });
}

pub fn memory_that_is_not_there_is_efault() {
    serves_well(|port| {
        let mapping = Mapping::new(
            PAGE,
            PROT_NONE,
            sys::abi::memory::MAP_PRIVATE | sys::abi::memory::MAP_ANONYMOUS,
            sys::io::Fd(-1),
            0,
        );
        let mapping = mapping.expect("memory");
        for (address, protection) in
            [(0, 0), (mapping.address(), 0), (0xffff_f000, 0), (mapping.address(), PROT_READ)]
        {
            if protection != 0 {
                // SAFETY: nobody has a reference into it.
                unsafe { mapping.protect(protection) }.expect("mprotect");
            }
            // SAFETY: the reference is never followed here; the kernel looks before the server.
            let memory = unsafe { core::slice::from_raw_parts_mut(address.max(1) as *mut u8, 10) };
            let call = Call::new(FILL).lend_mut(memory);
            assert_eq!(port.call(call).unwrap_err(), Errno::EFAULT, "{address:#x}");
        }
        // The server is still there.
        // SAFETY: nobody has a reference into it.
        unsafe { mapping.protect(PROT_READ | PROT_WRITE) }.expect("mprotect");
        assert_eq!(port.call(Call::new(ADD).word(1)).expect("call").message.words(), [2]);
    });
}

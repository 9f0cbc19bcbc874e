//! Reading I/O ports by the kernel.

use assist::{IO_PORT, READ_TAG};
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use sys::abi::UserMutPtr;
use sys::abi::errno::encode;
use sys::ipc::IoPorts;
use sys::syscall::ipc;

/// What [`assist::READ_PORT`] says.
pub fn results(ports: &IoPorts) -> [u32; 6] {
    let words = [const { AtomicU32::new(u32::MAX) }; 2];
    let address = words[0].as_ptr() as u32;
    let read = |port: u16, address: u32| {
        let place = UserMutPtr::new(address);
        // SAFETY: what the kernel stores, it stores to `words`.
        encode(unsafe { ipc::io_ports_read(ports.0.raw(), u32::from(port), place, READ_TAG) })
    };
    let good = read(IO_PORT, address);
    let stored = words[0].load(SeqCst);
    [
        good,
        stored,
        read(IO_PORT + 1, address),
        read(IO_PORT, address + 1),
        read(IO_PORT, 0),
        read(IO_PORT, 0u32.wrapping_sub(4096)),
    ]
}

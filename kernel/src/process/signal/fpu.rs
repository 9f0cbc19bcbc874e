//! The FPU and SSE registers in a handler's frame. The running program's are live in the CPU.

use crate::arch::fpu::{self, FpuState};
use crate::arch::uaccess::TASK_SIZE;
use crate::mm::user;
use crate::result::{Errno, Result};
use abi::{UserMutPtr, UserPtr};
use kcore::signal::{
    FSAVE_LEN, FXSAVE_LEN, SOFTWARE_BYTES, X87_LEN, fsave_header, merge_fsave_header,
};

const SOFTWARE_OFFSET: u32 = (FXSAVE_LEN - SOFTWARE_BYTES.len()) as u32;

/// Stores both forms at `address`.
pub(super) fn save(address: u32) -> Result<()> {
    let image = address.checked_add(FSAVE_LEN as u32).ok_or(Errno::EFAULT)?;
    // Straight into the program's memory; what the CPU leaves alone there is the program's own.
    fpu::save_to_user(image).map_err(|_| Errno::EFAULT)?;
    let x87: [u8; X87_LEN] = user::read(UserPtr::new(image))?;
    user::write(UserMutPtr::new(address), &fsave_header(&x87))?;
    user::write(UserMutPtr::new(image + SOFTWARE_OFFSET), &SOFTWARE_BYTES)
}

/// Loads what a frame has at `address`; empty registers if that is 0.
pub(super) fn restore(address: u32) -> Result<()> {
    if address == 0 {
        fpu::reset();
        return Ok(());
    }
    let image = address.checked_add(FSAVE_LEN as u32).filter(|image| *image < TASK_SIZE);
    let image = image.ok_or(Errno::EFAULT)?;
    let header: [u8; FSAVE_LEN] = user::read(UserPtr::new(address))?;
    let mut bytes: [u8; FXSAVE_LEN] = user::read(UserPtr::new(image))?;
    merge_fsave_header(&mut bytes, &header, fpu::mxcsr_mask());
    FpuState::from_bytes(bytes).restore();
    Ok(())
}

//! The FPU and SSE registers in a handler's frame. The running program's are live in the CPU.
//!
//! Programs rarely have x87 registers in use when a signal comes. Then the frame's first form is
//! a few words, and at the return the second form goes from the stack into the CPU as it is.

use crate::arch::fpu::{self, FpuState};
use crate::arch::uaccess::TASK_SIZE;
use crate::mm::user;
use crate::result::{Errno, Result};
use abi::{UserMutPtr, UserPtr};
use kcore::signal::{
    FSAVE_LEN, FSAVE_STATUS_OFFSET, FXSAVE_LEN, SOFTWARE_BYTES, X87_LEN, empty_environment,
    fsave_header, merge_fsave_header,
};

const SOFTWARE_OFFSET: u32 = (FXSAVE_LEN - SOFTWARE_BYTES.len()) as u32;

/// Stores both forms at `address`.
pub(super) fn save(address: u32) -> Result<()> {
    let image = address.checked_add(FSAVE_LEN as u32).ok_or(Errno::EFAULT)?;
    // Straight into the program's memory; what the CPU leaves alone there is the program's own.
    fpu::save_to_user(image).map_err(|_| Errno::EFAULT)?;
    user::write(UserMutPtr::new(image + SOFTWARE_OFFSET), &SOFTWARE_BYTES)?;
    let head: [u32; 6] = user::read(UserPtr::new(image))?;
    if let Some(environment) = empty_environment(&head) {
        let [control_status, ..] = head;
        user::write(UserMutPtr::new(address), &environment)?;
        return user::write_word(
            UserMutPtr::new(address + FSAVE_STATUS_OFFSET),
            control_status >> 16,
        );
    }
    let x87: [u8; X87_LEN] = user::read(UserPtr::new(image))?;
    user::write(UserMutPtr::new(address), &fsave_header(&x87))
}

/// Loads what a frame has at `address`; empty registers if that is 0.
pub(super) fn restore(address: u32) -> Result<()> {
    if address == 0 {
        fpu::reset();
        return Ok(());
    }
    let image = address.checked_add(FSAVE_LEN as u32).filter(|image| *image < TASK_SIZE);
    let image = image.ok_or(Errno::EFAULT)?;
    let environment: [u32; 7] = user::read(UserPtr::new(address))?;
    let head: [u32; 6] = user::read(UserPtr::new(image))?;
    let forms_agree = empty_environment(&head) == Some(environment);
    if forms_agree && fpu::restore_from_user(image).is_ok() {
        return Ok(());
    }
    restore_changed(address, image)
}

/// A handler changed one of the forms, or registers are in use.
#[cold]
fn restore_changed(address: u32, image: u32) -> Result<()> {
    let header: [u8; FSAVE_LEN] = user::read(UserPtr::new(address))?;
    let mut state = FpuState::initial();
    user::read_bytes(UserPtr::new(image), state.bytes_mut())?;
    merge_fsave_header(state.bytes_mut(), &header, fpu::mxcsr_mask());
    state.restore();
    Ok(())
}

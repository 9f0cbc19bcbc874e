//! The FPU and vector registers in a handler's frame. The running program's are live in the CPU.
//!
//! Programs rarely have x87 registers in use when a signal comes. Then the frame's first form is
//! a few words, and at the return the second form goes from the stack into the CPU as it is.

use crate::arch::fpu::{self, FpuState};
use crate::arch::uaccess::TASK_SIZE;
use crate::failpoint::fail_point;
use crate::mm::user;
use crate::result::{Errno, Result};
use abi::{UserMutPtr, UserPtr};
use kcore::signal::{
    END_MARK, FSAVE_LEN, FSAVE_STATUS_OFFSET, FXSAVE_LEN, Image, LEGACY_COMPONENTS, X87_LEN,
    XSAVE_MIN, empty_environment, fsave_header, in_header, merge_fsave_header,
};
use spin::Once;

/// What the CPU leaves alone, at the end of the legacy region.
const SOFTWARE_WORDS: usize = 12;
const SOFTWARE: u32 = HEADER - 4 * SOFTWARE_WORDS as u32;
const HEADER: u32 = FXSAVE_LEN as u32;
const MXCSR: u32 = 24;

#[inline]
fn image_here() -> Image {
    Image { components: fpu::components(), bytes: fpu::area_bytes() }
}

/// Bytes of a frame's second form, its end mark included.
#[inline]
pub fn image_bytes() -> u32 {
    image_here().with_mark()
}

/// What the kernel writes into every image that XSAVE stores: the software words, and the header.
type Words = [u32; SOFTWARE_WORDS + 16];

fn words() -> &'static Words {
    static WORDS: Once<Words> = Once::new();
    WORDS.call_once(|| {
        let mut words = [0; SOFTWARE_WORDS + 16];
        words[..5].copy_from_slice(&image_here().words());
        words
    })
}

/// Stores both forms at `address`.
pub(super) fn save(address: u32) -> Result<()> {
    if fail_point!(UserCopyOut) {
        return Err(Errno::EFAULT);
    }
    let image = address.checked_add(FSAVE_LEN as u32).ok_or(Errno::EFAULT)?;
    // Straight into the program's memory; what the CPU leaves alone there is the program's own.
    let here = image_here();
    if here.has_mark() {
        user::write_part(UserMutPtr::new(image + SOFTWARE), words())?;
        fpu::save_to_user(image).map_err(|_| Errno::EFAULT)?;
        // As on Linux, x87 and SSE always count as present.
        let present = user::read_word(UserPtr::new(image + HEADER))?;
        if present & LEGACY_COMPONENTS != LEGACY_COMPONENTS {
            user::write_word(UserMutPtr::new(image + HEADER), present | LEGACY_COMPONENTS)?;
        }
        user::write_word(UserMutPtr::new(image + here.bytes), END_MARK)?;
    } else {
        let (software, _) = words().split_first_chunk::<SOFTWARE_WORDS>().ok_or(Errno::EFAULT)?;
        fpu::save_to_user(image).map_err(|_| Errno::EFAULT)?;
        user::write_part(UserMutPtr::new(image + SOFTWARE), software)?;
    }
    let head: [u32; 6] = user::read_part(UserPtr::new(image))?;
    if let Some(environment) = empty_environment(&head) {
        let [control_status, ..] = head;
        user::write_part(UserMutPtr::new(address), &environment)?;
        return user::write_word(
            UserMutPtr::new(address + FSAVE_STATUS_OFFSET),
            control_status >> 16,
        );
    }
    let x87: [u8; X87_LEN] = user::read_part(UserPtr::new(image))?;
    user::write_part(UserMutPtr::new(address), &fsave_header(&x87))
}

/// Loads what a frame has at `address`; empty registers if that is 0.
pub(super) fn restore(address: u32) -> Result<()> {
    if address == 0 {
        fpu::reset();
        return Ok(());
    }
    let image = address.checked_add(FSAVE_LEN as u32).filter(|image| *image < TASK_SIZE);
    let image = image.ok_or(Errno::EFAULT)?;
    if fail_point!(UserCopyIn) {
        return Err(Errno::EFAULT);
    }
    let environment: [u32; 7] = user::read_part(UserPtr::new(address))?;
    let head: [u32; 6] = user::read_part(UserPtr::new(image))?;
    let forms_agree = |was| are_equal(&environment, &was);
    if empty_environment(&head).is_some_and(forms_agree)
        && is_described(image)?
        && fpu::restore_from_user(image).is_ok()
    {
        return Ok(());
    }
    restore_changed(address, image)
}

/// Comparing a few words in a row takes less than calling a loop.
#[inline]
fn are_equal<const N: usize>(one: &[u32; N], other: &[u32; N]) -> bool {
    one.iter().zip(other).fold(0, |differ, (one, other)| differ | one ^ other) == 0
}

/// Whether an image is still what [`save`] said.
#[inline]
fn is_described(image: u32) -> Result<bool> {
    let here = image_here();
    if !here.has_mark() {
        return Ok(true);
    }
    let words: [u32; 5] = user::read_part(UserPtr::new(image + SOFTWARE))?;
    let mark = user::read_word(UserPtr::new(image + here.bytes))?;
    Ok(mark == END_MARK && are_equal(&words, &here.words()))
}

/// A handler changed one of the forms, or registers are in use.
#[cold]
fn restore_changed(address: u32, image: u32) -> Result<()> {
    let environment: [u8; FSAVE_LEN] = user::read(UserPtr::new(address))?;
    let mut state = FpuState::initial();
    let present = match described_components(image)? {
        Some(components) => read_extended(image, &mut state)? & components,
        None => {
            let (legacy, _) = state.bytes_mut().split_at_mut(FXSAVE_LEN);
            user::read_bytes(UserPtr::new(image), legacy)?;
            LEGACY_COMPONENTS
        }
    };
    let bytes = state.bytes_mut();
    let Some(legacy) = bytes.first_chunk_mut() else { unreachable!("the first part") };
    merge_fsave_header(legacy, &environment, fpu::mxcsr_mask());
    if fpu::components() != 0
        && let Some(header) = bytes.get_mut(HEADER as usize..XSAVE_MIN as usize)
    {
        header.fill(0);
        if let Some(word) = header.first_chunk_mut() {
            *word = present.to_le_bytes();
        }
    }
    state.restore();
    Ok(())
}

/// The components of an image of XSAVE, if the frame describes one.
fn described_components(image: u32) -> Result<Option<u32>> {
    let words: [u32; 5] = user::read(UserPtr::new(image + SOFTWARE))?;
    let Some((components, bytes)) = image_here().described(&words) else { return Ok(None) };
    let mark = user::read_word(UserPtr::new(image + bytes))?;
    Ok((mark == END_MARK).then_some(components))
}

/// Reads an image of XSAVE. The components it has; EINVAL for what the CPU would refuse.
fn read_extended(image: u32, state: &mut FpuState) -> Result<u32> {
    const VECTORS: u32 = !1;
    let header: [u32; 16] = user::read(UserPtr::new(image + HEADER))?;
    let present = in_header(&header, fpu::components()).ok_or(Errno::EINVAL)?;
    let bytes = if present & !LEGACY_COMPONENTS == 0 { XSAVE_MIN } else { fpu::area_bytes() };
    let to = state.bytes_mut().get_mut(..bytes as usize).ok_or(Errno::EINVAL)?;
    user::read_bytes(UserPtr::new(image), to)?;
    let mxcsr = to.get(MXCSR as usize..).and_then(|bytes| bytes.first_chunk());
    let mxcsr = mxcsr.map_or(0, |bytes| u32::from_le_bytes(*bytes));
    if present & VECTORS != 0 && mxcsr & !fpu::mxcsr_mask() != 0 {
        return Err(Errno::EINVAL);
    }
    Ok(present)
}

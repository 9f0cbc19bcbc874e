//! Where programs arrive that are traced: the same as for all others, and their tracer is told.

use super::{address_space, class, kernel_origin, leave_to_user, let_interrupts_in, settle};
use crate::arch::control::{cr2, rdtsc};
use crate::arch::entry::{Arguments, FOLIO_CALL, TrapFrame};
use crate::process::{self, trace};
use crate::result::Errno;
use crate::{syscall, task};
use abi::trace::Call;
use kcore::addr::VirtAddr;
use kcore::fault::{Class, ErrorCode, Origin};

/// SYSENTER, `int 0x80` and `int 0x81`.
pub extern "fastcall" fn on_call(frame: *mut TrapFrame) {
    // SAFETY: the entry code passes its frame; nobody else has a reference to it.
    let mut call = describe(unsafe { &*frame });
    let result = if trace::call_entered(&call) {
        let start = rdtsc();
        // SAFETY: as above; what the handler does to the frame happens after its arguments have
        // been read.
        let result = unsafe { serve(frame) };
        call.cycles = rdtsc().wrapping_sub(start);
        result
    } else {
        abi::errno::encode(Err(Errno::EINTR))
    };
    // SAFETY: the handler's references to the frame are gone.
    let frame = unsafe { &mut *frame };
    frame.eax = result;
    trace::call_left(&Call { registers: registers(frame), result, ..call });
    leave_to_user(frame);
}

/// # Safety
/// The frame is the current program's, and nobody has a reference to it.
unsafe fn serve(frame: *mut TrapFrame) -> u32 {
    // SAFETY: passed on to the caller.
    let (vector, number, arguments) =
        unsafe { ((*frame).vector as usize, (*frame).error, Arguments::of(frame)) };
    match syscall::LINUX_HANDLERS.get(number as usize) {
        _ if vector == FOLIO_CALL => syscall::folio_call(number, &arguments),
        Some(handler) => handler(arguments),
        None => syscall::on_odd_call(arguments),
    }
}

fn describe(frame: &TrapFrame) -> Call {
    let (table, number) = match frame.error {
        number if number & syscall::FOLIO != 0 => (FOLIO_CALL as u32, number & !syscall::FOLIO),
        number => (frame.vector, number),
    };
    Call { table, number, registers: registers(frame), ..Call::default() }
}

fn registers(frame: &TrapFrame) -> [u32; 6] {
    [frame.ebx, frame.ecx, frame.edx, frame.esi, frame.edi, frame.ebp]
}

pub extern "fastcall" fn on_page_fault(frame: &mut TrapFrame) {
    let address = VirtAddr::new(cr2());
    if !serve_page(frame, address) {
        // Interrupts are still off, and CR2 is as it was.
        return super::on_page_fault(frame);
    }
    if frame.is_from_user() {
        leave_to_user(frame);
    }
}

/// `false` if this is no fault to tell of, and nothing has been done.
fn serve_page(frame: &mut TrapFrame, address: VirtAddr) -> bool {
    let origin = if frame.is_from_user() { Origin::User } else { kernel_origin(frame) };
    if !matches!(origin, Origin::User | Origin::UserCopy) || !task::current().are_faults_traced() {
        return false;
    }
    let code = ErrorCode::from_bits_retain(frame.error);
    let thread = process::current();
    let (Class::Page, Some(mm)) = (class(address, code, origin), address_space(&thread)) else {
        return false;
    };
    let_interrupts_in(frame);
    let outcome = trace::observe(&thread, mm, address, code.kind(), frame);
    settle(frame, outcome, address, code);
    true
}

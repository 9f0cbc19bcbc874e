//! Which signal a processor exception in user mode becomes, page faults excepted.

use abi::signal::{
    BUS_ADRALN, FPE_FLTDIV, FPE_FLTINV, FPE_FLTOVF, FPE_FLTRES, FPE_FLTUND, FPE_INTDIV, ILL_BADSTK,
    ILL_ILLOPN, SI_KERNEL, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP, TRAP_BRKPT, TRAP_TRACE,
};

/// The vector of a return to user mode that failed; not the processor's.
pub const BAD_RETURN: u32 = 32;

/// Single step, in DR6.
const DEBUG_STEP: u32 = 1 << 14;
/// The four breakpoints, in DR6.
const DEBUG_BREAKPOINTS: u32 = 0xf;

/// What `si_addr` says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Address {
    Nothing,
    /// EIP of the exception.
    Instruction,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FaultSignal {
    pub signal: i32,
    pub code: i32,
    pub address: Address,
}

/// `float` gives the FPU or SSE exceptions that are raised and not masked (for vectors 16 and
/// 19), `debug` DR6 (for vector 1). `None`: there is nothing to report any more.
pub fn signal_of(
    vector: u32,
    float: impl FnOnce(u32) -> u32,
    debug: impl FnOnce() -> u32,
) -> Option<FaultSignal> {
    let at_instruction = |signal, code| FaultSignal { signal, code, address: Address::Instruction };
    let nowhere = |signal, code| FaultSignal { signal, code, address: Address::Nothing };
    Some(match vector {
        0 => at_instruction(SIGFPE, FPE_INTDIV),
        1 => {
            let traced = debug() & (DEBUG_STEP | DEBUG_BREAKPOINTS) == DEBUG_STEP;
            at_instruction(SIGTRAP, if traced { TRAP_TRACE } else { TRAP_BRKPT })
        }
        3 => nowhere(SIGTRAP, SI_KERNEL),
        6 => at_instruction(SIGILL, ILL_ILLOPN),
        9 => nowhere(SIGFPE, SI_KERNEL),
        11 | 12 => nowhere(SIGBUS, SI_KERNEL),
        16 | 19 => at_instruction(SIGFPE, float_code(float(vector))?),
        17 => nowhere(SIGBUS, BUS_ADRALN),
        BAD_RETURN => nowhere(SIGILL, ILL_BADSTK),
        // Overflow, bounds, task segments, general protection, and what no CPU of ours raises.
        _ => nowhere(SIGSEGV, SI_KERNEL),
    })
}

/// Bits as in the FPU's status word and MXCSR; the gravest counts.
fn float_code(raised: u32) -> Option<i32> {
    let codes = [
        (0x01, FPE_FLTINV),
        (0x04, FPE_FLTDIV),
        (0x08, FPE_FLTOVF),
        // A denormal operand counts as underflow.
        (0x12, FPE_FLTUND),
        (0x20, FPE_FLTRES),
    ];
    codes.into_iter().find(|(bits, _)| raised & bits != 0).map(|(_, code)| code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code_of(vector: u32, float: u32, debug: u32) -> Option<(i32, i32)> {
        signal_of(vector, |_| float, || debug).map(|fault| (fault.signal, fault.code))
    }

    #[test]
    fn exceptions_become_linuxs_signals() {
        let table = [
            (0, SIGFPE, FPE_INTDIV),
            (3, SIGTRAP, SI_KERNEL),
            (4, SIGSEGV, SI_KERNEL),
            (5, SIGSEGV, SI_KERNEL),
            (6, SIGILL, ILL_ILLOPN),
            (11, SIGBUS, SI_KERNEL),
            (12, SIGBUS, SI_KERNEL),
            (13, SIGSEGV, SI_KERNEL),
            (17, SIGBUS, BUS_ADRALN),
            (32, SIGILL, ILL_BADSTK),
        ];
        for (vector, signal, code) in table {
            assert_eq!(code_of(vector, 0, 0), Some((signal, code)), "vector {vector}");
        }
        let address = |vector| signal_of(vector, |_| 1, || 0).map(|fault| fault.address);
        assert_eq!(address(0), Some(Address::Instruction));
        assert_eq!(address(13), Some(Address::Nothing));
    }

    #[test]
    fn the_gravest_floating_point_exception_counts() {
        assert_eq!(code_of(16, 0x25, 0), Some((SIGFPE, FPE_FLTINV)));
        assert_eq!(code_of(16, 0x2c, 0), Some((SIGFPE, FPE_FLTDIV)));
        assert_eq!(code_of(19, 0x28, 0), Some((SIGFPE, FPE_FLTOVF)));
        assert_eq!(code_of(19, 0x02, 0), Some((SIGFPE, FPE_FLTUND)));
        assert_eq!(code_of(19, 0x20, 0), Some((SIGFPE, FPE_FLTRES)));
        assert_eq!(code_of(16, 0x40, 0), None);
    }

    #[test]
    fn a_single_step_is_told_from_a_breakpoint() {
        assert_eq!(code_of(1, 0, 1 << 14), Some((SIGTRAP, TRAP_TRACE)));
        assert_eq!(code_of(1, 0, 1), Some((SIGTRAP, TRAP_BRKPT)));
        assert_eq!(code_of(1, 0, 0), Some((SIGTRAP, TRAP_BRKPT)));
    }
}

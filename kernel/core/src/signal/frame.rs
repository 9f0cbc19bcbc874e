//! The stack of a handler: where it lies and what is on it.
//!
//! ```text
//!            old ESP, or the top of the alternate stack
//!            512 bytes as FXSAVE stores them, aligned to 64
//!            112 bytes as FSAVE stores them           <- fpstate
//!            (gap)
//!            frame, with ESP + 4 a multiple of 16     <- ESP of the handler
//! ```

use super::alternate_stack::AlternateStack;
use super::context::{Registers, USER_DS, context};
use super::delivery::HandlerCall;
use super::fpu::{FSAVE_LEN, FXSAVE_LEN};
use super::pending::Info;
use abi::signal::{
    RtSignalFrame, SA_ONSTACK, SA_RESTORER, SA_SIGINFO, SignalFrame, SignalFrameEnd, SignalSet,
    Ucontext,
};

/// What a frame is made from.
#[derive(Clone, Copy, Debug)]
pub struct FrameRequest<'a> {
    pub call: &'a HandlerCall,
    pub info: &'a Info,
    /// At the interruption, the restart of a system call already decided.
    pub registers: &'a Registers,
    /// Vector, error code and CR2 of the thread's last exception.
    pub trap: (u32, u32, u32),
    /// What `sigreturn` sets again: not [`HandlerCall::blocked`], and in `sigsuspend` the mask
    /// before it.
    pub mask: SignalSet,
    pub stack: &'a AlternateStack,
    /// Whether the FPU state goes along. A program that never used it gets no `fpstate`.
    pub with_fpu: bool,
    /// `__kernel_sigreturn` and `__kernel_rt_sigreturn`, if the program has a vDSO.
    pub vdso_returns: Option<(u32, u32)>,
}

/// A frame to be copied to the stack, and the registers the handler starts with.
#[derive(Clone, Copy, Debug)]
pub struct HandlerFrame {
    /// Where `bytes` go: the handler's ESP.
    pub address: u32,
    pub bytes: FrameBytes,
    /// Where the FPU state goes: [`super::fsave_header`], then the image.
    pub fpstate: Option<u32>,
    pub registers: Registers,
}

#[derive(Clone, Copy, Debug)]
pub enum FrameBytes {
    /// The second part goes [`SignalFrame::END_OFFSET`] above the first; nothing is between.
    Old(SignalFrame, SignalFrameEnd),
    Rt(RtSignalFrame),
}

/// There is no stack to put the frame on: SIGSEGV instead, by default if that is what failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FrameError;

impl HandlerFrame {
    /// The frame may still turn out to lie outside the program's memory: the copy shows.
    pub fn build(request: &FrameRequest<'_>) -> Result<Self, FrameError> {
        let HandlerCall { signal, action, .. } = request.call;
        let with_info = action.flags & SA_SIGINFO != 0;
        let len = if with_info {
            size_of::<RtSignalFrame>() as u32
        } else {
            SignalFrame::END_OFFSET + size_of::<SignalFrameEnd>() as u32
        };
        let (address, fpstate) = place(request, len)?;
        let saved_fpstate = fpstate.unwrap_or(0);
        let mask = request.mask.bits;
        let sigcontext = context(request.registers, request.trap, saved_fpstate, mask as u32);
        let restorer = (action.flags & SA_RESTORER != 0).then_some(action.restorer);

        let mut registers = *request.registers;
        let bytes = if with_info {
            let offset = |field: usize| address.wrapping_add(field as u32);
            let pinfo = offset(core::mem::offset_of!(RtSignalFrame, info));
            let pcontext = offset(core::mem::offset_of!(RtSignalFrame, context));
            let retcode = offset(core::mem::offset_of!(RtSignalFrame, retcode));
            registers.enter(action.handler, address, [signal.cast_unsigned(), pinfo, pcontext]);
            FrameBytes::Rt(RtSignalFrame {
                pretcode: restorer
                    .or(request.vdso_returns.map(|(_, address)| address))
                    .unwrap_or(retcode),
                signo: *signal,
                pinfo,
                pcontext,
                info: request.info.to_abi(),
                context: Ucontext {
                    flags: 0,
                    link: 0,
                    stack: request.stack.saved(),
                    mcontext: sigcontext,
                    sigmask: request.mask,
                },
                retcode: RtSignalFrame::RETCODE,
            })
        } else {
            let retcode_offset = core::mem::offset_of!(SignalFrameEnd, retcode) as u32;
            let retcode = address.wrapping_add(SignalFrame::END_OFFSET + retcode_offset);
            registers.enter(action.handler, address, [signal.cast_unsigned(), 0, 0]);
            let frame = SignalFrame {
                pretcode: restorer
                    .or(request.vdso_returns.map(|(address, _)| address))
                    .unwrap_or(retcode),
                signo: *signal,
                context: sigcontext,
            };
            let extramask = (mask >> 32) as u32;
            FrameBytes::Old(frame, SignalFrameEnd { extramask, retcode: SignalFrame::RETCODE })
        };
        Ok(Self { address, bytes, fpstate, registers })
    }
}

/// The address of a frame of `len` bytes and that of its FPU state.
fn place(request: &FrameRequest<'_>, len: u32) -> Result<(u32, Option<u32>), FrameError> {
    let action = &request.call.action;
    let esp = request.registers.esp;
    let nested = request.stack.is_in_use(esp);
    let (top, entering) = if action.flags & SA_ONSTACK != 0 {
        match request.stack.switch(esp) {
            Some(top) => (top, true),
            None => (esp, false),
        }
    } else if !nested
        && request.registers.ss != USER_DS
        && action.flags & SA_RESTORER == 0
        && action.restorer != 0
    {
        // Before SA_RESTORER the field named a stack for handlers.
        (action.restorer, true)
    } else {
        (esp, false)
    };
    let below = |address: u32, bytes: usize| address.checked_sub(bytes as u32).ok_or(FrameError);
    let (top, fpstate) = if request.with_fpu {
        let fxsave = below(top, FXSAVE_LEN)? & !63;
        let fpstate = below(fxsave, FSAVE_LEN)?;
        (fpstate, Some(fpstate))
    } else {
        (top, None)
    };
    let frame = below(top, len as usize)?;
    // As if a call had pushed a return address on an aligned stack.
    let address =
        (frame.checked_add(4).ok_or(FrameError)? & !15).checked_sub(4).ok_or(FrameError)?;
    if (nested || entering) && !request.stack.contains(address) {
        return Err(FrameError);
    }
    Ok((address, fpstate))
}

#[cfg(test)]
mod tests {
    use super::super::context::restored;
    use super::*;
    use abi::signal::{SIGSEGV, SIGUSR1, Sigaction, Sigaltstack};
    use proptest::prelude::*;

    const ESP: u32 = 0xbfff_f123;

    fn call(flags: u32) -> HandlerCall {
        let action = Sigaction {
            handler: 0x0804_9100,
            flags,
            restorer: 0x0804_9200,
            mask: SignalSet::EMPTY,
        };
        HandlerCall { signal: SIGUSR1, action, blocked: SignalSet::FULL }
    }

    const REGISTERS: Registers = Registers {
        gs: 0x33,
        fs: 0,
        es: 0x7b,
        ds: 0x7b,
        cs: 0x73,
        ss: 0x7b,
        edi: 1,
        esi: 2,
        ebp: 3,
        esp: ESP,
        ebx: 5,
        edx: 6,
        ecx: 7,
        eax: 8,
        eip: 9,
        eflags: 0x0001_0746,
    };

    fn request<'a>(
        call: &'a HandlerCall,
        info: &'a Info,
        stack: &'a AlternateStack,
    ) -> FrameRequest<'a> {
        FrameRequest {
            call,
            info,
            registers: &REGISTERS,
            trap: (14, 7, 0xdead_0000),
            mask: SignalSet { bits: 0x1234_5678_9abc_def0 },
            stack,
            with_fpu: true,
            vdso_returns: None,
        }
    }

    fn alternate(start: u32, size: u32) -> AlternateStack {
        let mut stack = AlternateStack::NONE;
        stack.set(&Sigaltstack { sp: start, flags: 0, size }, 0).unwrap();
        stack
    }

    #[test]
    fn the_old_frame_is_linuxs() {
        let (call, info) = (call(SA_RESTORER), Info::bare(SIGUSR1));
        let frame = HandlerFrame::build(&request(&call, &info, &AlternateStack::NONE)).unwrap();
        // FXSAVE image at 0xbfffef00, its header 112 below, the frame 732 below that.
        assert_eq!(frame.fpstate, Some(0xbfff_ee90));
        assert_eq!(frame.address, (0xbfff_ee90 - 732 + 4) / 16 * 16 - 4);
        let FrameBytes::Old(head, end) = frame.bytes else { panic!("rt frame") };
        assert_eq!((head.pretcode, head.signo), (0x0804_9200, SIGUSR1));
        assert_eq!((head.context.oldmask, end.extramask), (0x9abc_def0, 0x1234_5678));
        assert_eq!((head.context.fpstate, head.context.cr2), (0xbfff_ee90, 0xdead_0000));
        assert_eq!(end.retcode, [0x58, 0xb8, 119, 0, 0, 0, 0xcd, 0x80]);
        let expected = Registers {
            eax: SIGUSR1 as u32,
            edx: 0,
            ecx: 0,
            eip: 0x0804_9100,
            esp: frame.address,
            eflags: 0x0000_0246,
            ..REGISTERS
        };
        assert_eq!(frame.registers, expected);
        assert_eq!(restored(&head.context, REGISTERS.eflags), Some(REGISTERS));
    }

    #[test]
    fn the_rt_frame_is_linuxs() {
        let (call, info) = (call(SA_SIGINFO), Info { code: 2, ..Info::bare(SIGSEGV) });
        let stack = alternate(0x5000_0000, 8192);
        let frame = HandlerFrame::build(&request(&call, &info, &stack)).unwrap();
        let FrameBytes::Rt(rt) = frame.bytes else { panic!("old frame") };
        assert_eq!((rt.pinfo, rt.pcontext), (frame.address + 16, frame.address + 144));
        assert_eq!(rt.pretcode, frame.address + 260, "the code in the frame");
        assert_eq!((rt.info.signo, rt.info.code), (SIGSEGV, 2));
        assert_eq!((rt.context.flags, rt.context.link), (0, 0));
        assert_eq!(rt.context.stack, Sigaltstack { sp: 0x5000_0000, flags: 0, size: 8192 });
        assert_eq!({ rt.context.sigmask.bits }, 0x1234_5678_9abc_def0);
        let registers = frame.registers;
        assert_eq!((registers.edx, registers.ecx), (rt.pinfo, rt.pcontext));
        assert_eq!((registers.gs, registers.fs), (REGISTERS.gs, REGISTERS.fs));
    }

    #[test]
    fn the_way_back_is_restorer_then_vdso_then_stack() {
        let info = Info::bare(SIGUSR1);
        let pretcode = |flags, vdso_returns| {
            let call = call(flags);
            let request = request(&call, &info, &AlternateStack::NONE);
            let frame = HandlerFrame::build(&FrameRequest { vdso_returns, ..request }).unwrap();
            match frame.bytes {
                FrameBytes::Old(head, _) => (head.pretcode, frame.address),
                FrameBytes::Rt(rt) => (rt.pretcode, frame.address),
            }
        };
        let vdso = Some((0xb7f0_0000, 0xb7f0_0010));
        assert_eq!(pretcode(SA_RESTORER, vdso).0, 0x0804_9200);
        assert_eq!(pretcode(0, vdso).0, 0xb7f0_0000);
        assert_eq!(pretcode(SA_SIGINFO, vdso).0, 0xb7f0_0010);
        let (pretcode, address) = pretcode(0, None);
        assert_eq!(pretcode, address + 724);
    }

    #[test]
    fn the_alternate_stack_is_entered_once_and_not_overrun() {
        let (call, info) = (call(SA_ONSTACK | SA_RESTORER), Info::bare(SIGUSR1));
        let build = |stack: &AlternateStack, esp| {
            let registers = Registers { esp, ..REGISTERS };
            let request = request(&call, &info, stack);
            HandlerFrame::build(&FrameRequest { registers: &registers, ..request })
                .map(|frame| frame.address)
        };
        let stack = alternate(0x5000_0000, 8192);
        let first = build(&stack, ESP).unwrap();
        assert!((0x5000_1000..0x5000_2000).contains(&first));
        let second = build(&stack, first).unwrap();
        assert!(second < first && stack.contains(second));
        assert!(build(&stack, 0x5000_0100).is_err(), "no room is left");
        assert!(build(&AlternateStack::NONE, ESP).is_ok());
        assert!(build(&AlternateStack::NONE, 600).is_err(), "below address 0");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn a_frame_never_touches_what_is_above_it(
            esp: u32, flags: u32, with_fpu: bool, start in 0u32..0xb000_0000, size in 2048u32..9000,
        ) {
            let (call, info) = (call(flags), Info::bare(SIGUSR1));
            let stack = alternate(start, size);
            let registers = Registers { esp, ..REGISTERS };
            let request = request(&call, &info, &stack);
            let request = FrameRequest { registers: &registers, with_fpu, ..request };
            if let Ok(frame) = HandlerFrame::build(&request) {
                prop_assert_eq!(frame.address % 16, 12);
                let len = match frame.bytes {
                    FrameBytes::Old(..) => 732,
                    FrameBytes::Rt(_) => 268,
                };
                let top = match frame.fpstate {
                    Some(fpstate) => {
                        prop_assert_eq!((fpstate + 112) % 64, 0);
                        prop_assert!(frame.address + len <= fpstate);
                        fpstate + 624
                    }
                    None => frame.address + len,
                };
                let on_stack = flags & SA_ONSTACK != 0 && !stack.contains(esp);
                let limit = if on_stack { start + size } else { esp };
                prop_assert!(top <= limit);
            }
        }
    }
}

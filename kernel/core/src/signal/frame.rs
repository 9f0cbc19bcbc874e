//! The stack of a handler: where it lies and what is on it.
//!
//! ```text
//!            old ESP, or the top of the alternate stack
//!            what XSAVE or FXSAVE stores, aligned to 64, with an end mark behind the former
//!            112 bytes as FSAVE stores them           <- fpstate
//!            (gap)
//!            frame, with ESP + 4 a multiple of 16     <- ESP of the handler
//! ```

use super::alternate_stack::AlternateStack;
use super::context::{DIRECTION, RESUME, Registers, TRAP, USER_DS, context};
use super::delivery::HandlerCall;
use super::fpu::FSAVE_LEN;
use super::info::Info;
use abi::signal::{
    RtSignalFrame, SA_ONSTACK, SA_RESTORER, SA_SIGINFO, Sigcontext, SignalFrame, SignalFrameEnd,
    SignalSet, Ucontext,
};
use core::mem::offset_of;

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
    /// Bytes of the FPU image, its end mark included. Without one there is no `fpstate`.
    pub fpu_image: Option<u32>,
    /// `__kernel_sigreturn` and `__kernel_rt_sigreturn`, if the program has a vDSO.
    pub vdso_returns: Option<(u32, u32)>,
}

/// Where a frame goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FramePlace {
    /// The handler's ESP.
    pub address: u32,
    /// Where the FPU state goes: [`super::fsave_header`], then the image.
    pub fpstate: Option<u32>,
}

/// What the handler's first instruction finds in the registers that differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HandlerStart {
    pub eip: u32,
    pub esp: u32,
    pub eax: u32,
    pub edx: u32,
    pub ecx: u32,
    pub eflags: u32,
}

/// There is no stack to put the frame on: SIGSEGV instead, by default if that is what failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FrameError;

impl FrameRequest<'_> {
    /// Whether the handler takes three arguments, and so gets an [`RtSignalFrame`].
    #[inline]
    pub const fn with_info(&self) -> bool {
        self.call.action.flags & SA_SIGINFO != 0
    }

    /// The frame may still turn out to lie outside the program's memory: the copy shows.
    #[inline]
    pub fn place(&self) -> Result<FramePlace, FrameError> {
        let len = match self.with_info() {
            true => size_of::<RtSignalFrame>() as u32,
            false => SignalFrame::END_OFFSET + size_of::<SignalFrameEnd>() as u32,
        };
        let (address, fpstate) = place(self, len)?;
        Ok(FramePlace { address, fpstate })
    }

    /// The start of the frame of a handler with one argument.
    #[inline]
    pub fn old_frame(&self, place: &FramePlace) -> SignalFrame {
        let retcode = SignalFrame::END_OFFSET + offset_of!(SignalFrameEnd, retcode) as u32;
        SignalFrame {
            pretcode: self.pretcode(
                self.vdso_returns.map(|(address, _)| address),
                place.address.wrapping_add(retcode),
            ),
            signo: self.call.signal,
            context: self.context(place),
        }
    }

    /// Its end, which goes [`SignalFrame::END_OFFSET`] above the start; nothing is between.
    #[inline]
    pub fn old_frame_end(&self) -> SignalFrameEnd {
        let extramask = (self.mask.bits >> 32) as u32;
        SignalFrameEnd { extramask, retcode: SignalFrame::RETCODE }
    }

    /// The frame of a handler with three arguments.
    pub fn rt_frame(&self, place: &FramePlace) -> RtSignalFrame {
        let start = self.start(place);
        let retcode = place.address.wrapping_add(offset_of!(RtSignalFrame, retcode) as u32);
        RtSignalFrame {
            pretcode: self.pretcode(self.vdso_returns.map(|(_, address)| address), retcode),
            signo: self.call.signal,
            pinfo: start.edx,
            pcontext: start.ecx,
            info: self.info.to_abi(),
            context: Ucontext {
                flags: 0,
                link: 0,
                stack: self.stack.saved(),
                mcontext: self.context(place),
                sigmask: self.mask,
            },
            retcode: RtSignalFrame::RETCODE,
        }
    }

    /// Where the handler begins. Code, data and stack segments are [`super::USER_CS`] and
    /// [`USER_DS`]; FS and GS stay: they hold the thread's variables.
    #[inline]
    pub fn start(&self, place: &FramePlace) -> HandlerStart {
        let within = |field: usize| match self.with_info() {
            true => place.address.wrapping_add(field as u32),
            false => 0,
        };
        HandlerStart {
            eip: self.call.action.handler,
            esp: place.address,
            eax: self.call.signal.cast_unsigned(),
            edx: within(offset_of!(RtSignalFrame, info)),
            ecx: within(offset_of!(RtSignalFrame, context)),
            eflags: self.registers.eflags & !(DIRECTION | TRAP | RESUME),
        }
    }

    fn pretcode(&self, vdso: Option<u32>, in_frame: u32) -> u32 {
        let action = &self.call.action;
        match action.flags & SA_RESTORER {
            0 => vdso.unwrap_or(in_frame),
            _ => action.restorer,
        }
    }

    #[inline]
    fn context(&self, place: &FramePlace) -> Sigcontext {
        let fpstate = place.fpstate.unwrap_or(0);
        context(self.registers, self.trap, fpstate, self.mask.bits as u32)
    }
}

/// The most that a frame takes from a stack, as programs get it to know (AT_MINSIGSTKSZ).
pub const fn largest_frame(fpu_image: u32) -> u32 {
    const ALIGN: u32 = 16;
    const ALIGN_IMAGE: u32 = 64;
    let frame = SignalFrame::END_OFFSET + size_of::<SignalFrameEnd>() as u32 + (ALIGN - 1);
    let state = FSAVE_LEN as u32 + fpu_image + (ALIGN_IMAGE - 1);
    (frame + state).next_multiple_of(ALIGN)
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
    let (top, fpstate) = match request.fpu_image {
        Some(bytes) => {
            let image = below(top, bytes as usize)? & !63;
            let fpstate = below(image, FSAVE_LEN)?;
            (fpstate, Some(fpstate))
        }
        None => (top, None),
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
            fpu_image: Some(512),
            vdso_returns: None,
        }
    }

    fn old(request: &FrameRequest<'_>) -> (FramePlace, SignalFrame, SignalFrameEnd) {
        let place = request.place().unwrap();
        (place, request.old_frame(&place), request.old_frame_end())
    }

    fn alternate(start: u32, size: u32) -> AlternateStack {
        let mut stack = AlternateStack::NONE;
        stack.set(&Sigaltstack { sp: start, flags: 0, size }, 0).unwrap();
        stack
    }

    #[test]
    fn the_old_frame_is_linuxs() {
        let (call, info) = (call(SA_RESTORER), Info::bare(SIGUSR1));
        let request = request(&call, &info, &AlternateStack::NONE);
        let (place, head, end) = old(&request);
        // FXSAVE image at 0xbfffef00, its header 112 below, the frame 732 below that.
        assert_eq!(place.fpstate, Some(0xbfff_ee90));
        assert_eq!(place.address, (0xbfff_ee90 - 732 + 4) / 16 * 16 - 4);
        assert_eq!((head.pretcode, head.signo), (0x0804_9200, SIGUSR1));
        assert_eq!((head.context.oldmask, end.extramask), (0x9abc_def0, 0x1234_5678));
        assert_eq!((head.context.fpstate, head.context.cr2), (0xbfff_ee90, 0xdead_0000));
        assert_eq!(end.retcode, [0x58, 0xb8, 119, 0, 0, 0, 0xcd, 0x80]);
        let expected = HandlerStart {
            eax: SIGUSR1 as u32,
            edx: 0,
            ecx: 0,
            eip: 0x0804_9100,
            esp: place.address,
            eflags: 0x0000_0246,
        };
        assert_eq!(request.start(&place), expected);
        assert_eq!(restored(&head.context, REGISTERS.eflags), Some(REGISTERS));
    }

    #[test]
    fn the_largest_frame_is_linuxs() {
        // With AVX, and with FXSAVE only (whose end mark nobody stores).
        assert_eq!([largest_frame(836), largest_frame(512)], [1760, 1440]);
    }

    #[test]
    fn the_rt_frame_is_linuxs() {
        let (call, info) = (call(SA_SIGINFO), Info { code: 2, ..Info::bare(SIGSEGV) });
        let stack = alternate(0x5000_0000, 8192);
        let request = request(&call, &info, &stack);
        let place = request.place().unwrap();
        let rt = request.rt_frame(&place);
        assert_eq!((rt.pinfo, rt.pcontext), (place.address + 16, place.address + 144));
        assert_eq!(rt.pretcode, place.address + 260, "the code in the frame");
        assert_eq!((rt.info.signo, rt.info.code), (SIGSEGV, 2));
        assert_eq!((rt.context.flags, rt.context.link), (0, 0));
        assert_eq!(rt.context.stack, Sigaltstack { sp: 0x5000_0000, flags: 0, size: 8192 });
        assert_eq!({ rt.context.sigmask.bits }, 0x1234_5678_9abc_def0);
        let start = request.start(&place);
        assert_eq!((start.edx, start.ecx), (rt.pinfo, rt.pcontext));
    }

    #[test]
    fn the_way_back_is_restorer_then_vdso_then_stack() {
        let info = Info::bare(SIGUSR1);
        let pretcode = |flags, vdso_returns| {
            let call = call(flags);
            let request = request(&call, &info, &AlternateStack::NONE);
            let request = FrameRequest { vdso_returns, ..request };
            let place = request.place().unwrap();
            match request.with_info() {
                false => (request.old_frame(&place).pretcode, place.address),
                true => (request.rt_frame(&place).pretcode, place.address),
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
            FrameRequest { registers: &registers, ..request }.place().map(|place| place.address)
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
            esp: u32, flags: u32, image: Option<u16>, start in 0u32..0xb000_0000, size in 2048u32..9000,
        ) {
            let (call, info) = (call(flags), Info::bare(SIGUSR1));
            let stack = alternate(start, size);
            let registers = Registers { esp, ..REGISTERS };
            let request = request(&call, &info, &stack);
            let fpu_image = image.map(u32::from);
            let request = FrameRequest { registers: &registers, fpu_image, ..request };
            if let Ok(frame) = request.place() {
                prop_assert_eq!(frame.address % 16, 12);
                let len = if request.with_info() { 268 } else { 732 };
                let top = match frame.fpstate {
                    Some(fpstate) => {
                        prop_assert_eq!((fpstate + 112) % 64, 0);
                        prop_assert!(frame.address + len <= fpstate);
                        fpstate + 112 + fpu_image.unwrap_or(0)
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

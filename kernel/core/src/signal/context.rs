//! A program's registers, as a handler finds them in its frame and may change them.

use abi::signal::Sigcontext;

/// The selectors of user code and data (GDT entries 14 and 15).
pub const USER_CS: u16 = 0x73;
pub const USER_DS: u16 = 0x7b;
/// GDT entries 6 to 8, set by `set_thread_area`.
const TLS_ENTRIES: core::ops::RangeInclusive<u16> = 6..=8;

/// The flags a program may change by `sigreturn`: AC RF OF DF TF SF ZF AF PF CF.
pub const FIX_EFLAGS: u32 = 0x0005_0dd5;

pub(super) const DIRECTION: u32 = 1 << 10;
pub(super) const TRAP: u32 = 1 << 8;
pub(super) const RESUME: u32 = 1 << 16;

/// Everything `sigreturn` restores but the FPU.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Registers {
    pub gs: u16,
    pub fs: u16,
    pub es: u16,
    pub ds: u16,
    pub cs: u16,
    pub ss: u16,
    pub edi: u32,
    pub esi: u32,
    pub ebp: u32,
    pub esp: u32,
    pub ebx: u32,
    pub edx: u32,
    pub ecx: u32,
    pub eax: u32,
    pub eip: u32,
    pub eflags: u32,
}

/// The context of a frame. `trap` is vector, error code and CR2 of the thread's last exception.
pub fn context(
    registers: &Registers,
    trap: (u32, u32, u32),
    fpstate: u32,
    oldmask: u32,
) -> Sigcontext {
    let (trapno, err, cr2) = trap;
    Sigcontext {
        gs: registers.gs,
        gs_high: 0,
        fs: registers.fs,
        fs_high: 0,
        es: registers.es,
        es_high: 0,
        ds: registers.ds,
        ds_high: 0,
        edi: registers.edi,
        esi: registers.esi,
        ebp: registers.ebp,
        esp: registers.esp,
        ebx: registers.ebx,
        edx: registers.edx,
        ecx: registers.ecx,
        eax: registers.eax,
        trapno,
        err,
        eip: registers.eip,
        cs: registers.cs,
        cs_high: 0,
        eflags: registers.eflags,
        esp_at_signal: registers.esp,
        ss: registers.ss,
        ss_high: 0,
        fpstate,
        oldmask,
        cr2,
    }
}

/// Whether a data segment register may hold this selector: null, user code or data, or a TLS
/// entry. (An empty TLS entry still faults; that is the loader's to catch.)
pub const fn is_loadable(selector: u16) -> bool {
    let (entry, table_and_level) = (selector >> 3, selector & 7);
    match entry {
        0 => selector < 4,
        _ if table_and_level != 3 => false,
        _ => {
            selector == USER_CS
                || selector == USER_DS
                || (entry >= *TLS_ENTRIES.start() && entry <= *TLS_ENTRIES.end())
        }
    }
}

/// The registers that a context asks for; `eflags` are those of now. Bad data selectors become
/// null, as on Linux. `None` if code or stack selector cannot be returned to: SIGSEGV.
pub fn restored(context: &Sigcontext, eflags: u32) -> Option<Registers> {
    let data = |selector| if is_loadable(selector) { selector } else { 0 };
    let (cs, ss) = (context.cs | 3, context.ss | 3);
    let stack_is_good = is_loadable(ss) && ss > 3 && ss != USER_CS;
    (cs == USER_CS && stack_is_good).then_some(Registers {
        gs: data(context.gs),
        fs: data(context.fs),
        es: data(context.es),
        ds: data(context.ds),
        cs,
        ss,
        edi: context.edi,
        esi: context.esi,
        ebp: context.ebp,
        esp: context.esp,
        ebx: context.ebx,
        edx: context.edx,
        ecx: context.ecx,
        eax: context.eax,
        eip: context.eip,
        eflags: eflags & !FIX_EFLAGS | context.eflags & FIX_EFLAGS,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const USER: Registers = Registers {
        gs: 0x33,
        fs: 0,
        es: USER_DS,
        ds: USER_DS,
        cs: USER_CS,
        ss: USER_DS,
        edi: 1,
        esi: 2,
        ebp: 3,
        esp: 4,
        ebx: 5,
        edx: 6,
        ecx: 7,
        eax: 8,
        eip: 9,
        eflags: 0x202,
    };

    #[test]
    fn an_unchanged_context_restores_the_registers() {
        let context = context(&USER, (14, 6, 0x1234), 0xf000, 0x55);
        assert_eq!((context.trapno, context.err, context.cr2), (14, 6, 0x1234));
        assert_eq!((context.esp_at_signal, context.fpstate, context.oldmask), (4, 0xf000, 0x55));
        assert_eq!(restored(&context, USER.eflags), Some(USER));
    }

    #[test]
    fn only_some_flags_can_be_changed() {
        let mut context = context(&USER, (0, 0, 0), 0, 0);
        context.eflags = u32::MAX;
        assert_eq!(restored(&context, 0x202).unwrap().eflags, 0x0005_0fd7);
        context.eflags = 0;
        assert_eq!(restored(&context, 0x0025_3202 | 0xff).unwrap().eflags, 0x0020_322a);
    }

    #[test]
    fn selectors_of_the_kernel_are_refused() {
        for good in [0, 3, USER_CS, USER_DS, 0x33, 0x3b, 0x43] {
            assert!(is_loadable(good), "{good:#x}");
        }
        for bad in [4, 7, 8, 0x60, 0x68, 0x63, 0x6b, 0x70, 0x78, 0x7f, 0x30, 0x4b, 0xffff] {
            assert!(!is_loadable(bad), "{bad:#x}");
        }
        let mut context = context(&USER, (0, 0, 0), 0, 0);
        (context.gs, context.ds) = (0x60, 0x2b);
        let registers = restored(&context, 0).unwrap();
        assert_eq!((registers.gs, registers.ds), (0, 0));
        context.cs = 0x70;
        assert_eq!(restored(&context, 0).unwrap().cs, USER_CS, "the privilege level is forced");
        for (cs, ss) in [(0x60, USER_DS), (USER_DS, USER_DS), (USER_CS, 0), (USER_CS, USER_CS)] {
            (context.cs, context.ss) = (cs, ss);
            assert_eq!(restored(&context, 0), None);
        }
    }

    proptest! {
        #[test]
        fn no_context_gains_privilege(
            words: [u16; 6], eflags: u32, now: u32, esp: u32, eip: u32,
        ) {
            let mut context = context(&USER, (0, 0, 0), 0, 0);
            [context.gs, context.fs, context.es, context.ds, context.cs, context.ss] = words;
            (context.eflags, context.esp, context.eip) = (eflags, esp, eip);
            if let Some(found) = restored(&context, now) {
                prop_assert_eq!((found.eflags ^ now) & !FIX_EFLAGS, 0);
                prop_assert_eq!((found.cs, found.esp, found.eip), (USER_CS, esp, eip));
                for selector in [found.gs, found.fs, found.es, found.ds, found.ss] {
                    prop_assert!(is_loadable(selector));
                }
            }
        }
    }
}

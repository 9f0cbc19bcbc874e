//! The shared object that the kernel brings along, and the clocks in it.

use crate::child;
use crate::fault::*;
use alloc::format;
use core::arch::asm;
use sys::abi::auxv::{AT_SYSINFO, AT_SYSINFO_EHDR};
use sys::abi::memory::*;
use sys::abi::signal::{SA_SIGINFO, SIGSEGV, SIGUSR1, Sigaction, SignalSet};
use sys::abi::time::*;
use sys::abi::{Plain, UserMutPtr};
use sys::env;
use sys::syscall::{input, output};
use sys::wait::Status;

tests![
    its_functions_are_found_by_name_and_version,
    its_clocks_and_the_kernels_never_disagree,
    its_time_of_day_is_the_kernels,
    a_child_has_it_too,
    who_unmaps_it_has_int_0x80_left,
    calls_return_to_where_it_was_moved,
    its_pages_are_the_kernels_until_they_are_written,
    the_page_of_the_time_is_only_read,
    handlers_without_a_restorer_return_through_it,
];

/// The image, read as a dynamic linker would.
struct Image {
    base: u32,
    symbols: u32,
    strings: u32,
    hash: u32,
    versions: u32,
    definitions: u32,
    /// Bytes of its one segment.
    len: u32,
}

impl Image {
    fn find() -> Self {
        const PT_LOAD: u32 = 1;
        const PT_DYNAMIC: u32 = 2;
        let base = env::auxiliary_value(AT_SYSINFO_EHDR).expect("AT_SYSINFO_EHDR");
        assert_eq!(peek_word(base), 0x464c_457f);
        let headers = base + peek_word(base + 28);
        let count = peek_word(base + 44) & 0xffff;
        let segment = |kind: u32| {
            let header = |index: u32| headers + index * 32;
            let header = (0..count).map(header).find(|&header| peek_word(header) == kind);
            let header = header.unwrap_or_else(|| panic!("no segment of type {kind}"));
            (peek_word(header + 8), peek_word(header + 20))
        };
        let (start, len) = segment(PT_LOAD);
        let dynamic = base + segment(PT_DYNAMIC).0 - start;
        let entry = |tag: u32| {
            let mut place = dynamic;
            while peek_word(place) != tag {
                assert_ne!(peek_word(place), 0, "no dynamic entry {tag:#x}");
                place += 8;
            }
            base + peek_word(place + 4) - start
        };
        Self {
            base,
            symbols: entry(6),
            strings: entry(5),
            hash: entry(4),
            versions: entry(0x6fff_fff0),
            definitions: entry(0x6fff_fffc),
            len,
        }
    }

    fn pages(&self) -> u32 {
        self.len.div_ceil(PAGE)
    }

    /// The address of a function by its name and version, found by the SysV hash.
    fn function(&self, name: &str, version: &str) -> u32 {
        let buckets = peek_word(self.hash);
        let bucket = self.hash + 8 + hash(name) % buckets * 4;
        let mut index = peek_word(bucket);
        while index != 0 {
            let symbol = self.symbols + index * 16;
            if self.is_string(peek_word(symbol), name) {
                let number = peek_word(self.versions + index / 2 * 4) >> (index % 2 * 16) & 0x7fff;
                assert!(self.is_version(number, version), "{name} is no {version}");
                return self.base + peek_word(symbol + 4);
            }
            index = peek_word(self.hash + 8 + (buckets + index) * 4);
        }
        panic!("no {name}");
    }

    fn is_version(&self, number: u32, version: &str) -> bool {
        let mut definition = self.definitions;
        while peek_word(definition + 4) & 0xffff != number {
            let next = peek_word(definition + 16);
            assert_ne!(next, 0, "no version {number}");
            definition += next;
        }
        let name = definition + peek_word(definition + 12);
        peek_word(definition + 8) == hash(version) && self.is_string(peek_word(name), version)
    }

    fn is_string(&self, offset: u32, text: &str) -> bool {
        let address = self.strings + offset;
        text.bytes().chain([0]).zip(address..).all(|(byte, place)| peek(place) == byte)
    }
}

/// As the ELF specification has it.
fn hash(name: &str) -> u32 {
    name.bytes().fold(0_u32, |hash, byte| {
        let hash = (hash << 4).wrapping_add(u32::from(byte));
        let high = hash & 0xf000_0000;
        (hash ^ high >> 24) & !high
    })
}

pub fn its_functions_are_found_by_name_and_version() {
    let image = Image::find();
    let entry = image.function("__kernel_vsyscall", "LINUX_2.5");
    assert_eq!(env::auxiliary_value(AT_SYSINFO), Some(entry));
    // Debuggers know these two by their bytes.
    let old = image.function("__kernel_sigreturn", "LINUX_2.5");
    assert_eq!([0, 4].map(|at| peek_word(old + at)), [0x0077_b858, 0x80cd_0000]);
    let new = image.function("__kernel_rt_sigreturn", "LINUX_2.5");
    assert_eq!([0, 3].map(|at| peek_word(new + at)), [0x0000_adb8, 0x80cd_0000]);
    for name in ["clock_gettime", "clock_gettime64", "gettimeofday", "time", "clock_getres"] {
        let place = image.function(&format!("__vdso_{name}"), "LINUX_2.6");
        assert!((image.base..image.base + image.len).contains(&place), "{name}");
    }
}

type Clock<T> = extern "C" fn(i32, *mut T) -> i32;

fn clock<T>(image: &Image, name: &str) -> Clock<T> {
    let address = image.function(name, "LINUX_2.6");
    // SAFETY: the function of that name takes these.
    unsafe { core::mem::transmute::<usize, Clock<T>>(address as usize) }
}

pub fn its_clocks_and_the_kernels_never_disagree() {
    let image = Image::find();
    let narrow = clock::<Timespec>(&image, "__vdso_clock_gettime");
    let wide = clock::<Timespec64>(&image, "__vdso_clock_gettime64");
    for id in [
        CLOCK_REALTIME,
        CLOCK_MONOTONIC,
        CLOCK_MONOTONIC_RAW,
        CLOCK_BOOTTIME,
        CLOCK_REALTIME_COARSE,
        CLOCK_MONOTONIC_COARSE,
        CLOCK_PROCESS_CPUTIME_ID,
        CLOCK_THREAD_CPUTIME_ID,
    ] {
        let mut last = (0, 0);
        for _ in 0..500 {
            let (mut short, mut long) = (Timespec::default(), Timespec64::default());
            assert_eq!(wide(id, &mut long), 0);
            let by_wide = (long.sec, long.nsec);
            assert_eq!(call!(clock_gettime(id, output(&mut short))), Ok(0));
            let by_call = (i64::from(short.sec), i64::from(short.nsec));
            assert_eq!(narrow(id, &mut short), 0);
            let by_narrow = (i64::from(short.sec), i64::from(short.nsec));
            assert!((0..1_000_000_000).contains(&long.nsec), "clock {id}: {long:?}");
            assert!(last <= by_wide && by_wide <= by_call && by_call <= by_narrow, "clock {id}");
            last = by_narrow;
        }
    }
    assert!(narrow(99, &mut Timespec::default()) < 0);
}

pub fn its_time_of_day_is_the_kernels() {
    let image = Image::find();
    let address = image.function("__vdso_gettimeofday", "LINUX_2.6");
    // SAFETY: the function of that name takes these.
    let of_day = unsafe {
        core::mem::transmute::<usize, extern "C" fn(*mut Timeval, *mut Timezone) -> i32>(
            address as usize,
        )
    };
    let address = image.function("__vdso_time", "LINUX_2.6");
    // SAFETY: the function of that name takes this.
    let time =
        unsafe { core::mem::transmute::<usize, extern "C" fn(*mut i32) -> i32>(address as usize) };
    let resolution = clock::<Timespec>(&image, "__vdso_clock_getres");
    let (mut first, mut second, mut zone) =
        (Timeval::default(), Timeval::default(), Timezone::default());
    assert_eq!(call!(gettimeofday(output(&mut first), UserMutPtr::NULL)), Ok(0));
    assert_eq!(of_day(&mut second, &mut zone), 0);
    assert!((first.sec, first.usec) <= (second.sec, second.usec));
    assert_eq!(of_day(core::ptr::null_mut(), core::ptr::null_mut()), 0);
    let mut stored = 0;
    let told = time(&mut stored);
    assert!(told == stored && told.abs_diff(second.sec) <= 1);
    assert!(time(core::ptr::null_mut()) >= told);
    for id in [CLOCK_MONOTONIC, CLOCK_REALTIME_COARSE] {
        let (mut ours, mut theirs) = (Timespec::default(), Timespec::default());
        assert_eq!(resolution(id, &mut ours), 0);
        assert_eq!(call!(clock_getres(id, output(&mut theirs))), Ok(0));
        assert_eq!((ours.sec, ours.nsec), (theirs.sec, theirs.nsec));
    }
}

pub fn a_child_has_it_too() {
    let image = Image::find();
    let monotonic = clock::<Timespec64>(&image, "__vdso_clock_gettime64");
    let mut before = Timespec64::default();
    assert_eq!(monotonic(CLOCK_MONOTONIC, &mut before), 0);
    let status = child::run(|| {
        let mut now = Timespec64::default();
        let told = monotonic(CLOCK_MONOTONIC, &mut now);
        i32::from(told != 0 || (now.sec, now.nsec) < (before.sec, before.nsec))
    });
    assert_eq!(status, Status::Exited(0));
}

/// A call with two arguments past the vDSO.
fn by_interrupt(number: u32, first: u32, second: u32) -> u32 {
    let result;
    // SAFETY: as for the call; EBX cannot be an operand.
    unsafe {
        asm!("xchg ebx, {first}", "int 0x80", "xchg ebx, {first}",
            first = inout(reg) first => _, inlateout("eax") number => result, in("ecx") second);
    }
    result
}

const EXIT: u32 = 1;
const MUNMAP: u32 = 91;

pub fn who_unmaps_it_has_int_0x80_left() {
    let image = Image::find();
    let len = image.pages() * PAGE;
    let status = child::run(|| {
        if by_interrupt(MUNMAP, image.base, len) == 0 {
            by_interrupt(EXIT, 7, 0);
        }
        1
    });
    assert_eq!(status, Status::Exited(7));
    // Through the vDSO there is no way back.
    let entry = env::auxiliary_value(AT_SYSINFO).expect("AT_SYSINFO");
    let status = child::run(|| {
        // SAFETY: the child ends here.
        unsafe {
            asm!("push ebx", "mov ebx, {base}", "call {entry}", "pop ebx", base = in(reg) image.base,
                entry = in(reg) entry, inlateout("eax") MUNMAP => _, in("ecx") len);
        }
        1
    });
    assert_eq!(status, Status::Signaled(SIGSEGV));
}

pub fn calls_return_to_where_it_was_moved() {
    let image = Image::find();
    let len = image.pages() * PAGE;
    let to = map(image.pages());
    unmap(to, image.pages());
    let offset = env::auxiliary_value(AT_SYSINFO).expect("AT_SYSINFO") - image.base;
    let status = child::run(|| {
        let moved = call!(mremap(image.base, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, to));
        let result: u32;
        // SAFETY: EAX alone changes: getpid.
        unsafe {
            asm!("call {entry}", entry = in(reg) to + offset, inlateout("eax") 20 => result);
        }
        let good = moved == Ok(to) && result == by_interrupt(20, 0, 0);
        by_interrupt(EXIT, u32::from(!good), 0);
        1
    });
    assert_eq!(status, Status::Exited(0));
}

pub fn its_pages_are_the_kernels_until_they_are_written() {
    let image = Image::find();
    let last = image.base + image.pages() * PAGE - 1;
    assert_eq!(try_write(image.base), forbidden(image.base));
    let before = peek(last);
    let status = child::run(|| {
        let rights = PROT_READ | PROT_WRITE | PROT_EXEC;
        if call!(mprotect(image.base, image.pages() * PAGE, rights)).is_err() {
            return 1;
        }
        poke(last, before.wrapping_add(1));
        i32::from(peek(last) == before)
    });
    assert_eq!((status, peek(last)), (Status::Exited(0), before));
}

pub fn the_page_of_the_time_is_only_read() {
    crate::harness::only_on_folio("Linux puts its data elsewhere in front of the code");
    let image = Image::find();
    let page = image.base - PAGE;
    assert_eq!((try_read(page), try_write(page)), (Ok(()), forbidden(page)));
    let write = call!(mprotect(page, PAGE, PROT_READ | PROT_WRITE));
    assert_eq!(write, Err(sys::Errno::EACCES));
    let grown = call!(mremap(page, PAGE, 2 * PAGE, MREMAP_MAYMOVE, 0));
    assert_eq!(grown, Err(sys::Errno::EFAULT));
}

static mut RETURNS: u32 = 0;

extern "C" fn note_return(_: i32) {
    let frame: u32;
    // SAFETY: above the saved EBP lies the return address.
    unsafe {
        asm!("mov {frame}, [ebp + 4]", frame = out(reg) frame);
        RETURNS = frame;
    }
}

pub fn handlers_without_a_restorer_return_through_it() {
    let image = Image::find();
    for (flags, name) in [(0, "__kernel_sigreturn"), (SA_SIGINFO, "__kernel_rt_sigreturn")] {
        let handler = note_return as *const () as u32;
        let action = Sigaction { handler, flags, restorer: 0, mask: SignalSet::EMPTY };
        let set = call!(rt_sigaction(SIGUSR1, input(&action), UserMutPtr::NULL, 8));
        assert_eq!(set, Ok(0));
        let me = call!(getpid()).expect("getpid").cast_signed();
        assert_eq!(call!(kill(me, SIGUSR1)), Ok(0));
        // SAFETY: the handler has run.
        assert_eq!(unsafe { RETURNS }, image.function(name, "LINUX_2.5"), "{name}");
    }
    let default = Sigaction::ZERO;
    assert_eq!(call!(rt_sigaction(SIGUSR1, input(&default), UserMutPtr::NULL, 8)), Ok(0));
}

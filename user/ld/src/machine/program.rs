//! The program that the kernel has mapped.

use super::failure::Failure;
use super::functions;
use super::linker::{LINKER, Linker, Settings, TURN};
use super::thread::Common;
use core::mem::MaybeUninit;
use ld::{Layout, Range};
use sys::abi::auxv::{
    AT_BASE, AT_ENTRY, AT_EXECFN, AT_PHDR, AT_PHNUM, AT_RANDOM, AT_SECURE, AT_SYSINFO,
};
use sys::{env, process};

/// What a shell answers for a program that it has not found.
const NOT_FOUND: i32 = 127;
const PROGRAM_HEADER_LEN: u32 = 32;
/// What the heap begins with: enough for a program with a few libraries.
const HEAP_LEN: usize = 16 << 10;

/// What the kernel says.
#[derive(Default)]
struct Auxiliary {
    base: u32,
    entry: u32,
    headers: u32,
    header_count: u32,
    secure: bool,
    path: u32,
    system_entry: u32,
    random: u32,
}

impl Auxiliary {
    fn read() -> Self {
        let mut all = Self::default();
        for (id, value) in env::auxiliary_vector() {
            match id {
                AT_BASE => all.base = value,
                AT_ENTRY => all.entry = value,
                AT_PHDR => all.headers = value,
                AT_PHNUM => all.header_count = value,
                AT_SECURE => all.secure = value != 0,
                AT_EXECFN => all.path = value,
                AT_SYSINFO => all.system_entry = value,
                AT_RANDOM => all.random = value,
                _ => {}
            }
        }
        all
    }

    fn common(&self) -> Common {
        let random = self.random as *const [u32; 2];
        // SAFETY: the kernel put sixteen bytes there.
        let [first, second] = unsafe { random.read_unaligned() };
        // As Linux's: the zero byte ends a string that runs on.
        let stack_guard = first & !0xff;
        Common { system_entry: self.system_entry, stack_guard, pointer_guard: second }
    }
}

/// Loads the program's libraries and runs what they want run first; where the program begins. Called
/// once.
pub fn start() -> u32 {
    static mut HEAP: [MaybeUninit<u8>; HEAP_LEN] = [const { MaybeUninit::uninit() }; HEAP_LEN];
    let heap = &raw mut HEAP;
    // SAFETY: nobody else names it, and this runs once.
    sys::heap::lend(unsafe { &mut *heap });
    let auxiliary = Auxiliary::read();
    let _turn = TURN.take();
    let program = {
        let mut linker = LINKER.lock();
        if let Err(failure) = load(&mut linker, &auxiliary) {
            cannot_run(&failure);
        }
        if linker.settings.inert {
            list(&linker);
            process::exit(0)
        }
        &raw const linker.get(0).object
    };
    if let Err(failure) = functions::settle() {
        cannot_run(&failure);
    }
    // SAFETY: the program's object stays where it is.
    functions::pre_initialise(unsafe { &*program });
    functions::initialise(0);
    auxiliary.entry
}

fn load(linker: &mut Linker, auxiliary: &Auxiliary) -> Result<(), Failure> {
    if auxiliary.base == 0 {
        const WHY: &str = "the kernel starts it, for programs that are linked with shared objects";
        return Err(Failure::of(env::program().as_bytes(), WHY));
    }
    let secure = auxiliary.secure;
    let mut settings = Settings { library_path: None, secure, bind_now: false, inert: false };
    for variable in env::vars().filter(|_| !secure) {
        let Some(variable) = variable.strip_prefix(b"LD_") else { continue };
        if let Some(path) = variable.strip_prefix(b"LIBRARY_PATH=") {
            settings.library_path = (!path.is_empty()).then_some(path);
        }
        let is = |name: &[u8]| variable.strip_prefix(name).is_some_and(|value| !value.is_empty());
        settings.bind_now |= is(b"BIND_NOW=");
        settings.inert |= is(b"TRACE_LOADED_OBJECTS=");
    }
    linker.settings = settings;
    linker.threads.common = auxiliary.common();
    // SAFETY: the kernel put the path there.
    let path = unsafe { core::ffi::CStr::from_ptr(auxiliary.path as *const _) }.to_bytes();
    let table =
        Range { start: auxiliary.headers, len: auxiliary.header_count * PROGRAM_HEADER_LEN };
    // SAFETY: the kernel has mapped the program, with its headers.
    let table = unsafe { super::file::bytes(table, 0) };
    let (layout, bias) =
        Layout::of_program(table, auxiliary.headers).map_err(|defect| Failure::of(path, defect))?;
    linker.load_program(path, layout, bias, auxiliary.base)
}

/// As `ldd` shows it.
fn list(linker: &Linker) {
    for loaded in linker.objects().skip(1) {
        let path = &loaded.object.path;
        let name = loaded.object.soname().unwrap_or(path);
        let start = loaded.object.bias.wrapping_add(loaded.object.layout.span().start);
        sys::println!("\t{} => {} (0x{start:08x})", name.escape_ascii(), path.escape_ascii());
    }
}

/// Says why and ends the process.
pub fn cannot_run(failure: &Failure) -> ! {
    sys::eprintln!("{}: {}", env::program(), failure.message().escape_ascii());
    process::exit(NOT_FOUND)
}

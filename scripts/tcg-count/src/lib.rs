//! A plugin for QEMU's emulation that counts instructions: those of the kernel, at or above
//! `border`, and those of programs, between the executions of the instructions at `begin` and `end`.
//!
//! `-plugin libtcg_count.so,border=0xc0000000,begin=0x8049000,end=0x8049010,to=FILE`: each time `end`
//! is reached, a line `KERNEL PROGRAMS` is added to the file.

mod qemu;

use core::ffi::{c_char, c_int, c_uint, c_void};
use qemu::{Block, Id};
use std::cell::UnsafeCell;
use std::fs::File;
use std::io::Write;
use std::sync::{Mutex, OnceLock};

/// What to watch for.
struct Plan {
    border: u64,
    begin: u64,
    end: u64,
    to: Mutex<File>,
}

static PLAN: OnceLock<Plan> = OnceLock::new();

/// Counters that translated code adds to, and what they were at `begin`.
struct Counters(UnsafeCell<[u64; 2]>);

// SAFETY: only the one processor's thread touches them.
unsafe impl Sync for Counters {}

const KERNEL: usize = 0;
const PROGRAMS: usize = 1;
static COUNTED: Counters = Counters(UnsafeCell::new([0; 2]));
static AT_BEGIN: Counters = Counters(UnsafeCell::new([0; 2]));

impl Counters {
    fn place(&self, which: usize) -> *mut c_void {
        // SAFETY: `which` is below 2.
        unsafe { self.0.get().cast::<u64>().add(which).cast() }
    }

    fn get(&self) -> [u64; 2] {
        // SAFETY: see `Sync`.
        unsafe { *self.0.get() }
    }

    fn set(&self, values: [u64; 2]) {
        // SAFETY: see `Sync`.
        unsafe { *self.0.get() = values }
    }
}

/// QEMU calls it once. 0 if all is well.
///
/// # Safety
/// Only QEMU calls it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qemu_plugin_install(
    id: Id,
    _about: *const c_void,
    count: c_int,
    words: *const *const c_char,
) -> c_int {
    // SAFETY: QEMU's promise.
    let words = unsafe { qemu::arguments(count, words) };
    let Some(plan) = plan(&words) else {
        eprintln!("tcg-count: give border=, begin=, end= and to=");
        return 1;
    };
    if PLAN.set(plan).is_err() {
        return 1;
    }
    // SAFETY: the function is here as long as the plugin is.
    unsafe { qemu::qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation) };
    0
}

fn plan(words: &[(String, String)]) -> Option<Plan> {
    let value = |name: &str| words.iter().find(|word| word.0 == name).map(|word| word.1.as_str());
    let number = |name: &str| u64::from_str_radix(value(name)?.strip_prefix("0x")?, 16).ok();
    let to = Mutex::new(File::create(value("to")?).ok()?);
    Some(Plan { border: number("border")?, begin: number("begin")?, end: number("end")?, to })
}

extern "C" fn on_translation(_: Id, block: *mut Block) {
    let Some(plan) = PLAN.get() else { return };
    for index in 0..qemu::qemu_plugin_tb_n_insns(block) {
        let instruction = qemu::qemu_plugin_tb_get_insn(block, index);
        let address = qemu::qemu_plugin_insn_vaddr(instruction);
        let which = if address >= plan.border { KERNEL } else { PROGRAMS };
        let mark: Option<extern "C" fn(c_uint, *mut c_void)> = match address {
            _ if address == plan.begin => Some(on_begin),
            _ if address == plan.end => Some(on_end),
            _ => None,
        };
        // SAFETY: the instruction is being translated; what is passed lives for ever.
        unsafe {
            if let Some(mark) = mark {
                let nothing = core::ptr::null_mut();
                let flags = qemu::NO_REGISTERS;
                qemu::qemu_plugin_register_vcpu_insn_exec_cb(instruction, mark, flags, nothing);
            }
            let place = COUNTED.place(which);
            let add = qemu::INLINE_ADD_U64;
            qemu::qemu_plugin_register_vcpu_insn_exec_inline(instruction, add, place, 1);
        }
    }
}

extern "C" fn on_begin(_: c_uint, _: *mut c_void) {
    AT_BEGIN.set(COUNTED.get());
}

extern "C" fn on_end(_: c_uint, _: *mut c_void) {
    let ([kernel, programs], before) = (COUNTED.get(), AT_BEGIN.get());
    if let Some(plan) = PLAN.get()
        && let Ok(mut file) = plan.to.lock()
    {
        // Whoever reads the file misses a line then.
        let _ = writeln!(file, "{} {}", kernel - before[KERNEL], programs - before[PROGRAMS]);
    }
}

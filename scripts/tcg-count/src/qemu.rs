//! What of QEMU's plugin interface is used here, version 1 (`qemu-plugin.h` of QEMU 4.2 to 8.2).

use core::ffi::{c_char, c_int, c_uint, c_void};

/// Names a loaded plugin.
pub type Id = u64;

/// A block of instructions being translated.
#[repr(C)]
pub struct Block {
    _opaque: [u8; 0],
}

/// One of its instructions.
#[repr(C)]
pub struct Instruction {
    _opaque: [u8; 0],
}

/// What an inline operation does.
pub const INLINE_ADD_U64: c_int = 0;
/// A callback that looks at no registers.
pub const NO_REGISTERS: c_int = 0;

unsafe extern "C" {
    pub fn qemu_plugin_register_vcpu_tb_trans_cb(id: Id, callback: extern "C" fn(Id, *mut Block));
    pub safe fn qemu_plugin_tb_n_insns(block: *const Block) -> usize;
    pub safe fn qemu_plugin_tb_get_insn(block: *const Block, index: usize) -> *mut Instruction;
    pub safe fn qemu_plugin_insn_vaddr(instruction: *const Instruction) -> u64;
    pub fn qemu_plugin_register_vcpu_insn_exec_inline(
        instruction: *mut Instruction,
        operation: c_int,
        to: *mut c_void,
        value: u64,
    );
    pub fn qemu_plugin_register_vcpu_insn_exec_cb(
        instruction: *mut Instruction,
        callback: extern "C" fn(c_uint, *mut c_void),
        flags: c_int,
        data: *mut c_void,
    );
}

/// The version of the interface that the plugin wants; QEMU looks it up.
#[unsafe(no_mangle)]
pub static qemu_plugin_version: c_int = 1;

/// The words behind the plugin's name on QEMU's command line, as `name=value`.
///
/// # Safety
/// They are those that QEMU called `qemu_plugin_install` with.
pub unsafe fn arguments(count: c_int, words: *const *const c_char) -> Vec<(String, String)> {
    (0..usize::try_from(count).unwrap_or(0))
        .filter_map(|index| {
            // SAFETY: QEMU passes that many strings.
            let word = unsafe { core::ffi::CStr::from_ptr(*words.add(index)) };
            let (name, value) = word.to_str().ok()?.split_once('=')?;
            Some((name.to_owned(), value.to_owned()))
        })
        .collect()
}

//! What objects want called: for their relocations, at their beginning and at their end. The lock is
//! free meanwhile, for they may open and close others; it is this thread's turn.

use super::failure::Failure;
use super::linker::LINKER;
use super::{library, memory};
use ld::Object;
use sys::env;
use sys::library::Linker;

/// As Linux's linkers call them, and with the linker for `libsys.so`.
type Function = extern "C" fn(argc: i32, argv: u32, envp: u32, linker: &'static Linker);

/// Ends the relocation of what was loaded.
pub fn settle() -> Result<(), Failure> {
    let mut next = LINKER.lock().next_step();
    while let Some(step) = next {
        memory::perform(step);
        next = LINKER.lock().step_after();
    }
    LINKER.lock().protect()
}

/// Runs first functions, down to `base` of those that are to be.
pub fn initialise(base: usize) {
    loop {
        let next = LINKER.lock().next_to_begin(base);
        let Some(object) = next else { return };
        // SAFETY: its place does not change, and it stays until it is nobody's turn.
        begin(unsafe { &*object });
    }
}

/// Runs last functions of what was closed, down to `base` of those that are to be.
pub fn finalise(base: usize) {
    loop {
        let next = LINKER.lock().next_to_end(base);
        let Some(object) = next else { return };
        // SAFETY: as above.
        end(unsafe { &*object });
    }
}

/// Runs everybody's last functions.
pub fn finish() {
    loop {
        let next = LINKER.lock().next_to_finish();
        let Some(object) = next else { return };
        // SAFETY: as above.
        end(unsafe { &*object });
    }
}

/// Calls DT_INIT and the functions of DT_INIT_ARRAY.
fn begin(object: &Object<'_>) {
    let array = object.dynamic.init_array;
    let init = object.dynamic.init.map(|init| init.wrapping_add(object.bias));
    for function in init.into_iter().chain(array_of(object, array.start, array.len)) {
        call(function);
    }
}

/// Calls DT_PREINIT_ARRAY, which only programs have.
pub fn pre_initialise(program: &Object<'_>) {
    let array = program.dynamic.preinit_array;
    array_of(program, array.start, array.len).for_each(call);
}

/// Calls the functions of DT_FINI_ARRAY, the last first, and DT_FINI.
fn end(object: &Object<'_>) {
    let array = object.dynamic.fini_array;
    let fini = object.dynamic.fini.map(|fini| fini.wrapping_add(object.bias));
    for function in array_of(object, array.start, array.len).rev().chain(fini) {
        call(function);
    }
}

fn array_of(object: &Object<'_>, start: u32, len: u32) -> impl DoubleEndedIterator<Item = u32> {
    let first = start.wrapping_add(object.bias) as *const u32;
    // SAFETY: `Object::new` has found the array in a segment, aligned, and it was relocated.
    let place = move |index| unsafe { first.add(index).read() };
    // Linkers leave 0 and -1 where there is no function.
    (0..len as usize / 4).map(place).filter(|function| !matches!(*function, 0 | u32::MAX))
}

fn call(function: u32) {
    // SAFETY: the object says that it is such a function.
    let function: Function = unsafe { core::mem::transmute(function as usize) };
    function(env::arg_count() as i32, env::argv(), env::envp(), &library::FUNCTIONS);
}

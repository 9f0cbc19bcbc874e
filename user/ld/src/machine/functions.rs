//! What objects want called at their beginning and end.

use ld::Object;
use sys::env;

type Initialiser = extern "C" fn(argc: i32, argv: u32, envp: u32);

/// Calls DT_INIT and the functions of DT_INIT_ARRAY.
pub fn initialise(object: &Object<'_>) {
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
pub fn finalise(object: &Object<'_>) {
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
    let function: Initialiser = unsafe { core::mem::transmute(function as usize) };
    function(env::arg_count() as i32, env::argv(), env::envp());
}

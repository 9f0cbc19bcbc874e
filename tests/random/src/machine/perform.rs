//! Takes a step.

use super::enter::{enter, makes_a_child, split};
use super::figures::Figures;
use crate::place::slot;
use crate::step::{Keep, Step, Value};
use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// What this process keeps. Threads that a step made share it.
pub struct Slots([AtomicU32; slot::ALL]);

impl Slots {
    pub const fn new() -> Self {
        Self([const { AtomicU32::new(u32::MAX) }; slot::ALL])
    }

    pub fn set(&self, slot: u8, value: u32) {
        if let Some(place) = self.0.get(usize::from(slot)) {
            place.store(value, Relaxed);
        }
    }

    fn value(&self, value: Value) -> u32 {
        match value {
            Value::Number(number) => number,
            Value::Slot(slot) => {
                self.0.get(usize::from(slot)).map_or(0, |place| place.load(Relaxed))
            }
        }
    }
}

const STACK: usize = 4096;
const STACKS: usize = 8;

/// Where children begin that share this process's memory.
#[repr(C, align(16))]
struct Stacks(UnsafeCell<[[u32; STACK]; STACKS]>);

// SAFETY: whoever is there has one for itself, unless there are too many: then they end.
unsafe impl Sync for Stacks {}

static CHILDREN: Stacks = Stacks(UnsafeCell::new([[0; STACK]; STACKS]));
static NEXT: AtomicU32 = AtomicU32::new(0);

/// The top of the next stack, with room for an argument.
fn stack() -> *mut u32 {
    let which = NEXT.fetch_add(1, Relaxed) as usize % STACKS;
    let all = CHILDREN.0.get().cast::<u32>();
    // SAFETY: the place lies in the array.
    unsafe { all.add((which + 1) * STACK - 4) }
}

/// Takes a step; a child that it makes goes on with the step behind `index`.
pub fn perform(step: &Step<'_>, index: u32, slots: &Slots, figures: &Figures) {
    for word in step.words {
        let place = core::ptr::with_exposed_provenance_mut::<u32>(word.at as usize);
        // SAFETY: the arena is nobody's; where it is no more, this process ends.
        unsafe { place.write_unaligned(slots.value(word.value)) };
    }
    let registers = step.registers.map(|value| slots.value(value));
    // SAFETY: this process is there to be killed.
    let result = unsafe {
        match makes_a_child(step.number) {
            true => split(step.number, &registers, stack(), index),
            false => enter(step.number, &registers),
        }
    };
    figures.count(result);
    if Figures::is_error(result) {
        return;
    }
    match step.keep {
        Keep::Nothing => {}
        Keep::Result(slot) => slots.set(slot, result),
        Keep::Words { at, count, slot } => {
            for word in 0..count {
                let at = at as usize + 4 * usize::from(word);
                let place = core::ptr::with_exposed_provenance::<u32>(at);
                // SAFETY: the kernel has just written there.
                slots.set(slot + word, unsafe { place.read_unaligned() });
            }
        }
    }
}

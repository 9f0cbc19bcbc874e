//! Makes steps.

mod edges;
mod kept;
pub mod parameter;
mod shape;
mod sort;
mod tame;
#[cfg(test)]
mod tests;
mod value;
mod weight;
mod words;

use crate::chance::Chance;
use crate::place::slot;
use crate::step::{Keep, Made, Value};
use crate::table::Call;
use alloc::vec::Vec;
use parameter::sort;
use sort::Sort;
use value::Maker;

pub use edges::EDGES;
pub use weight::reason;

/// A call with the sorts of its arguments.
struct Known {
    call: &'static Call,
    sorts: [Option<Sort>; 6],
}

/// Whoever knows the calls, and how often each is made.
pub struct Generator {
    known: Vec<Known>,
    /// Places in `known`, each as often as its weight says.
    lots: Vec<u16>,
}

impl Generator {
    /// With `also`, a call that is otherwise left out: as often as one of the frequent ones.
    pub fn new(also: Option<&str>) -> Self {
        let mut known = Vec::new();
        let mut lots = Vec::new();
        for call in Call::all() {
            let mut sorts = [None; 6];
            for (place, parameter) in call.places() {
                sorts[place] = Some(sort(call, parameter));
            }
            let weight = if also == Some(call.name) { 16 } else { weight::of(call) };
            let place = known.len() as u16;
            lots.extend((0..weight).map(|_| place));
            known.push(Known { call, sorts });
        }
        Self { known, lots }
    }

    /// The step of a process at a place.
    pub fn make(&self, seed: u32, process: u32, index: u32, made: &mut Made) {
        *made = Made::nothing();
        match index % HOUSEKEEPING {
            0 => return unblock_signals(made),
            1 => return handle_alarms(made),
            _ => {}
        }
        let mut chance = Chance::new(seed, process, index);
        // A number that no call has, now and then.
        if chance.once_in(500) {
            made.number = chance.below(520) | chance.below(2) << 30;
            made.registers = core::array::from_fn(|_| value::any(&mut chance));
            if Call::of(made.number).is_none() {
                return;
            }
            *made = Made::nothing();
        }
        let known = &self.known[usize::from(*chance.of(&self.lots))];
        let name = known.call.name;
        made.number = known.call.number();
        let mut maker = Maker::new(&mut chance, made);
        for (place, sort) in known.sorts.iter().enumerate() {
            // What a call does not read is 0.
            let Some(sort) = *sort else { continue };
            let value = maker.value(sort);
            maker.put(place, value);
            if matches!(sort, Sort::Wide) {
                let high = maker.high();
                maker.put(place + 1, high);
            }
        }
        tame::tame(made, name);
        made.keep = kept::of(&mut chance, name, &made.registers);
    }
}

/// So many steps on, a process can be interrupted again, whatever it did meanwhile.
const HOUSEKEEPING: u32 = 64;
const RT_SIGACTION: u32 = 174;
const RT_SIGPROCMASK: u32 = 175;
const SIG_SETMASK: u32 = 2;

fn registers(numbers: [u32; 4]) -> [Value; 6] {
    let [a, b, c, d] = numbers.map(Value::Number);
    [a, b, c, d, Value::Number(0), Value::Number(0)]
}

fn unblock_signals(made: &mut Made) {
    made.number = RT_SIGPROCMASK;
    made.registers = registers([SIG_SETMASK, crate::place::BUFFER, 0, 8]);
    (0..2).for_each(|word| made.set(crate::place::BUFFER + 4 * word, Value::Number(0)));
}

fn handle_alarms(made: &mut Made) {
    made.number = RT_SIGACTION;
    made.registers = registers([abi::signal::SIGALRM as u32, crate::place::BUFFER, 0, 8]);
    made.set(crate::place::BUFFER, Value::Slot(slot::HANDLER));
    (1..5).for_each(|word| made.set(crate::place::BUFFER + 4 * word, Value::Number(0)));
    made.keep = Keep::Nothing;
}

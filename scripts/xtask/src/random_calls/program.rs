//! Calls as a program that needs nobody to make them up.

use super::reduce::Reduced;
use random::generate::Generator;
use random::place::slot;
use random::{Batch, Call, Keep, Made, Step, Value};
use std::fmt::Write;

/// How it is built and run.
pub const COMMAND: &str = "scripts/test random --program";

/// Its source. `path` is where it will be, and `machine` are the options of the machine it is for.
pub fn source(reduced: &Reduced, also: Option<&str>, path: &str, machine: &str) -> String {
    let Reduced { batch, failure, often } = reduced;
    let mut text = format!(
        "//! {} of the calls of `scripts/test random --seed {}`: {}. That came of {} of {} runs.\n\
         //!\n//! ```text\n//! {COMMAND} {path} {machine}\n//! ```\n\n\
         #![no_std]\n#![no_main]\n\n\
         #[allow(unused_imports)]\n\
         use random::{{Keep, Step, Value::{{Number, Slot}}, Word}};\n\n\
         sys::entry!(main);\n\n\
         fn main() -> i32 {{\n    random::machine::replay(STEPS)\n}}\n\n\
         /// The process, its place among that one's calls, and the call. Odd processes are users'.\n\
         const STEPS: &[(u32, u32, Step)] = &[\n",
        batch.len(),
        batch.seed,
        failure.kind,
        often.0,
        often.1,
    );
    let generator = Generator::new(also);
    for (process, index) in places(batch) {
        let mut made = Made::nothing();
        generator.make(batch.seed, process, index, &mut made);
        let step = made.step();
        let _ = writeln!(text, "    // {}", shown(&step));
        let _ = writeln!(text, "    ({process}, {index}, {}),", literal(&step));
    }
    text.push_str("];\n");
    text
}

/// Every step of a batch.
fn places(batch: &Batch) -> impl Iterator<Item = (u32, u32)> {
    (0..batch.processes).flat_map(move |process| {
        let next = move |from: u32| batch.next(process, from).map(|index| (process, index));
        std::iter::successors(next(0), move |(_, index)| next(index + 1))
    })
}

/// The call as people write it.
fn shown(step: &Step<'_>) -> String {
    let Some(call) = Call::of(step.number) else {
        return format!("number {:#x}, which no call has", step.number);
    };
    let arguments = call.places().map(|(place, parameter)| {
        let value = step.registers.get(place).map_or(String::new(), value);
        format!("{}: {value}", parameter.name)
    });
    format!("{}({})", call.name, arguments.collect::<Vec<_>>().join(", "))
}

fn value(value: &Value) -> String {
    match *value {
        Value::Number(number) if number < 10 => number.to_string(),
        Value::Number(number) => format!("{number:#x}"),
        Value::Slot(slot::OWN) => "its own number".into(),
        Value::Slot(slot::SIBLING) => "another's number".into(),
        Value::Slot(slot::HANDLER) => "a handler".into(),
        Value::Slot(which) => {
            let kinds = [
                (slot::CHILDREN, "child"),
                (slot::DESCRIPTORS, "descriptor"),
                (slot::ADDRESSES, "address"),
                (slot::TIMERS, "timer"),
                (slot::HANDLES, "handle"),
            ];
            let kind = kinds.iter().find(|(slots, _)| slots.contains(&which));
            kind.map_or_else(
                || "nothing".into(),
                |(slots, name)| format!("{name} {}", which - slots.start),
            )
        }
    }
}

/// The step as Rust has it.
fn literal(step: &Step<'_>) -> String {
    let Step { number, registers, words, keep } = step;
    let registers: Vec<String> = registers.iter().map(number_or_slot).collect();
    let words: Vec<String> = words
        .iter()
        .map(|word| {
            format!("Word {{ at: {:#x}, value: {} }}", word.at, number_or_slot(&word.value))
        })
        .collect();
    let keep = match keep {
        Keep::Nothing => "Keep::Nothing".to_owned(),
        Keep::Result(slot) => format!("Keep::Result({slot})"),
        Keep::Words { at, count, slot } => {
            format!("Keep::Words {{ at: {at:#x}, count: {count}, slot: {slot} }}")
        }
    };
    format!(
        "Step {{ number: {number:#x}, registers: [{}], words: &[{}], keep: {keep} }}",
        registers.join(", "),
        words.join(", "),
    )
}

fn number_or_slot(value: &Value) -> String {
    match value {
        Value::Number(number) => format!("Number({number:#x})"),
        Value::Slot(slot) => format!("Slot({slot})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random_calls::Failure;

    #[test]
    fn all_steps_are_there_with_the_calls_names() {
        let batch = Batch::parse("7 8 2500 1:64-66 5:70-80").unwrap();
        let failure = Failure { kind: "panic: x".into(), report: String::new() };
        let reduced = Reduced { batch, failure, often: (4, 5) };
        let text = source(&reduced, None, "target/random/crash-7.rs", "--pae");
        assert!(
            text.starts_with("//! 12 of the calls of `scripts/test random --seed 7`: panic: x.")
        );
        assert!(text.contains("scripts/test random --program target/random/crash-7.rs --pae\n"));
        assert!(
            text.contains("    // rt_sigprocmask(how: 2, set: 0x20001000, old: 0, set_size: 8)\n")
        );
        assert!(text.contains("    (1, 64, Step { number: 0xaf, registers: [Number(0x2), "));
        assert_eq!(text.matches("    (5, 7").count(), 10);
    }
}

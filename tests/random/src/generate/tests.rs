use super::*;
use crate::step::Step;
use std::collections::BTreeMap;

fn made(generator: &Generator, seed: u32, process: u32, index: u32) -> Made {
    let mut made = Made::nothing();
    generator.make(seed, process, index, &mut made);
    made
}

#[test]
fn a_step_depends_on_seed_process_and_place_alone() {
    let (one, other) = (Generator::new(None), Generator::new(None));
    let text = |generator: &Generator, index| std::format!("{:?}", made(generator, 7, 3, index));
    let forth: std::vec::Vec<_> = (0..500).map(|index| text(&one, index)).collect();
    for index in (0..500).rev() {
        assert_eq!(text(&other, index), forth[index as usize]);
    }
    assert_ne!(std::format!("{:?}", made(&one, 8, 3, 5)), forth[5]);
    assert_ne!(std::format!("{:?}", made(&one, 7, 4, 5)), forth[5]);
}

#[test]
fn every_call_is_made_but_those_that_are_left_out_with_a_reason() {
    let generator = Generator::new(None);
    let mut often = BTreeMap::new();
    for index in 0..60_000 {
        *often.entry(made(&generator, 1, 0, index).number).or_insert(0) += 1;
    }
    for call in Call::all() {
        assert_eq!(often.contains_key(&call.number()), reason(call).is_none(), "{}", call.name);
    }
    let unknown = often.keys().filter(|number| Call::of(**number).is_none()).count();
    assert!(unknown > 20, "{unknown} numbers that no call has");
}

#[test]
fn one_that_is_left_out_can_be_asked_for() {
    let generator = Generator::new(Some("leak"));
    let leak = Call::all().find(|call| call.name == "leak").unwrap().number();
    assert!((0..2000).any(|index| made(&generator, 1, 0, index).number == leak));
}

#[test]
fn slots_exist_and_structures_lie_in_the_buffer() {
    let generator = Generator::new(None);
    for index in 0..20_000 {
        let made = made(&generator, 5, 1, index);
        let Step { registers, words, keep, .. } = made.step();
        for value in registers.iter().chain(words.iter().map(|word| &word.value)) {
            assert!(!matches!(value, Value::Slot(slot) if usize::from(*slot) >= slot::ALL));
        }
        let buffer = crate::place::BUFFER..crate::place::BUFFER_END;
        assert!(words.iter().all(|word| buffer.contains(&word.at)));
        match keep {
            Keep::Nothing => {}
            Keep::Result(slot) => assert!((4..48).contains(&slot)),
            Keep::Words { count, slot, .. } => assert!(slot >= 4 && slot + count <= 48),
        }
    }
}

#[test]
fn a_process_can_be_interrupted_again_soon() {
    let generator = Generator::new(None);
    assert_eq!(made(&generator, 9, 2, 64).number, RT_SIGPROCMASK);
    assert_eq!(made(&generator, 9, 2, 65).number, RT_SIGACTION);
}

#[test]
fn most_pointers_lead_to_memory_of_the_process() {
    use crate::place::{PLAYGROUND, START};
    let generator = Generator::new(None);
    let (mut good, mut all) = (0, 0);
    for index in 0..20_000 {
        let made = made(&generator, 5, 1, index);
        let Some(call) = Call::of(made.number) else { continue };
        for (place, _) in call.places().filter(|(_, parameter)| parameter.kind.contains("Ptr")) {
            all += 1;
            let memory = START..PLAYGROUND + (1 << 20);
            good += u32::from(
                matches!(made.registers[place], Value::Number(at) if memory.contains(&at)),
            );
        }
    }
    assert!(good > all / 10 * 8 && good < all, "{good} of {all}");
}

#[test]
fn what_calls_read_has_a_shape() {
    for call in Call::all() {
        for parameter in call.parameters {
            let is_read = parameter.kind.starts_with("UserPtr");
            let is_known = matches!(sort(call, parameter), Sort::To(_));
            assert!(!is_read || is_known, "{} {}: {}", call.name, parameter.name, parameter.kind);
        }
    }
}

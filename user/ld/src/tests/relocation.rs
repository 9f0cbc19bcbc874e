use super::maker::{DATA, Hash, Maker, WORDS};
use super::world::{World, resolved};
use crate::{Binding, Defect, Object, Problem, Scope, TlsPlace, bind, relocate};
use proptest::collection;
use proptest::prelude::*;
use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

const BIASES: [u32; 3] = [0, 0x1000_0000, 0xf000_0000];
/// R_386_32, R_386_PC32, R_386_GLOB_DAT.
const KINDS: [u8; 3] = [1, 2, 6];

/// An object that refers to symbols by these kinds, one word each, after a word with its own address.
fn user(undefined: &[(String, bool)], kinds: &[(usize, u8)], hash: Hash) -> Maker {
    let mut maker = Maker::new("user");
    maker.hash = hash;
    maker.undefined = undefined.to_vec();
    maker.words = (0..).map(|index| index * 0x11).take(kinds.len() + 1).collect();
    maker.relocations.push((0, None, 8));
    for (index, (symbol, kind)) in kinds.iter().enumerate() {
        let name = undefined[*symbol].0.clone();
        maker.relocations.push((index + 1, Some(name), *kind));
    }
    maker
}

fn finish(object: &Object<'_>, all: &[&Object<'_>], world: &mut World) -> Result<(), String> {
    let scope = Scope { objects: all, linker: &[(b"linker", 0x1234)] };
    relocate(object, scope, Binding::Now, world).map_err(|why| format!("{why:?}"))
}

/// A program at 0 and its library at 1 MiB, relocated: what they wrote.
fn relocated(program: &Maker, library: &Maker) -> World {
    let files = [program.make(), library.make()];
    let mut world = World::default();
    let program = world.load(&files[0], 0).unwrap();
    let library = world.load(&files[1], 0x10_0000).unwrap();
    let all = [&program, &library];
    for object in [&library, &program] {
        finish(object, &all, &mut world).unwrap();
    }
    world
}

proptest! {
    #[test]
    fn words_are_what_the_abi_says(
        symbols in collection::vec((0usize..3, any::<bool>(), 0u32..100), 1..8),
        references in collection::vec((0usize..8, 0usize..3), 1..12),
        biases in any::<prop::sample::Index>(),
        gnu in any::<bool>(),
    ) {
        // Each symbol is defined by object 1, object 2 or both (0), or wanted weakly by its value.
        let names: Vec<(String, bool)> = (0..symbols.len()).map(|index| (format!("symbol{index}"), false)).collect();
        let hash = if gnu { Hash::Gnu } else { Hash::Sysv };
        let references: Vec<(usize, u8)> = references.into_iter()
            .map(|(symbol, kind)| (symbol % symbols.len(), KINDS[kind])).collect();
        let user = user(&names, &references, hash);
        let (mut first, mut second) = (Maker::new("first"), Maker::new("second"));
        (first.hash, second.hash) = (hash, hash);
        for ((name, _), (owner, _, value)) in names.iter().zip(&symbols) {
            if *owner != 2 { first.define(name, WORDS + value); }
            if *owner != 1 { second.define(name, DATA + value); }
        }
        let turn = biases.index(3);
        let bias = |index: usize| BIASES[(index + turn) % 3];
        let files = [user.make(), first.make(), second.make()];
        let mut world = World::default();
        let objects: Vec<Object> =
            files.iter().enumerate().map(|(index, file)| world.load(file, bias(index)).unwrap()).collect();
        let all: Vec<&Object> = objects.iter().collect();
        finish(all[0], &all, &mut world).unwrap();
        prop_assert_eq!(world.word(WORDS.wrapping_add(bias(0))), bias(0));
        for (index, (symbol, kind)) in references.iter().enumerate() {
            let (owner, _, value) = symbols[*symbol];
            let address = if owner == 2 { (DATA + value).wrapping_add(bias(2)) } else { (WORDS + value).wrapping_add(bias(1)) };
            let place = (WORDS + 4 * (index as u32 + 1)).wrapping_add(bias(0));
            let addend = (index as u32 + 1) * 0x11;
            let expected = match kind {
                1 => address.wrapping_add(addend),
                2 => address.wrapping_add(addend).wrapping_sub(place),
                _ => address,
            };
            prop_assert_eq!(world.word(place), expected);
        }
    }
}

#[test]
fn who_defines_a_symbol_is_noted() {
    let undefined = ["first", "both", "nobody"].map(|name| (name.into(), true));
    let user = user(&undefined, &[(0, 1), (1, 6), (2, 6)], Hash::Gnu);
    let (mut first, mut second) = (Maker::new("first"), Maker::new("second"));
    for name in ["first", "both"] {
        first.define(name, WORDS);
    }
    second.define("both", WORDS);
    let files = [user.make(), first.make(), second.make()];
    let mut world = World::default();
    let objects: Vec<Object> =
        files.iter().zip(BIASES).map(|(file, bias)| world.load(file, bias).unwrap()).collect();
    finish(&objects[0], &[&objects[2], &objects[1], &objects[0]], &mut world).unwrap();
    assert_eq!(world.definers, [1, 0]);
}

#[test]
fn nobody_is_named_and_weak_is_nothing() {
    let mut maker = Maker::new("user");
    maker.undefined = vec![("here".into(), true), ("linker".into(), false)];
    maker.relocations = vec![(0, Some("here".into()), 6), (1, Some("linker".into()), 6)];
    maker.words[0] = 7;
    let file = maker.make();
    let mut world = World::default();
    let object = world.load(&file, 0x1000).unwrap();
    finish(&object, &[&object], &mut world).unwrap();
    assert_eq!((world.word(WORDS + 0x1000), world.word(WORDS + 0x1004)), (0, 0x1234));
    maker.undefined[0].1 = false;
    let file = maker.make();
    let object = World::default().load(&file, 0x1000).unwrap();
    let scope = Scope { objects: &[&object], linker: &[] };
    let problem = relocate(&object, scope, Binding::Now, &mut world);
    assert_eq!(problem, Err(Problem::Undefined(b"here")));
}

#[test]
fn lazy_is_eager_later() {
    let mut library = Maker::new("library");
    library.define("one", WORDS);
    library.define("two", WORDS + 4);
    let mut maker = Maker::new("user");
    maker.undefined = vec![("one".into(), false), ("two".into(), false)];
    maker.plt = vec![(3, "one".into()), (4, "two".into())];
    maker.words = vec![0, 0, 0, 0x100, 0x200];
    let files = [maker.make(), library.make()];
    let mut words = vec![];
    for binding in [Binding::Now, Binding::Lazy] {
        let mut world = World::default();
        let user = world.load(&files[0], 0x10_0000).unwrap();
        let library = world.load(&files[1], 0x20_0000).unwrap();
        let all = [&user, &library];
        let scope = Scope { objects: &all, linker: &[] };
        relocate(&user, scope, binding, &mut world).unwrap();
        let slot = |index: u32| WORDS + 4 * index + 0x10_0000;
        if binding == Binding::Lazy {
            assert_eq!((world.word(slot(3)), world.word(slot(4))), (0x10_0100, 0x10_0200));
            assert_eq!(bind(&user, scope, 8, &mut world), Ok(slot(4)));
            assert_eq!(world.word(slot(4)), WORDS + 4 + 0x20_0000);
            assert_eq!(bind(&user, scope, 0, &mut world), Ok(slot(3)));
            for wrong in [4, 16, u32::MAX] {
                assert!(bind(&user, scope, wrong, &mut world).is_err());
            }
        }
        words.push((world.word(slot(3)), world.word(slot(4))));
    }
    assert_eq!(words[0], words[1]);
}

#[test]
fn a_copy_is_everybodys_variable() {
    let mut library = Maker::new("library");
    library.words = vec![11, 22];
    library.define("variable", WORDS + 4);
    library.undefined = vec![];
    library.relocations = vec![(0, Some("variable".into()), 6)];
    let mut program = Maker::new("program");
    program.define("variable", WORDS + 8);
    program.relocations = vec![(2, Some("variable".into()), 5)];
    let mut world = relocated(&program, &library);
    // What is copied is complete: nothing was before all are relocated.
    assert_eq!(world.word(WORDS + 8), 0);
    world.do_steps();
    assert_eq!(world.word(WORDS + 8), 22);
    assert_eq!(world.word(WORDS + 0x10_0000), WORDS + 8);
}

#[test]
fn a_function_has_one_address_for_all() {
    let mut library = Maker::new("library");
    library.define("function", 0x40);
    library.relocations = vec![(0, Some("function".into()), 6), (1, Some("function".into()), 1)];
    library.plt = vec![(2, "function".into())];
    let mut program = Maker::new("program");
    program.define("function", 0x80);
    (program.defined[0].kind, program.defined[0].stands_in) = (2, true);
    program.plt = vec![(2, "function".into())];
    let world = relocated(&program, &library);
    let words = [0x10_0000, 0x10_0004, 0x10_0008, 8].map(|place| world.word(WORDS + place));
    assert_eq!(words, [0x80, 0x80, 0x10_0040, 0x10_0040]);
}

#[test]
fn thread_local_variables_have_module_and_offset() {
    let mut maker = Maker::new("lib");
    maker.tls = 24;
    maker.words = vec![0, 100, 5, 6];
    maker.define("mine", 8);
    maker.defined[0].kind = 6;
    let mine = || Some("mine".into());
    maker.relocations = vec![(0, mine(), 35), (1, mine(), 36), (2, mine(), 14), (3, mine(), 37)];
    let file = maker.make();
    let mut world = World::default();
    let mut object = world.load(&file, 0).unwrap();
    object.tls = Some(TlsPlace { module: 3, offset: Some(64) });
    finish(&object, &[&object], &mut world).unwrap();
    let words = [0, 4, 8, 12].map(|offset| world.word(WORDS + offset));
    assert_eq!(words, [3, 108, 5u32.wrapping_sub(56), 62]);
    object.tls = Some(TlsPlace { module: 3, offset: None });
    assert!(finish(&object, &[&object], &mut world).is_err());
}

#[test]
fn a_resolver_chooses() {
    let mut maker = Maker::new("lib");
    maker.define("chosen", 0x44);
    maker.defined[0].kind = 10;
    maker.relocations = vec![(0, None, 42), (1, Some("chosen".into()), 1)];
    maker.words = vec![0x40, 3];
    let file = maker.make();
    let mut world = World::default();
    let object = world.load(&file, 0x1000).unwrap();
    finish(&object, &[&object], &mut world).unwrap();
    world.do_steps();
    assert_eq!(world.word(WORDS + 0x1000), resolved(0x1040));
    assert_eq!(world.word(WORDS + 0x1004), resolved(0x1044).wrapping_add(3));
    // Not in code.
    maker.words[0] = WORDS;
    let file = maker.make();
    let mut world = World::default();
    let object = world.load(&file, 0).unwrap();
    assert!(finish(&object, &[&object], &mut world).is_err());
}

#[test]
fn a_kind_that_is_not_known_is_named() {
    // R_386_GOTOFF, which only linkers meet, R_386_TLS_DESC, and a number without a meaning.
    for kind in [9, 41, 200] {
        let mut maker = Maker::new("lib");
        maker.relocations = vec![(0, None, kind)];
        let file = maker.make();
        let mut world = World::default();
        let object = world.load(&file, 0x1000).unwrap();
        let scope = Scope { objects: &[&object], linker: &[] };
        let problem = relocate(&object, scope, Binding::Now, &mut world);
        assert_eq!(problem, Err(Problem::Unknown(kind)));
        assert_eq!(world.written, []);
    }
}

#[test]
fn text_is_not_relocated() {
    let mut file = Maker::new("lib");
    file.relocations = vec![(0, None, 8)];
    let file = file.make();
    let place = file.windows(4).position(|word| *word == WORDS.to_le_bytes()).unwrap();
    for (wrong, defect) in [(0x100, crate::dynamic::TEXT), (0xff0, OUTSIDE), (u32::MAX, OUTSIDE)] {
        let mut file = file.clone();
        file[place..place + 4].copy_from_slice(&u32::to_le_bytes(wrong));
        let mut world = World::default();
        let object = world.load(&file, 0x1000).unwrap();
        let scope = Scope { objects: &[&object], linker: &[] };
        let problem = relocate(&object, scope, Binding::Now, &mut world);
        assert_eq!(problem, Err(Problem::Defect(defect)));
    }
}

const OUTSIDE: Defect = Defect("a relocation outside of its segments");

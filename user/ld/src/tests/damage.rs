use super::maker::{Hash, Maker, WORDS};
use super::world::World;
use crate::{Binding, Name, Scope, TlsPlace, bind, initialisation_order, relocate};
use proptest::collection;
use proptest::prelude::*;
use std::string::{String, ToString};
use std::sync::LazyLock;
use std::vec::Vec;

fn whole(hash: Hash) -> Vec<u8> {
    let mut maker = Maker::new("libwhole.so");
    maker.hash = hash;
    maker.needed = ["libother.so".to_string()].into();
    maker.tls = 16;
    maker.define("mine", 4);
    maker.defined[0].kind = 6;
    maker.define("function", 0x40);
    maker.define("variable", WORDS + 4);
    maker.define("chosen", 0x44);
    maker.defined[3].kind = 10;
    maker.undefined = [("nobody".to_string(), true), ("linker".to_string(), false)].into();
    let name = |name: &str| Some(String::from(name));
    maker.relocations = [
        (0, None, 8),
        (1, name("function"), 1),
        (1, name("variable"), 2),
        (2, name("nobody"), 6),
        (3, name("mine"), 35),
        (4, name("mine"), 36),
        (5, name("mine"), 14),
        (5, name("mine"), 37),
        (6, name("chosen"), 6),
        (2, name("variable"), 5),
    ]
    .into();
    maker.plt = [(6, "linker".to_string()), (7, "function".to_string())].into();
    maker.make()
}

/// Where the object lies that a damaged one may find its symbols in.
const OTHER: u32 = 0x7000_0000;

/// All that is ever done with an object. The world panics at an access that must not be.
fn use_all(file: &[u8], bias: u32) {
    static LIBRARY: LazyLock<Vec<u8>> = LazyLock::new(|| whole(Hash::Gnu));
    let mut world = World::default();
    let library = world.load(&LIBRARY, OTHER).unwrap();
    let Ok(mut object) = world.load(file, bias) else { return };
    object.tls = object.layout.tls.map(|_| TlsPlace { module: 1, offset: Some(64) });
    let _ = (object.soname(), object.rpath(), object.runpath(), object.needed().count());
    for name in ["mine", "function", "variable", "chosen", "nobody", ""] {
        let _ = object.define(&Name::new(name.as_bytes()));
    }
    for binding in [Binding::Lazy, Binding::Now] {
        let scope = Scope { objects: &[&object, &library], linker: &[(b"linker", 1)] };
        let _ = relocate(&object, scope, binding, &mut world);
        let _ = bind(&object, scope, 0, &mut world);
        world.do_steps();
    }
}

#[test]
fn the_whole_object_is_well() {
    for hash in [Hash::Gnu, Hash::Sysv] {
        let (file, library) = (whole(hash), whole(hash));
        let mut world = World::default();
        let library = world.load(&library, OTHER).unwrap();
        let mut object = world.load(&file, 0x1000).unwrap();
        object.tls = Some(TlsPlace { module: 1, offset: Some(64) });
        let scope = Scope { objects: &[&object, &library], linker: &[(b"linker", 1)] };
        relocate(&object, scope, Binding::Now, &mut world).unwrap();
        world.do_steps();
        assert!(world.written.len() > 10);
        assert_eq!(object.soname(), Some(&b"libwhole.so"[..]));
        assert!(object.needed().eq([b"libother.so"]));
        assert!(initialisation_order(0, 1, |_| &[]).is_ok());
    }
}

#[test]
fn cut_off_anywhere_it_is_refused_or_well() {
    let file = whole(Hash::Gnu);
    for len in (0..0x600).chain(file.len() - 64..file.len()) {
        use_all(&file[..len], 0);
        assert!(World::default().load(&file[..len], 0).is_err(), "{len}");
    }
}

#[test]
fn every_word_of_the_tables_may_be_anything() {
    let hostile = [0, 0x8000_0000, u32::MAX];
    for hash in [Hash::Gnu, Hash::Sysv] {
        let file = whole(hash);
        for at in (0..0x600).chain(0x1000..file.len()).step_by(4) {
            for value in hostile {
                let mut file = file.clone();
                let end = (at + 4).min(file.len());
                file[at..end].copy_from_slice(&u32::to_le_bytes(value)[..end - at]);
                use_all(&file, 0x40_0000);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn damage_is_told_or_harmless(
        gnu in any::<bool>(),
        damage in collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..6),
        bias in prop::sample::select(&[0u32, 0x1000, 0xffff_0000][..]),
    ) {
        let mut file = whole(if gnu { Hash::Gnu } else { Hash::Sysv });
        for (place, value, in_tables) in damage {
            let len = if in_tables { 0x600 } else { file.len() };
            file[place.index(len)] = value;
        }
        use_all(&file, bias);
    }
}

use super::maker::{Hash, Maker, WORDS};
use super::world::World;
use crate::{Name, gnu_hash, sysv_hash};
use proptest::collection::btree_set;
use proptest::prelude::*;
use std::vec::Vec;

#[test]
fn hashes_are_those_of_the_abi() {
    // The values are those that the specifications give.
    assert_eq!(
        (gnu_hash(b""), gnu_hash(b"printf"), gnu_hash(b"exit")),
        (5381, 0x156b_2bb8, 0x7c96_7e3f)
    );
    assert_eq!(
        (sysv_hash(b""), sysv_hash(b"printf"), sysv_hash(b"exit")),
        (0, 0x0779_05a6, 0x6_cf04)
    );
}

proptest! {
    /// A name is found if and only if it was defined, by either table, whatever else there is; the
    /// `elf` crate finds the same in what the tests write.
    #[test]
    fn names_are_found_as_in_a_list(
        names in btree_set("[a-c]{1,4}", 0..40),
        asked in "[a-c]{0,4}",
        undefined in btree_set("[d-e]{1,3}", 0..4),
        gnu in any::<bool>(),
    ) {
        let mut maker = Maker::new("lib");
        maker.hash = if gnu { Hash::Gnu } else { Hash::Sysv };
        maker.undefined = undefined.iter().map(|name| (name.clone(), false)).collect();
        let names: Vec<_> = names.into_iter().collect();
        for (index, name) in names.iter().enumerate() {
            maker.define(name, WORDS + index as u32);
        }
        let file = maker.make();
        let object = World::default().load(&file, 0).unwrap();
        for name in names.iter().chain(&undefined).chain([&asked]) {
            let found = object.define(&Name::new(name.as_bytes())).unwrap();
            let expected = names.iter().position(|known| known == name);
            let expected = expected.map(|index| WORDS + index as u32);
            prop_assert_eq!(found.map(|symbol| symbol.value), expected);
        }
    }
}

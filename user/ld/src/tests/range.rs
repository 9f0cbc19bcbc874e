use crate::{Range, Step};
use alloc::vec::Vec;
use proptest::prelude::*;

proptest! {
    #[test]
    fn what_is_common_lies_in_both(
        [first, second] in [(0u32..40, 0u32..20), (0u32..40, 0u32..20)],
    ) {
        let [first, second] = [first, second].map(|(start, len)| Range { start, len });
        let bytes = |range: Range| range.start..range.start + range.len;
        let common = first.common(second);
        let both: Vec<u32> = bytes(first).filter(|byte| bytes(second).contains(byte)).collect();
        prop_assert_eq!(bytes(common).collect::<Vec<_>>(), both);
    }
}

#[test]
fn a_step_writes_to_its_place() {
    let resolve = Step::Resolve { place: 8, resolver: 100, addend: 1 };
    assert_eq!(resolve.written(), Range { start: 8, len: 4 });
    let copy = Step::Copy { place: 8, from: 100, len: 24 };
    assert_eq!(copy.written(), Range { start: 8, len: 24 });
}

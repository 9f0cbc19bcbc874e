//! Whatever a program passes: an error, or a plan that works.

use super::*;

fn word() -> impl Strategy<Value = u32> {
    prop_oneof![
        any::<u32>(),
        (0..0x40u32).prop_map(|page| page << 12),
        (0..0x40u32).prop_map(|page| (0xbffe0 + page) << 12),
        prop::sample::select([0, 1, !0, 0xffff_f000, TASK_SIZE, 0x8000_0000].as_slice()),
    ]
}

/// Does as a plan says.
fn perform(set: &mut VmaSet<Back>, mapping: &Mapping) {
    let none = &mut |_: Edit<'_, Back>| {};
    set.unmap(mapping.range, none).unwrap();
    let back = Back(if mapping.source == Source::Anonymous { 0 } else { 1 });
    set.insert(Vma::new(mapping.range, mapping.flags, mapping.pgoff, back), none).unwrap();
}

fn perform_remap(set: &mut VmaSet<Back>, remap: Remap) {
    let none = &mut |_: Edit<'_, Back>| {};
    match remap {
        Remap::Shrink { tail } => set.unmap(tail, none).unwrap(),
        Remap::Grow { id, end, .. } => set.grow_up(id, end, none),
        Remap::Move { from, to, clear, tail, keep, .. } => {
            assert!(from.len() <= to.len() && !from.overlaps(to));
            set.unmap(clear.unwrap_or_default(), none).unwrap();
            set.unmap(tail.unwrap_or_default(), none).unwrap();
            let (id, vma) = set.containing(from.start()).unwrap();
            assert!(vma.range().contains_range(from));
            if keep {
                let copy = vma.moved(from, to);
                set.insert(copy, none).unwrap();
            } else {
                set.relocate(id, from, to, none).unwrap();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_words_give_an_error_or_a_plan_that_works(
        calls in prop::collection::vec((0..4u32, [word(), word(), word(), word(), word()]), 1..60),
        few in any::<bool>(),
    ) {
        let mut limits = limits();
        if few {
            (limits.address_space, limits.commit) = (64 << 12, 40);
        }
        let mut set = set_of(&[(18, 30, PLAIN), (0xbfff0, 0xbfffa, PLAIN | VmFlags::GROWSDOWN)]);
        let mut heap = Break { start_data: 0, end_data: 0, start_brk: 0x2_0000, brk: 0x2_0000 };
        for (call, words) in calls {
            let [a, b, c, d, e] = words;
            match call {
                0 => {
                    let flags = (c % 4) | (d & MAP_FIXED) | (MAP_ANONYMOUS * (e & 1));
                    let args = MmapArgs { address: a, length: b, prot: d, flags, page_offset: e };
                    let file = file();
                    let file = args.needs_file().then_some(&file);
                    if let Ok(mapping) = mmap(&args, file, &set, &limits) {
                        prop_assert!(mapping.range.end() <= limits.placement.task_size);
                        prop_assert!(mapping.range.start() >= limits.placement.lowest);
                        prop_assert!(mapping.replaces || set.overlapping(mapping.range).next().is_none());
                        perform(&mut set, &mapping);
                    }
                }
                1 => {
                    if let Ok(range) = munmap(a, b, &limits) {
                        set.unmap(range, &mut |_: Edit<'_, Back>| {}).unwrap();
                    }
                }
                2 => {
                    if let Ok(remap) = mremap(a, b, c, d % 8, e, &set, &limits) {
                        perform_remap(&mut set, remap);
                    }
                }
                _ => {
                    let done = brk(a, &heap, &set, &limits);
                    let none = &mut |_: Edit<'_, Back>| {};
                    match done {
                        Brk::Refused => {}
                        Brk::Within => {}
                        Brk::Shrink(tail) => set.unmap(tail, none).unwrap(),
                        Brk::Grow { range, flags } => {
                            let start = range.start().as_u32();
                            set.insert(Vma::new(range, flags, start, Back(0)), none).unwrap();
                        }
                    }
                    if done != Brk::Refused {
                        heap.brk = a;
                    }
                }
            }
            set.check();
            prop_assert!(!few || set.account().total <= 64);
        }
    }
}

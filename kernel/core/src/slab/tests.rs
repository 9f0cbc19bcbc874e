use super::*;
use crate::addr::Pfn;
use crate::page::{Page, PageFlags};
use core::sync::atomic::AtomicU32;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::vec::Vec;

#[test]
fn shapes_lose_little_and_keep_alignment() {
    let objects = CLASSES.map(|shape| shape.objects());
    assert_eq!(objects, [504, 254, 127, 63, 42, 32, 21, 16, 8, 4, 2, 1]);
    for (shape, name) in CLASSES.iter().zip(CLASS_NAMES) {
        assert_eq!(name, std::format!("size-{}", shape.size()));
        let alignment = 1 << shape.size().trailing_zeros();
        assert!(shape.words() * 4 <= shape.offset(0));
        assert!(shape.offset(shape.objects()) <= 4096);
        for number in 0..shape.objects() {
            assert_eq!(shape.offset(number) % alignment, 0);
            assert_eq!(shape.number(shape.offset(number)), Some(number));
            assert_eq!(shape.number(shape.offset(number) + 1), None);
        }
        assert_eq!(shape.number(shape.offset(shape.objects())), None);
    }
}

#[test]
fn the_smallest_class_that_fits_serves_a_size() {
    for align in (0..13).map(|shift| 1u32 << shift) {
        for size in 0..=4200u32 {
            let fits = |shape: &Shape| {
                shape.size() >= size && (1 << shape.size().trailing_zeros()) >= align
            };
            let class = class_of(size, align);
            let best = CLASSES.iter().position(fits);
            if align <= 8 {
                assert_eq!(class, best, "{size} aligned to {align}");
            } else {
                assert_eq!(class.is_some(), best.is_some());
                assert!(class.is_none_or(|class| fits(&CLASSES[class])));
            }
        }
    }
    assert_eq!(class_of(u32::MAX, 1), None);
    assert_eq!(class_of(1, 1 << 31), None);
}

#[test]
fn a_magazine_is_a_stack() {
    let mut magazine = Magazine::<4>::new();
    assert_eq!((magazine.pop(), magazine.len()), (None, 0));
    assert!((0..4).all(|object| magazine.push(object)));
    assert!(magazine.is_full() && !magazine.push(4));
    assert!((0..4).rev().eq(core::iter::from_fn(|| magazine.pop())));
}

/// Memory of ten frames.
struct Memory(Vec<Vec<AtomicU32>>);

impl Slabs for Memory {
    fn words(&self, slab: Pfn, words: u32) -> &[AtomicU32] {
        &self.0[slab.as_u32() as usize][..words as usize]
    }
}

fn memory() -> (Vec<Page>, Memory) {
    let words = || (0..32).map(|_| AtomicU32::new(0xdead_beef)).collect();
    let pages = (0..10).map(|_| Page::reserved()).collect();
    (pages, Memory((0..10).map(|_| words()).collect()))
}

#[test]
fn wrong_frees_are_noticed() {
    for size in [8, 256] {
        let (pages, memory) = memory();
        let mut cache = Cache::new(3, Shape::new(size));
        assert_eq!(cache.allocate(&pages, &memory), None);
        cache.add_slab(&pages, &memory, Pfn::new(2));
        let (slab, offset) = cache.allocate(&pages, &memory).unwrap();
        let mut free = |slab, offset| cache.free(&pages, &memory, slab, offset);
        assert_eq!(free(slab, offset + 1), Err(BadFree));
        assert_eq!(free(Pfn::new(3), offset), Err(BadFree));
        assert_eq!(free(Pfn::new(300), offset), Err(BadFree));
        assert_eq!(free(slab, offset + size), Err(BadFree));
        assert_eq!(free(slab, offset), Ok(Freed::Kept));
        assert_eq!(free(slab, offset), Err(BadFree));
        let mut other = Cache::new(4, Shape::new(size));
        assert_eq!(other.free(&pages, &memory, slab, offset), Err(BadFree));
    }
}

#[test]
fn one_empty_slab_is_kept_until_it_is_asked_for() {
    let (pages, memory) = memory();
    let mut cache = Cache::new(1, Shape::new(2048));
    (0..3).for_each(|slab| cache.add_slab(&pages, &memory, Pfn::new(slab)));
    let objects: Vec<_> = (0..6).map(|_| cache.allocate(&pages, &memory).unwrap()).collect();
    let freed: Vec<_> = objects
        .iter()
        .map(|&(slab, offset)| cache.free(&pages, &memory, slab, offset).unwrap())
        .filter(|&freed| freed != Freed::Kept)
        .collect();
    assert_eq!(freed.len(), 2);
    assert_eq!((cache.slabs(), cache.in_use()), (1, 0));
    let last = cache.shrink(&pages).unwrap();
    assert!(!pages[last.as_u32() as usize].has(PageFlags::SLAB));
    assert_eq!((cache.shrink(&pages), cache.slabs()), (None, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn objects_are_given_out_once(
        class in 0usize..CLASSES.len(),
        steps in prop::collection::vec((0u8..8, any::<prop::sample::Index>(), 1u32..200), 0..60),
    ) {
        let (pages, memory) = memory();
        let mut cache = Cache::new(1, CLASSES[class]);
        let mut frames: Vec<Pfn> = (0..10).map(Pfn::new).collect();
        let mut held: Vec<(Pfn, u32)> = Vec::new();
        let mut seen = BTreeSet::new();
        for (step, index, count) in steps {
            match step {
                0..4 => {
                    for _ in 0..count {
                        let object = match cache.allocate(&pages, &memory) {
                            Some(object) => object,
                            None => {
                                prop_assert_eq!(held.len() as u32, cache.slabs() * cache.shape().objects());
                                let Some(slab) = frames.pop() else { break };
                                cache.add_slab(&pages, &memory, slab);
                                cache.allocate(&pages, &memory).unwrap()
                            }
                        };
                        prop_assert!(seen.insert(object), "given out twice");
                        held.push(object);
                    }
                }
                4..7 => {
                    for _ in 0..count.min(held.len() as u32) {
                        let object = held.swap_remove(index.index(held.len()));
                        seen.remove(&object);
                        if let Freed::Slab(slab) = cache.free(&pages, &memory, object.0, object.1).unwrap() {
                            prop_assert!(held.iter().all(|&(other, _)| other != slab));
                            frames.push(slab);
                        }
                    }
                }
                _ => frames.extend(cache.shrink(&pages)),
            }
            prop_assert_eq!(cache.check(&pages, &memory), Ok(()));
            prop_assert_eq!(cache.in_use(), held.len() as u32);
            prop_assert_eq!(cache.slabs() as usize + frames.len(), 10);
        }
    }
}

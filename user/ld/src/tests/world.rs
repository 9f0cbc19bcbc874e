//! A process's memory, as a model: objects at addresses, and nothing between them.

use crate::{Defect, Layout, Memory, Object, Range, Segment, Step};
use std::vec;
use std::vec::Vec;

/// One object's segments.
struct Mapped {
    bias: u32,
    segments: Vec<(Segment, Vec<u8>)>,
}

/// Memory that minds what is done to it.
#[derive(Default)]
pub struct World {
    objects: Vec<Mapped>,
    /// The address of everything written.
    pub written: Vec<u32>,
    steps: Vec<Step>,
    /// The places in the scope of objects that were bound to.
    pub definers: Vec<usize>,
}

impl World {
    /// Loads an object as the linker does, with `bias`.
    pub fn load<'a>(&mut self, file: &'a [u8], bias: u32) -> Result<Object<'a>, Defect> {
        let layout = Layout::of_file(&file[..file.len().min(1024)], file.len() as u64)?;
        let part = |range: Range, segment: &Segment| {
            let start = (segment.offset + (range.start - segment.memory.start)) as usize;
            &file[start..start + range.len as usize]
        };
        let constant = layout.segments.iter().filter(|segment| !segment.access.write);
        let constant: Vec<(u32, &[u8])> =
            constant.map(|segment| (segment.memory.start, part(segment.file(), segment))).collect();
        let home = layout.segment_of(layout.dynamic).expect("in the file's part of a segment");
        let dynamic = part(layout.dynamic, home);
        let mut segments = vec![];
        for segment in &layout.segments {
            let file = part(segment.file(), segment);
            // Zeroed by the host when it is touched: a damaged length costs nothing.
            let mut bytes = vec![0; segment.memory.len as usize];
            bytes[..file.len()].copy_from_slice(file);
            segments.push((*segment, bytes));
        }
        self.objects.push(Mapped { bias, segments });
        Object::new(b"test".to_vec(), layout, bias, dynamic, &constant)
    }

    /// Which object, which of its segments, and where in it.
    fn place(
        &self,
        address: u32,
        len: u32,
        write: bool,
    ) -> (usize, usize, core::ops::Range<usize>) {
        for (object, mapped) in self.objects.iter().enumerate() {
            let start = address.wrapping_sub(mapped.bias);
            for (index, (segment, _)) in mapped.segments.iter().enumerate() {
                let ends = start.checked_add(len).is_some_and(|end| end <= segment.memory.end());
                if ends && segment.memory.start <= start && (segment.access.write || !write) {
                    let from = (start - segment.memory.start) as usize;
                    return (object, index, from..from + len as usize);
                }
            }
        }
        panic!("{len} bytes at {address:#x}, to write: {write}")
    }

    fn bytes(&self, address: u32, len: u32) -> &[u8] {
        let (object, segment, range) = self.place(address, len, false);
        &self.objects[object].segments[segment].1[range]
    }

    fn bytes_mut(&mut self, address: u32, len: u32) -> &mut [u8] {
        let (object, segment, range) = self.place(address, len, true);
        &mut self.objects[object].segments[segment].1[range]
    }

    /// Does what was put off.
    pub fn do_steps(&mut self) {
        for step in std::mem::take(&mut self.steps) {
            match step {
                Step::Resolve { place, resolver, addend } => {
                    self.bytes(resolver, 1);
                    self.write(place, resolved(resolver).wrapping_add(addend));
                }
                Step::Copy { place, from, len } => {
                    let bytes = self.bytes(from, len).to_vec();
                    self.bytes_mut(place, len).copy_from_slice(&bytes);
                }
            }
        }
    }

    pub fn word(&self, address: u32) -> u32 {
        u32::from_le_bytes(self.bytes(address, 4).try_into().unwrap())
    }
}

/// What a resolver at this address answers.
pub fn resolved(resolver: u32) -> u32 {
    !resolver
}

impl Memory for World {
    fn read(&self, place: u32) -> u32 {
        self.word(place)
    }

    fn write(&mut self, place: u32, value: u32) {
        self.bytes_mut(place, 4).copy_from_slice(&value.to_le_bytes());
        self.written.push(place);
    }

    fn put_off(&mut self, step: Step) {
        self.steps.push(step);
    }

    fn bound(&mut self, definer: usize) {
        self.definers.push(definer);
    }
}

//! Where steps come from.

use crate::batch::Batch;
use crate::generate::Generator;
use crate::step::{Made, Step};

/// The steps of some processes.
pub trait Source {
    /// The first step of a process from place `from` on.
    fn next(&self, process: u32, from: u32) -> Option<u32>;

    /// The step there.
    fn step<'a>(&'a self, process: u32, index: u32, room: &'a mut Made) -> Step<'a>;
}

/// Steps that are made as they are needed.
pub struct Generated<'a> {
    generator: &'a Generator,
    batch: &'a Batch,
}

impl<'a> Generated<'a> {
    pub fn new(generator: &'a Generator, batch: &'a Batch) -> Self {
        Self { generator, batch }
    }
}

impl Source for Generated<'_> {
    fn next(&self, process: u32, from: u32) -> Option<u32> {
        self.batch.next(process, from)
    }

    fn step<'a>(&'a self, process: u32, index: u32, room: &'a mut Made) -> Step<'a> {
        self.generator.make(self.batch.seed, process, index, room);
        room.step()
    }
}

/// Steps that were written down: the process, the place, and the step.
pub struct Listed<'a>(&'a [(u32, u32, Step<'static>)]);

impl<'a> Listed<'a> {
    pub fn new(steps: &'a [(u32, u32, Step<'static>)]) -> Self {
        Self(steps)
    }
}

impl Source for Listed<'_> {
    fn next(&self, process: u32, from: u32) -> Option<u32> {
        let of_it = self.0.iter().filter(|(of, place, _)| *of == process && *place >= from);
        of_it.map(|(_, place, _)| *place).min()
    }

    fn step<'a>(&'a self, process: u32, index: u32, room: &'a mut Made) -> Step<'a> {
        let found = self.0.iter().find(|(of, place, _)| (*of, *place) == (process, index));
        found.map_or_else(|| room.step(), |(_, _, step)| *step)
    }
}

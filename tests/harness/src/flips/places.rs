//! Where a bit may flip.

use super::heap::{self, Object};
use super::spaces::{Face, Part, Space, spaces, tables};
use crate::random::Random;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use xtask::page_tables::{KernelImage, Sample};

/// Whose memory it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Pages that programs have.
    User,
    /// Entries in use, of all levels.
    Tables,
    /// Objects in use, stacks, and other areas.
    Heap,
}

impl Class {
    pub const ALL: [Self; 3] = [Self::User, Self::Tables, Self::Heap];

    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Tables => "tables",
            Self::Heap => "heap",
        }
    }
}

/// A flip, as people name it: `user/17`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flip {
    pub class: Class,
    pub number: u32,
}

impl Flip {
    pub fn parse(text: &str) -> Option<Self> {
        let (class, number) = text.split_once('/')?;
        let class = Class::ALL.into_iter().find(|known| known.name() == class)?;
        Some(Self { class, number: number.parse().ok()? })
    }
}

impl fmt::Display for Flip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.class.name(), self.number)
    }
}

/// One bit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub address: u64,
    pub bit: u8,
    /// For people.
    pub what: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bit {} of {:#010x}, {}", self.bit, self.address, self.what)
    }
}

/// Parts that belong together: a program's pages, objects of one size. Each group is as likely as any
/// other, and so is each of its parts.
type Groups = Vec<Vec<Part>>;

/// All there is in a guest at one moment.
pub struct Places(BTreeMap<Class, Groups>);

impl Places {
    pub fn find(
        sample: &Sample,
        image: &KernelImage,
        kernel: &Path,
        faces: &[Face],
    ) -> Result<Self, String> {
        let memory = &sample.memory;
        let spaces = spaces(sample, image, faces)?;
        let user = spaces.iter().map(Space::pages).collect();
        let tables = tables(memory, sample.format(), &spaces);
        let mut heap = BTreeMap::<_, Vec<Part>>::new();
        for Object { address, bytes, what } in heap::objects(memory, image, kernel)? {
            heap.entry(what).or_default().push(Part { address, bytes, what: what.into() });
        }
        let all: [Groups; 3] = [user, tables, heap.into_values().collect()];
        let all = all.map(|groups| groups.into_iter().filter(|group| !group.is_empty()).collect());
        match all.iter().all(|groups: &Groups| !groups.is_empty()) {
            true => Ok(Self(Class::ALL.into_iter().zip(all).collect())),
            false => Err("a guest without programs, tables or heap".into()),
        }
    }

    /// The same for the same seed, in the same guest.
    pub fn choose(&self, flip: Flip, seed: u64) -> Place {
        let Flip { class, number } = flip;
        let mut random = Random::new(seed << 34 | (class as u64) << 32 | u64::from(number));
        // The first numbers of neighbours are alike.
        for _ in 0..8 {
            random.next();
        }
        let groups = &self.0[&class];
        let group = &groups[random.below(groups.len())];
        let part = &group[random.below(group.len())];
        let (byte, bit) = (random.below(part.bytes as usize) as u64, random.below(8) as u8);
        let what = match class {
            Class::Tables => format!("bit {} of {}", byte * 8 + u64::from(bit), part.what),
            _ => part.what.clone(),
        };
        Place { address: part.address + byte, bit, what }
    }

    /// How many bytes of a class are in use.
    pub fn bytes(&self, class: Class) -> u64 {
        self.0[&class].iter().flatten().map(|part| part.bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flips_are_read_as_they_are_shown() {
        for class in Class::ALL {
            let flip = Flip { class, number: 17 };
            assert_eq!(Flip::parse(&flip.to_string()), Some(flip));
        }
        for text in ["", "user", "user/", "user/x", "other/1"] {
            assert_eq!(Flip::parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_byte_may_be_chosen_and_the_same_again() {
        let part = |address, bytes| Part { address, bytes, what: String::new() };
        let parts = || vec![vec![part(100, 3), part(200, 1)], vec![part(300, 4)]];
        let places = Places(Class::ALL.map(|class| (class, parts())).into());
        for class in Class::ALL {
            let flips = (0..400).map(|number| Flip { class, number });
            let chosen: Vec<Place> = flips.clone().map(|flip| places.choose(flip, 3)).collect();
            let again: Vec<Place> = flips.map(|flip| places.choose(flip, 3)).collect();
            assert_eq!(chosen, again);
            let mut addresses: Vec<u64> = chosen.iter().map(|place| place.address).collect();
            addresses.sort_unstable();
            addresses.dedup();
            assert_eq!(addresses, [100, 101, 102, 200, 300, 301, 302, 303]);
            assert!((0..8).all(|bit| chosen.iter().any(|place| place.bit == bit)));
        }
    }
}

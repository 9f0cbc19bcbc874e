//! Sockets that messages carry, and which of them nobody can come to any more.
//!
//! Such a socket is open, or waits at one that can be come to, or is lost. Only one that loses a
//! reference while messages carry it, or is not open when they begin to, can become lost, with what
//! waits at it: a suspect. The search starts there and never goes on from an open one, so closing what
//! others still wait for costs the same however many travel.

mod mark;

pub use mark::Mark;

use super::spread::spread;
use abi::errno::Errno;
use alloc::vec::Vec;

/// What is known of travellers.
pub trait Traffic {
    type Traveller: Clone;

    /// Whether somebody has it, besides messages and [`Travellers`].
    fn is_open(traveller: &Self::Traveller) -> bool;

    /// How many messages carry it.
    fn messages(traveller: &Self::Traveller) -> u32;

    /// Visits what the messages carry that wait at it.
    fn each_carried(traveller: &Self::Traveller, visit: &mut impl FnMut(&Self::Traveller));

    /// What [`Travellers`] keeps in it.
    fn mark(traveller: &Self::Traveller) -> &Mark;
}

/// All travellers: suspects first.
#[derive(Debug)]
pub struct Travellers<W: Traffic> {
    list: Vec<W::Traveller>,
    suspects: usize,
}

impl<W: Traffic> Default for Travellers<W> {
    fn default() -> Self {
        Self::new()
    }
}

impl<W: Traffic> Travellers<W> {
    #[must_use]
    pub const fn new() -> Self {
        Self { list: Vec::new(), suspects: 0 }
    }

    #[cfg(test)]
    fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub fn has_suspects(&self) -> bool {
        self.suspects != 0
    }

    /// Room for so many more. ENOMEM.
    pub fn reserve(&mut self, count: usize) -> Result<(), Errno> {
        self.list.try_reserve(count).map_err(|_| Errno::ENOMEM)
    }

    /// A message carries it that was carried by none. There is room.
    pub fn add(&mut self, traveller: W::Traveller) {
        W::mark(&traveller).set_place(self.list.len());
        self.list.push(traveller);
    }

    /// No message carries it any more.
    pub fn remove(&mut self, traveller: &W::Traveller) -> Option<W::Traveller> {
        let mut place = W::mark(traveller).place();
        if place < self.suspects {
            self.suspects -= 1;
            self.swap(place, self.suspects);
            place = self.suspects;
        }
        self.swap(place, self.list.len().checked_sub(1)?);
        let removed = self.list.pop();
        self.shrink();
        removed
    }

    /// Gives room back while there are none.
    pub fn shrink(&mut self) {
        if self.list.is_empty() {
            self.list = Vec::new();
        }
    }

    /// It has lost a reference, or departs without one.
    pub fn suspect(&mut self, traveller: &W::Traveller) {
        let place = W::mark(traveller).place();
        if place >= self.suspects {
            self.swap(place, self.suspects);
            self.suspects += 1;
        }
    }

    /// Nobody knows which have.
    pub fn suspect_all(&mut self) {
        self.suspects = self.list.len();
    }

    fn swap(&mut self, one: usize, other: usize) {
        self.list.swap(one, other);
        for place in [one, other] {
            if let Some(traveller) = self.list.get(place) {
                W::mark(traveller).set_place(place);
            }
        }
    }

    /// Those that nobody can come to, among the suspects and what they lead to. Then there are no
    /// suspects any more. `pause` is called now and then, and lets nothing travel. ENOMEM.
    pub fn lost(&mut self, mut pause: impl FnMut()) -> Result<Vec<W::Traveller>, Errno> {
        let mut search = Search::<W> { list: &self.list, places: Vec::new(), edges: Vec::new() };
        let reached = search.run(self.suspects, &mut pause);
        for traveller in search.travellers() {
            W::mark(traveller).set_number(None);
        }
        let reached = reached?;
        let mut lost = Vec::new();
        let count = reached.iter().filter(|reached| !**reached).count();
        lost.try_reserve_exact(count).map_err(|_| Errno::ENOMEM)?;
        let found = search.travellers().zip(reached).filter(|(_, reached)| !reached);
        lost.extend(found.map(|(traveller, _)| traveller.clone()));
        self.suspects = 0;
        Ok(lost)
    }
}

/// Looks at travellers that are open nowhere; their numbers are their order in `places`.
struct Search<'a, W: Traffic> {
    list: &'a [W::Traveller],
    places: Vec<usize>,
    /// Who carries whom, once for each message.
    edges: Vec<(u32, u32)>,
}

impl<'a, W: Traffic> Search<'a, W> {
    fn travellers(&self) -> impl Iterator<Item = &'a W::Traveller> {
        let list = self.list;
        self.places.iter().filter_map(move |place| list.get(*place))
    }

    /// Which of those it looks at can be come to.
    fn run(&mut self, suspects: usize, pause: &mut impl FnMut()) -> Result<Vec<bool>, Errno> {
        for suspect in self.list.iter().take(suspects).filter(|suspect| !W::is_open(suspect)) {
            self.number(suspect)?;
            pause();
        }
        let mut from = 0;
        while let Some(carrier) = self.places.get(from).and_then(|place| self.list.get(*place)) {
            let mut result = Ok(());
            W::each_carried(carrier, &mut |carried| {
                if result.is_ok() && !W::is_open(carried) {
                    result = self.add_edge(from as u32, carried);
                }
            });
            result?;
            from += 1;
            pause();
        }
        let mut inside = Vec::new();
        inside.try_reserve_exact(self.places.len()).map_err(|_| Errno::ENOMEM)?;
        inside.resize(self.places.len(), 0);
        for (_, to) in &self.edges {
            if let Some(messages) = inside.get_mut(*to as usize) {
                *messages += 1;
            }
        }
        let mut reached = Vec::new();
        reached.try_reserve_exact(self.places.len()).map_err(|_| Errno::ENOMEM)?;
        // The other messages wait where somebody comes to, or are just sent or received.
        let travellers = self.travellers().zip(inside);
        reached.extend(travellers.map(|(one, inside)| W::messages(one) > inside));
        spread(&mut reached, &mut self.edges)?;
        Ok(reached)
    }

    fn number(&mut self, traveller: &W::Traveller) -> Result<u32, Errno> {
        let mark = W::mark(traveller);
        if let Some(number) = mark.number() {
            return Ok(number);
        }
        self.places.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        let number = self.places.len() as u32;
        self.places.push(mark.place());
        mark.set_number(Some(number));
        Ok(number)
    }

    fn add_edge(&mut self, from: u32, carried: &W::Traveller) -> Result<(), Errno> {
        self.edges.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        let to = self.number(carried)?;
        self.edges.push((from, to));
        Ok(())
    }
}

#[cfg(test)]
mod tests;

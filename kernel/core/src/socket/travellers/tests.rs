use super::*;
use proptest::prelude::*;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// A socket: how often it is open, and whom its messages carry.
#[derive(Default)]
struct Socket {
    opened: Cell<u32>,
    messages: Cell<u32>,
    carries: RefCell<Vec<Rc<Socket>>>,
    looks: Cell<u32>,
    mark: Mark,
}

struct Model;

impl Traffic for Model {
    type Traveller = Rc<Socket>;

    fn is_open(traveller: &Rc<Socket>) -> bool {
        traveller.opened.get() != 0
    }

    fn messages(traveller: &Rc<Socket>) -> u32 {
        traveller.messages.get()
    }

    fn each_carried(traveller: &Rc<Socket>, visit: &mut impl FnMut(&Rc<Socket>)) {
        traveller.looks.set(traveller.looks.get() + 1);
        traveller.carries.borrow().iter().for_each(visit);
    }

    fn mark(traveller: &Rc<Socket>) -> &Mark {
        &traveller.mark
    }
}

/// Sockets, each open once.
struct World {
    sockets: Vec<Rc<Socket>>,
    travellers: Travellers<Model>,
}

impl World {
    fn new(count: usize) -> Self {
        let socket = |_| Rc::new(Socket { opened: Cell::new(1), ..Socket::default() });
        Self { sockets: (0..count).map(socket).collect(), travellers: Travellers::new() }
    }

    fn send(&mut self, carried: usize, at: usize) {
        let socket = self.sockets[carried].clone();
        self.sockets[at].carries.borrow_mut().push(socket.clone());
        socket.messages.set(socket.messages.get() + 1);
        if socket.messages.get() == 1 {
            self.travellers.reserve(1).unwrap();
            self.travellers.add(socket);
        }
    }

    fn leave(&mut self, socket: &Rc<Socket>) {
        socket.messages.set(socket.messages.get() - 1);
        match socket.messages.get() {
            0 => drop(self.travellers.remove(socket)),
            _ => self.travellers.suspect(socket),
        }
    }

    /// Whoever has it receives its oldest message and closes that at once.
    fn receive(&mut self, at: usize) {
        let first = self.sockets[at].carries.borrow().first().cloned();
        if let Some(socket) = first {
            self.sockets[at].carries.borrow_mut().remove(0);
            self.leave(&socket);
            self.close_unused();
        }
    }

    fn close(&mut self, at: usize) {
        let socket = self.sockets[at].clone();
        socket.opened.set(0);
        if socket.messages.get() != 0 {
            self.travellers.suspect(&socket);
        }
        self.close_unused();
    }

    /// What waits at those that nothing holds goes.
    fn close_unused(&mut self) {
        loop {
            let is_unused = |one: &&Rc<Socket>| {
                one.opened.get() + one.messages.get() == 0 && !one.carries.borrow().is_empty()
            };
            let Some(unused) = self.sockets.iter().find(is_unused).cloned() else { return };
            for socket in unused.carries.take() {
                self.leave(&socket);
            }
        }
    }

    fn collect(&mut self) -> usize {
        let lost = self.travellers.lost(|| ()).unwrap();
        for socket in &lost {
            for carried in socket.carries.take() {
                self.leave(&carried);
            }
        }
        lost.len()
    }

    fn looks(&self) -> u32 {
        self.sockets.iter().map(|socket| socket.looks.replace(0)).sum()
    }

    /// What can be come to by steps from what is open.
    fn reachable(&self) -> Vec<bool> {
        let mut reached: Vec<_> = self.sockets.iter().map(|one| one.opened.get() != 0).collect();
        for _ in 0..self.sockets.len() {
            for at in 0..self.sockets.len() {
                for carried in &*self.sockets[at].carries.borrow() {
                    let to = self.sockets.iter().position(|one| Rc::ptr_eq(one, carried));
                    reached[to.unwrap()] |= reached[at];
                }
            }
        }
        reached
    }
}

#[test]
fn a_ring_is_lost_with_its_last_opening() {
    let mut world = World::new(1000);
    for at in 0..1000 {
        world.send(at, (at + 1) % 1000);
    }
    for at in 0..999 {
        world.close(at);
    }
    assert_eq!((world.collect(), world.looks()), (0, 999));
    world.close(999);
    assert_eq!((world.collect(), world.looks()), (1000, 1000));
    assert!(world.travellers.is_empty());
}

#[test]
fn what_waits_at_an_open_one_costs_the_same_however_much_it_is() {
    let mut world = World::new(1001);
    for at in 0..1000 {
        world.send(at, 1000);
    }
    for at in 0..1000 {
        world.close(at);
        assert_eq!((world.collect(), world.looks()), (0, 1));
    }
    world.close(1000);
    assert_eq!((world.collect(), world.looks()), (0, 0));
    assert!(world.travellers.is_empty());
}

#[test]
fn nobody_looks_when_nothing_that_travels_was_closed() {
    let mut world = World::new(300);
    for at in 0..100 {
        world.send(at, at + 100);
    }
    for at in 200..300 {
        world.close(at);
        assert!(!world.travellers.has_suspects());
    }
    assert_eq!((world.collect(), world.looks()), (0, 0));
}

#[derive(Clone, Debug)]
enum Step {
    Send { carried: usize, at: usize },
    Receive { at: usize },
    Close { at: usize },
    SuspectAll,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..8usize, 0..8usize).prop_map(|(carried, at)| Step::Send { carried, at }),
        1 => (0..8usize).prop_map(|at| Step::Receive { at }),
        2 => (0..8usize).prop_map(|at| Step::Close { at }),
        1 => Just(Step::SuspectAll),
    ]
}

proptest! {
    #[test]
    fn the_lost_are_those_no_steps_lead_to(steps in prop::collection::vec(step(), 1..40)) {
        let mut world = World::new(8);
        for step in steps {
            match step {
                // Only who has both can send one over the other.
                Step::Send { carried, at } => {
                    if world.sockets[carried].opened.get() * world.sockets[at].opened.get() != 0 {
                        world.send(carried, at);
                    }
                }
                Step::Receive { at } => {
                    if world.sockets[at].opened.get() != 0 {
                        world.receive(at);
                    }
                }
                Step::Close { at } => world.close(at),
                Step::SuspectAll => world.travellers.suspect_all(),
            }
            world.collect();
            for (socket, reached) in world.sockets.iter().zip(world.reachable()) {
                prop_assert!(reached || socket.carries.borrow().is_empty());
                prop_assert!(reached || socket.messages.get() == 0);
                prop_assert_eq!(socket.mark.number(), None);
            }
            let travelling = world.sockets.iter().filter(|one| one.messages.get() != 0).count();
            prop_assert_eq!(world.travellers.list.len(), travelling);
        }
    }
}

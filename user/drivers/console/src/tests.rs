//! The server on a model of the port and of the kernel: it runs only when one of them would wake it,
//! and is killed at any access to the port.

extern crate std;

use super::*;
use core::cell::RefCell;
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use proptest::prelude::*;
use std::boxed::Box;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::vec::Vec;
use sys::abi::console::uart::FIFO_BYTES;
use sys::abi::console::{Command, RING_BYTES, TERMINAL, passes};
use sys::abi::line_discipline::INITIAL;
use sys::abi::terminal::Termios;

/// A 16550 and the interrupt controller behind it.
#[derive(Default)]
struct Port {
    arriving: VecDeque<u8>,
    /// What is in the transmitter.
    fifo: Vec<u8>,
    sent: Vec<u8>,
    enabled: u8,
    line: u8,
    modem: u8,
    /// The interrupt line as it was last.
    was_high: bool,
    /// An edge was seen and not delivered.
    is_pending: bool,
    is_masked: bool,
    /// Accesses until the server's death.
    left: Option<u32>,
}

struct Death;

impl Port {
    fn access(&mut self) {
        if let Some(left) = &mut self.left {
            if *left == 0 {
                self.left = None;
                resume_unwind(Box::new(Death));
            }
            *left -= 1;
        }
    }

    fn settle(&mut self) {
        let receives = self.enabled & 1 != 0 && !self.arriving.is_empty();
        let is_high = receives || self.enabled & 2 != 0 && self.fifo.is_empty();
        // OUT2 lets the interrupt through.
        let is_high = is_high && self.modem & 8 != 0;
        self.is_pending |= is_high && !self.was_high;
        self.was_high = is_high;
    }
}

#[derive(Clone)]
struct Wire(Rc<RefCell<Port>>);

impl Registers for Wire {
    fn read(&mut self, register: u16) -> u8 {
        let mut port = self.0.borrow_mut();
        port.access();
        let value = match register {
            0 if port.line & 0x80 != 0 => panic!("the latch is read"),
            0 => port.arriving.pop_front().expect("nothing has arrived"),
            5 => u8::from(!port.arriving.is_empty()) | u8::from(port.fifo.is_empty()) << 5,
            other => panic!("register {other} is read"),
        };
        port.settle();
        value
    }

    fn read_into(&mut self, register: u16, place: &AtomicU32, tag: u32) {
        place.store(tag | u32::from(self.read(register)), SeqCst);
        self.0.borrow_mut().access();
    }

    fn write(&mut self, register: u16, value: u8) {
        let mut port = self.0.borrow_mut();
        port.access();
        let has_latch = port.line & 0x80 != 0;
        match register {
            0 | 1 if has_latch => {}
            2 => assert_eq!(value & 6, 0, "a FIFO is emptied"),
            3 => port.line = value,
            4 => port.modem = value,
            0 => {
                port.fifo.push(value);
                assert!(port.fifo.len() <= FIFO_BYTES, "the transmitter overflows");
            }
            1 => port.enabled = value,
            other => panic!("register {other} is written"),
        }
        port.settle();
    }
}

#[derive(Clone)]
struct Model {
    wire: Wire,
    shared: &'static Shared,
}

impl Kernel for Model {
    fn tell(&mut self) {}

    fn signal(&mut self, _: i32, _: bool) {
        panic!("nothing typed here is a signal");
    }

    fn acknowledge(&mut self) {
        self.wire.0.borrow_mut().is_masked = false;
    }
}

fn load(word: &AtomicU32) -> u32 {
    word.load(SeqCst)
}

impl Model {
    /// Programs write; whether the server has to be told.
    fn write(&self, bytes: &[u8]) -> (usize, bool) {
        let produced = load(&self.shared.kernel.produced[0]);
        let consumed = load(&self.shared.driver.consumed[0]);
        let count = bytes.len().min((RING_BYTES - produced.wrapping_sub(consumed)) as usize);
        for (index, byte) in (produced..).zip(&bytes[..count]) {
            self.shared.outputs[0].0[(index % RING_BYTES) as usize].store(*byte, SeqCst);
        }
        self.shared.kernel.produced[0].store(produced + count as u32, SeqCst);
        (count, count > 0 && produced == consumed)
    }

    /// Programs read; whether the server has to be told.
    fn read(&self, most: usize, to: &mut Vec<u8>) -> bool {
        let (start, end) = (load(&self.shared.kernel.consumed), load(&self.shared.driver.produced));
        let mut bytes = [0; 4096];
        let bytes = &mut bytes[..most.min(4096)];
        let (count, behind) = self.shared.typed().take(start, end, false, bytes);
        to.extend(&bytes[..count]);
        self.shared.kernel.consumed.store(behind, SeqCst);
        passes(load(&self.shared.driver.told_at), start, behind)
    }
}

fn zeroed() -> &'static Shared {
    // SAFETY: it consists of integers.
    Box::leak(unsafe { Box::<Shared>::new_zeroed().assume_init() })
}

#[test]
fn a_port_left_in_disorder_works_again() {
    let wire = Wire(Rc::default());
    let disorder = Port { line: 0x9b, modem: 0x10, enabled: 0xff, ..Port::default() };
    *wire.0.borrow_mut() = Port { arriving: VecDeque::from([b'x']), ..disorder };
    let model = Model { wire: wire.clone(), shared: zeroed() };
    model.write(b"hello");
    let mut server = Console::new(model.shared, wire.clone(), model.clone());
    server.notified(NEWS);
    let port = wire.0.borrow();
    assert!(port.fifo.windows(5).any(|sent| sent == b"hello"), "{:?}", port.fifo);
    assert!(port.arriving.is_empty(), "what has arrived is not fetched");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Woken only by news and edges, killed now and then: nothing stands still, input is whole, and
    /// output repeats no more than a load of the port at each death.
    #[test]
    fn the_server_never_sleeps_too_long(
        deaths in prop::collection::vec(0u32..4000, 0..20),
        written in 0usize..60_000,
        typed in 0usize..9_000,
        most in 1usize..3000,
    ) {
        let shared = zeroed();
        shared.kernel.kind.store(TERMINAL, SeqCst);
        let raw = Termios { iflag: 0, oflag: 0, lflag: 0, ..INITIAL };
        for (place, word) in shared.kernel.commands[0].iter().zip(Command::SetTermios(raw).to_words()) {
            place.store(word, SeqCst);
        }
        shared.kernel.commanded.store(1, SeqCst);
        let output: Vec<u8> = (0..written).map(|at| (at / 7 % 251) as u8).collect();
        let input: Vec<u8> = (0..typed).map(|at| (at / 5 % 253) as u8).collect();
        let wire = Wire(Rc::default());
        let model = Model { wire: wire.clone(), shared };
        let start = || Console::new(shared, wire.clone(), model.clone());
        let mut server = start();
        let (mut deaths, mut died) = (deaths.into_iter(), 0);
        let (mut read, mut put, mut arrived, mut bits) = (Vec::new(), 0, 0, NEWS);
        for round in 0.. {
            let is_done = put == output.len()
                && load(&shared.driver.consumed[0]) as usize == output.len()
                && read.len() == input.len();
            if is_done {
                break;
            }
            prop_assert!(round < 100_000, "it sleeps: {} of {} bytes are read", read.len(), typed);
            let (count, is_news) = model.write(&output[put..]);
            put += count;
            bits |= if is_news { NEWS } else { 0 };
            bits |= if model.read(most, &mut read) { NEWS } else { 0 };
            {
                let mut port = wire.0.borrow_mut();
                if port.left.is_none() {
                    port.left = deaths.next();
                }
                let fifo = core::mem::take(&mut port.fifo);
                port.sent.extend(fifo);
                let more = (arrived + 14).min(input.len());
                if port.arriving.is_empty() {
                    port.arriving.extend(&input[arrived..more]);
                    arrived = more;
                }
                port.settle();
                if port.is_pending && !port.is_masked {
                    (port.is_pending, port.is_masked) = (false, true);
                    bits |= INTERRUPT;
                }
            }
            if bits != 0 {
                let woken_by = core::mem::take(&mut bits);
                if catch_unwind(AssertUnwindSafe(|| server.notified(woken_by))).is_err() {
                    // The next instance attaches: told once, and the line is unmasked.
                    died += 1;
                    server = start();
                    wire.0.borrow_mut().is_masked = false;
                    bits = NEWS;
                }
            }
        }
        prop_assert!(read == input, "other input");
        let port = wire.0.borrow();
        let total = port.sent.len() + port.fifo.len();
        prop_assert!(total >= output.len() && total <= output.len() + died * FIFO_BYTES);
        if died == 0 {
            prop_assert!([&port.sent[..], &port.fifo].concat() == output, "other output");
        }
    }
}

//! A terminal: the line discipline between the line and programs.
//!
//! The driver works in units: one command, one byte that arrived, or one load of output. The state
//! after a unit is saved beside the one before it, and holds from the moment a single word says so.

use super::outgoing::Outgoing;
use super::shared::{ARRIVED_BYTES, COMMANDS, DONE_WORDS, Shared, arrived_tag, passes};
use super::{Command, Device, Step, Wanted};
use crate::frame::Frame;
use crate::line_discipline::{LineDiscipline, Received, SAVED_WORDS};
use core::sync::atomic::Ordering::{Relaxed, SeqCst};

/// What a 16550 takes at once.
const LOAD: usize = 16;

/// The driver of a terminal.
#[derive(Debug)]
pub struct Terminal<'a> {
    shared: &'a Shared,
    /// What holds.
    state: State<'a>,
    outgoing: Outgoing,
    /// What will hold once everything outgoing is in the device.
    next: Option<Next<'a>>,
    /// So much of the next byte's echo has been sent.
    echoed: usize,
}

/// What has been done.
#[derive(Clone, Debug)]
struct State<'a> {
    line: LineDiscipline<'a>,
    /// Output that is in the device.
    consumed: u32,
    /// Bytes worked on of those that arrived.
    worked: u32,
    /// Commands obeyed.
    obeyed: u32,
}

#[derive(Debug)]
struct Next<'a> {
    state: State<'a>,
    /// For the kernel, before that.
    signal: Option<(i32, bool)>,
    is_finished: bool,
}

impl<'a> Next<'a> {
    fn new(state: State<'a>) -> Self {
        Self { state, signal: None, is_finished: false }
    }
}

impl<'a> State<'a> {
    fn load(shared: &'a Shared) -> Self {
        let Shared { kernel, driver, .. } = shared;
        let which = driver.which.load(SeqCst) % 2;
        let words = driver.done[which as usize].each_ref().map(|word| word.load(Relaxed));
        let [consumed, worked, obeyed, saved @ ..] = words;
        let taken = kernel.consumed.load(SeqCst);
        let line = match saved {
            words if words == [0; SAVED_WORDS] => LineDiscipline::new(shared.typed()),
            words => LineDiscipline::resume(shared.typed(), &words, taken),
        };
        // What was published is what the kernel has checked; the saved words may be a unit ahead.
        let published = driver.consumed[0].load(SeqCst);
        let ahead = consumed.wrapping_sub(published);
        let consumed = if ahead <= shared.filled(0) { consumed } else { published };
        let arrived = driver.arrived.load(SeqCst);
        let worked = if arrived.wrapping_sub(worked) <= ARRIVED_BYTES { worked } else { arrived };
        let commanded = kernel.commanded.load(SeqCst);
        let obeyed = if commanded.wrapping_sub(obeyed) <= COMMANDS { obeyed } else { commanded };
        Self { line, consumed, worked, obeyed }
    }

    fn store(&self, shared: &Shared) {
        let driver = &shared.driver;
        let which = driver.which.load(SeqCst).wrapping_add(1) % 2;
        let mut words = [0; DONE_WORDS];
        let (done, saved) = words.split_at_mut(DONE_WORDS - SAVED_WORDS);
        done.copy_from_slice(&[self.consumed, self.worked, self.obeyed]);
        saved.copy_from_slice(&self.line.save());
        for (place, word) in driver.done[which as usize].iter().zip(words) {
            place.store(word, Relaxed);
        }
        driver.which.store(which, SeqCst);
    }

    /// Shows the kernel what has been done. Whether it has to look.
    fn publish(&self, shared: &Shared) -> bool {
        let Shared { kernel, driver, .. } = shared;
        let produced = self.line.readable_end();
        let has_input = driver.produced.swap(produced, SeqCst) != produced;
        let has_obeyed = driver.obeyed.swap(self.obeyed, SeqCst) != self.obeyed;
        let old = driver.consumed[0].swap(self.consumed, SeqCst);
        has_input || has_obeyed || passes(kernel.told_at[0].load(SeqCst), old, self.consumed)
    }
}

/// The driver before this one may have ended between storing a byte and counting it.
fn count_last_byte(shared: &Shared) {
    let driver = &shared.driver;
    let arrived = driver.arrived.load(SeqCst);
    let word = driver.bytes[(arrived % ARRIVED_BYTES) as usize].load(SeqCst);
    if word & !0xff == arrived_tag(arrived) {
        driver.arrived.store(arrived.wrapping_add(1), SeqCst);
    }
}

impl<'a> Terminal<'a> {
    pub(super) fn new(shared: &'a Shared) -> Self {
        count_last_byte(shared);
        let state = State::load(shared);
        state.store(shared);
        // Whoever takes over is asked to look anyway.
        state.publish(shared);
        Self { shared, state, outgoing: Outgoing::new(), next: None, echoed: 0 }
    }

    pub(super) fn step(&mut self, device: &mut impl Device) -> Step {
        self.collect(device);
        if !self.outgoing.is_empty() && !self.outgoing.send(device) {
            return Step::Idle(Wanted { receive: self.collects(), send: true });
        }
        if let Some(step) = self.commit() {
            return step;
        }
        match (self.echoed == 0 && self.obey())
            || self.work()
            || self.process_output()
            || self.finish()
        {
            true => Step::Progress,
            false => Step::Idle(Wanted { receive: self.collects(), send: false }),
        }
    }

    /// Takes what has arrived to where the next driver finds it.
    fn collect(&self, device: &mut impl Device) {
        let driver = &self.shared.driver;
        while self.collects() {
            let arrived = driver.arrived.load(SeqCst);
            let place = &driver.bytes[(arrived % ARRIVED_BYTES) as usize];
            if !device.receive_into(place, arrived_tag(arrived)) {
                return;
            }
            driver.arrived.store(arrived.wrapping_add(1), SeqCst);
        }
    }

    /// Whether there is room for what arrives.
    fn collects(&self) -> bool {
        self.arrived() < ARRIVED_BYTES
    }

    /// Bytes that wait to be worked on.
    fn arrived(&self) -> u32 {
        self.shared.driver.arrived.load(SeqCst).wrapping_sub(self.state.worked)
    }

    /// The next state, if there is one, holds now.
    fn commit(&mut self) -> Option<Step> {
        let next = self.next.as_mut()?;
        if let Some((signal, flush)) = next.signal.take() {
            return Some(Step::Signal { signal, flush });
        }
        let next = self.next.take()?;
        self.state = next.state;
        self.echoed = 0;
        self.state.store(self.shared);
        let mut tell = self.state.publish(self.shared);
        if next.is_finished {
            self.shared.driver.finished.store(1, SeqCst);
            tell = true;
        }
        Some(if tell { Step::Tell } else { Step::Progress })
    }

    fn obey(&mut self) -> bool {
        let kernel = &self.shared.kernel;
        let mut state = self.state.clone();
        if kernel.commanded.load(SeqCst) == state.obeyed {
            return false;
        }
        let words = &kernel.commands[(state.obeyed % COMMANDS) as usize];
        match Command::from_words(&words.each_ref().map(|word| word.load(Relaxed))) {
            Some(Command::SetTermios(termios)) => {
                state.line.set_taken(kernel.consumed.load(SeqCst));
                state.line.set_termios(&termios);
            }
            Some(Command::DropLine) => state.line.drop_line(),
            Some(Command::DropOutput(index)) => {
                let dropped = index.wrapping_sub(state.consumed);
                if dropped <= self.shared.filled(0) {
                    state.consumed = index;
                }
            }
            Some(Command::Stop(stop)) => state.line.set_stopped(stop),
            Some(Command::Send(byte)) => self.outgoing.push(byte),
            None => {}
        }
        state.obeyed = state.obeyed.wrapping_add(1);
        self.next = Some(Next::new(state));
        true
    }

    /// Works on the next byte that arrived, or on the next part of its echo.
    fn work(&mut self) -> bool {
        let Shared { kernel, driver, .. } = self.shared;
        if self.arrived() == 0 || !self.has_room() {
            return false;
        }
        let place = (self.state.worked % ARRIVED_BYTES) as usize;
        let byte = driver.bytes[place].load(SeqCst) as u8;
        // A long echo takes several rounds; each begins with the same state.
        let mut state = self.state.clone();
        let (outgoing, mut skip, mut rest) = (&mut self.outgoing, self.echoed, 0);
        let received = state.line.receive(byte, &mut |byte| {
            if skip > 0 {
                skip -= 1;
            } else if outgoing.len() < Outgoing::CAPACITY {
                outgoing.push(byte);
            } else {
                rest += 1;
            }
        });
        if rest > 0 {
            self.echoed += Outgoing::CAPACITY;
            return true;
        }
        let Received { signal, flush, .. } = received;
        state.worked = state.worked.wrapping_add(1);
        if flush {
            state.consumed = kernel.produced[0].load(SeqCst);
        }
        let signal = signal.map(|signal| (signal, flush));
        self.next = Some(Next { signal, ..Next::new(state) });
        true
    }

    /// Whether another byte can be kept. If not, the kernel is to say when that changes.
    fn has_room(&mut self) -> bool {
        let Shared { kernel, driver, .. } = self.shared;
        for _ in 0..2 {
            let taken = kernel.consumed.load(SeqCst);
            self.state.line.set_taken(taken);
            if self.state.line.has_room() {
                return true;
            }
            driver.told_at.store(taken, SeqCst);
        }
        false
    }

    fn process_output(&mut self) -> bool {
        let filled = self.shared.filled(0) as usize;
        // At the end nobody can start it again.
        let is_stopped = self.state.line.is_stopped() && self.shared.kernel.exit().is_none();
        if filled == 0 || is_stopped {
            return false;
        }
        let mut bytes = [0; LOAD];
        let bytes = bytes.get_mut(..filled.min(LOAD)).unwrap_or_default();
        self.shared.outputs[0].get(self.state.consumed, bytes);
        let mut state = self.state.clone();
        for &byte in bytes.iter() {
            if self.outgoing.len() + state.line.expansion(byte) > LOAD {
                break;
            }
            state.line.write(byte, &mut |byte| self.outgoing.push(byte));
            state.consumed = state.consumed.wrapping_add(1);
        }
        self.next = Some(Next::new(state));
        true
    }

    /// Everything is sent: says how the first program ended, if it has.
    fn finish(&mut self) -> bool {
        let Shared { kernel, driver, .. } = self.shared;
        let Some(exit) = kernel.exit() else { return false };
        if driver.finished.load(SeqCst) != 0 || self.shared.filled(0) != 0 {
            return false;
        }
        self.outgoing.frame(&Frame::Exit(exit));
        self.next = Some(Next { is_finished: true, ..Next::new(self.state.clone()) });
        true
    }
}

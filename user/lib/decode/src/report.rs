//! Events of several threads as lines, one after the other, whoever is in the middle of a call.

use crate::call::{self, Entered, entered, left};
use crate::memory::Memory;
use crate::{signal, socket, table};
use abi::trace::{Call, Event, What};
use alloc::collections::BTreeMap;
use alloc::string::String;
use core::fmt::Write;

/// Which calls are shown.
pub type Filter<'a> = dyn Fn(&str) -> bool + 'a;

/// What is shown of the events so far.
#[derive(Default)]
pub struct Report {
    text: String,
    /// Calls under way, by thread.
    calls: BTreeMap<i32, Entered>,
    /// The thread whose line has no end yet, and how long that is.
    open: Option<(i32, usize)>,
    /// Threads that are traced, besides the first.
    others: usize,
}

impl Report {
    /// What has been shown since the last time.
    pub fn take(&mut self) -> String {
        core::mem::take(&mut self.text)
    }

    pub fn event(&mut self, event: &Event, memory: &dyn Memory, wanted: &Filter) {
        let tid = event.tid;
        match event.what() {
            Some(What::CallEntered(call)) => self.enter(tid, &call, memory, wanted),
            Some(What::CallLeft(call)) => self.leave(tid, &call, memory),
            Some(What::Signal(info)) => self.line(tid, &signal::line(&info)),
            Some(What::Stopped { signal }) => self.line(tid, &signal::stop_line(signal)),
            Some(What::Started { .. }) => {
                self.interrupt();
                self.others += 1;
                let _ = writeln!(self.text, "strace: Process {tid} attached");
            }
            Some(What::Executed { former }) if former != tid => {
                self.interrupt();
                let _ = writeln!(
                    self.text,
                    "[pid {tid:5}] +++ superseded by execve in pid {former} +++"
                );
                if let Some(call) = self.calls.remove(&former) {
                    self.calls.insert(tid, call);
                }
            }
            Some(What::Ended { status }) => self.end(tid, status),
            Some(What::Executed { .. } | What::Fault(_)) | None => {}
        }
    }

    fn enter(&mut self, tid: i32, call: &Call, memory: &dyn Memory, wanted: &Filter) {
        let vector = call.table;
        let is_wanted = |number| wanted(table::name(vector, number).unwrap_or_default());
        let meant = socket::unfolded(vector, call.number, call.registers, memory);
        let (number, registers) = meant.unwrap_or((call.number, call.registers));
        if !is_wanted(call.number) && !is_wanted(number) {
            return;
        }
        let (head, entered) = entered(vector, number, registers, memory);
        self.begin(tid, &head);
        if call::never_returns(vector, number) {
            let rest = call::not_left(self.column());
            self.finish(&rest);
        } else {
            self.calls.insert(tid, entered);
        }
    }

    fn leave(&mut self, tid: i32, call: &Call, memory: &dyn Memory) {
        let Some(entered) = self.calls.remove(&tid) else { return };
        self.resume(tid, &entered);
        let rest = left(&entered, call.result, self.column(), memory);
        self.finish(&rest);
    }

    fn end(&mut self, tid: i32, status: i32) {
        if let Some(entered) = self.calls.remove(&tid) {
            self.resume(tid, &entered);
            self.append(" <unfinished ...>");
            let rest = call::not_left(self.column());
            self.finish(&rest);
        }
        self.line(tid, &signal::end_line(status));
        self.others = self.others.saturating_sub(1);
    }

    /// A line of its own.
    fn line(&mut self, tid: i32, line: &str) {
        self.begin(tid, line);
        self.finish("");
    }

    /// The line goes on, or another one begins that does.
    fn resume(&mut self, tid: i32, entered: &Entered) {
        if self.open.is_none_or(|(other, _)| other != tid) {
            let mut head = String::new();
            let _ = write!(head, "<... {} resumed>", entered.name());
            self.begin(tid, &head);
        }
    }

    fn column(&self) -> usize {
        self.open.map_or(0, |(_, column)| column)
    }

    fn begin(&mut self, tid: i32, head: &str) {
        self.interrupt();
        self.open = Some((tid, 0));
        if self.others != 0 {
            let mut prefix = String::new();
            let _ = write!(prefix, "[pid {tid:5}] ");
            self.append(&prefix);
        }
        self.append(head);
    }

    fn append(&mut self, text: &str) {
        self.text.push_str(text);
        if let Some((_, column)) = &mut self.open {
            *column += text.chars().count();
        }
    }

    fn finish(&mut self, rest: &str) {
        self.text.push_str(rest);
        self.text.push('\n');
        self.open = None;
    }

    /// Somebody else has something to say.
    fn interrupt(&mut self) {
        if self.open.is_some() {
            self.finish(" <unfinished ...>");
        }
    }
}

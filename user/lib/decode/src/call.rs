//! One call as one line: what can be said when it begins, and the rest when it is over.

use crate::argument::Kind;
use crate::memory::{self, Memory};
use crate::number::{self, Format};
use crate::shape::{self, Around};
use crate::table::{self, Call, FOLIO, Parameter};
use crate::{command, futex, outcome};
use abi::argument::Registers;
use abi::ipc::{Rights, Tag};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

/// Where `= RESULT` begins on a line that is short enough.
const RESULT_COLUMN: usize = 40;

/// A call under way.
pub struct Entered {
    name: String,
    /// The rest of the arguments; `None` for what the kernel writes.
    rest: Vec<(usize, Option<String>)>,
    row: Option<&'static Call>,
    registers: Registers,
}

/// What a call that begins looks like, up to the first argument that is not known yet.
pub fn entered(
    vector: u32,
    number: u32,
    registers: Registers,
    memory: &dyn Memory,
) -> (String, Entered) {
    let row = table::find(vector, number);
    let name = name(vector, number);
    let mut arguments: Vec<(usize, Option<String>)> = match row {
        Some(call) => places(call)
            .filter(|(register, parameter)| !is_left_out(call, *register, parameter, &registers))
            .map(|(register, parameter)| {
                let text = input(call, register, parameter, &registers, memory);
                (register, text)
            })
            .collect(),
        // Nothing is known of it but what every call has.
        None => {
            (0..registers.len()).map(|at| (at, Some(format!("{:#x}", registers[at])))).collect()
        }
    };
    let known = arguments.iter().take_while(|(_, text)| text.is_some()).count();
    let rest = arguments.split_off(known);
    let mut line = format!("{name}(");
    for (place, (_, text)) in arguments.iter().enumerate() {
        if place != 0 {
            line.push_str(", ");
        }
        line.push_str(text.as_deref().unwrap_or_default());
    }
    if known != 0 && !rest.is_empty() {
        line.push_str(", ");
    }
    (line, Entered { name, rest, row, registers })
}

/// Whether a call does not come back: its line ends at once.
pub fn never_returns(vector: u32, number: u32) -> bool {
    matches!(table::name(vector, number), Some("exit" | "exit_group")) && vector != FOLIO
}

fn name(vector: u32, number: u32) -> String {
    match (vector, table::name(vector, number)) {
        (FOLIO, Some(name)) => format!("folio:{name}"),
        (FOLIO, None) => format!("folio:call_{number:#x}"),
        (_, Some(name)) => String::from(name),
        (_, None) => format!("syscall_{number:#x}"),
    }
}

impl Entered {
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The rest of the line of a call that returned EAX. `column` is how long the line is so far.
pub fn left(entered: &Entered, eax: u32, column: usize, memory: &dyn Memory) -> String {
    let mut line = String::new();
    for (place, (register, text)) in entered.rest.iter().enumerate() {
        if place != 0 {
            line.push_str(", ");
        }
        match (text, entered.row) {
            (Some(text), _) => line.push_str(text),
            (None, Some(call)) => {
                output(call, *register, &entered.registers, eax, memory, &mut line)
            }
            (None, None) => {}
        }
    }
    end(&mut line, column);
    outcome::show(entered.row.map_or("", |call| call.name), eax, &mut line);
    line
}

/// The end of the line of a call that does not come back.
pub fn not_left(column: usize) -> String {
    let mut line = String::new();
    end(&mut line, column);
    line.push('?');
    line
}

fn end(line: &mut String, column: usize) {
    line.push_str(") ");
    let length = column + line.chars().count();
    line.extend(core::iter::repeat_n(' ', RESULT_COLUMN.saturating_sub(length)));
    line.push_str("= ");
}

/// The arguments with the registers they begin in.
fn places(call: &'static Call) -> impl Iterator<Item = (usize, &'static Parameter)> {
    call.parameters.iter().scan(0, |next, parameter| {
        let place = *next;
        *next += parameter.kind.registers();
        Some((place, parameter))
    })
}

fn word(registers: &Registers, at: usize) -> u32 {
    registers.get(at).copied().unwrap_or(0)
}

fn is_left_out(call: &Call, at: usize, parameter: &Parameter, registers: &Registers) -> bool {
    let before = word(registers, at.wrapping_sub(1));
    if futex::is_left_out(call.name, parameter.name, word(registers, 1)) {
        return true;
    }
    number::format(call.name, parameter.name)
        .is_some_and(|format| number::is_left_out(call.name, format, before))
}

/// An argument that is known when the call begins.
fn input(
    call: &'static Call,
    at: usize,
    parameter: &Parameter,
    registers: &Registers,
    memory: &dyn Memory,
) -> Option<String> {
    let value = word(registers, at);
    let mut text = String::new();
    if let Some(format) = futex::format(call.name, parameter.name, word(registers, 1)) {
        number::show(format, value, false, &mut text);
        return Some(text);
    }
    if is_answered(call, at, parameter, registers) {
        return None;
    }
    let mut plain = |signed| {
        let before = word(registers, at.wrapping_sub(1));
        match number::format(call.name, parameter.name) {
            Some(Format::OfCommand) => command::show(call.name, before, value, memory, &mut text),
            format => number::show(format.unwrap_or(Format::Decimal), value, signed, &mut text),
        }
    };
    match parameter.kind {
        Kind::Signed => plain(true),
        Kind::Unsigned => plain(false),
        Kind::Wide => {
            let wide = u64::from(value) | u64::from(word(registers, at + 1)) << 32;
            let _ = write!(text, "{}", wide.cast_signed());
        }
        Kind::Level => {
            let _ = write!(text, "{value}");
        }
        Kind::Rights => match Rights::from_bits(value) {
            Some(rights) => {
                let _ = write!(text, "{}", bits(rights));
            }
            None => {
                let _ = write!(text, "{value:#x}");
            }
        },
        Kind::Tag => tag(value, &mut text),
        Kind::Text if value == 0 => text.push_str("NULL"),
        Kind::Text => shape::text(memory, value, &mut text),
        Kind::Input(_) | Kind::Output(_) if value == 0 => text.push_str("NULL"),
        Kind::Input(shape) => match shape() {
            Some(show) => {
                let around = around(call, at, parameter, registers, None, memory);
                show(&around, value, &mut text);
            }
            None => shape::address(value, &mut text),
        },
        Kind::Output(_) if is_read_too(call, parameter) => {
            let around = around(call, at, parameter, registers, None, memory);
            show_output(parameter, &around, value, &mut text);
        }
        Kind::Output(_) => return None,
    }
    Some(text)
}

/// Whether a plain number is the address of what a command answers.
fn is_answered(call: &Call, at: usize, parameter: &Parameter, registers: &Registers) -> bool {
    matches!(number::format(call.name, parameter.name), Some(Format::OfCommand))
        && command::answers(call.name, word(registers, at.wrapping_sub(1)))
}

/// What the kernel writes, but what it was asked for says more.
fn is_read_too(call: &Call, parameter: &Parameter) -> bool {
    match call.name {
        "select" | "_newselect" | "pselect6" | "pselect6_time64" | "poll" | "ppoll"
        | "ppoll_time64" => true,
        "futex" | "futex_time64" | "set_tid_address" => true,
        "message_block" => true,
        "clone" => parameter.name == "child_tid",
        _ => false,
    }
}

/// An argument that the kernel has written.
fn output(
    call: &'static Call,
    at: usize,
    registers: &Registers,
    eax: u32,
    memory: &dyn Memory,
    to: &mut String,
) {
    let Some((_, parameter)) = places(call).find(|(place, _)| *place == at) else { return };
    let (value, result) = (word(registers, at), outcome::value(eax));
    if result.is_some() && is_answered(call, at, parameter, registers) {
        let command = word(registers, at.wrapping_sub(1));
        return command::show(call.name, command, value, memory, to);
    }
    let is_written = match parameter.name {
        // Of a sleep that was interrupted.
        "remaining" => outcome::is_restart(eax),
        _ => result.is_some(),
    };
    if !is_written && !is_read_too(call, parameter) {
        return shape::address(value, to);
    }
    let around = around(call, at, parameter, registers, result, memory);
    show_output(parameter, &around, value, to);
}

fn show_output(parameter: &Parameter, around: &Around, value: u32, to: &mut String) {
    match parameter.kind {
        Kind::Output(shape) if value != 0 => match shape() {
            Some(show) => show(around, value, to),
            None => shape::address(value, to),
        },
        _ => shape::address(value, to),
    }
}

fn around<'a>(
    call: &'static Call,
    at: usize,
    parameter: &'a Parameter,
    registers: &Registers,
    result: Option<u32>,
    memory: &'a dyn Memory,
) -> Around<'a> {
    const COUNTS: [&str; 6] =
        ["count", "size", "length", "local_count", "remote_count", "set_size"];
    let next = at + parameter.kind.registers();
    let is_count =
        |(place, behind): &(usize, &Parameter)| *place == next && COUNTS.contains(&behind.name);
    let mut behind = places(call).filter(is_count);
    let count = match call.name {
        "select" | "_newselect" | "pselect6" | "pselect6_time64" => Some(word(registers, 0)),
        "sched_setaffinity" | "sched_getaffinity" => Some(word(registers, at.wrapping_sub(1))),
        _ => behind.next().and_then(|(place, behind)| match behind.kind {
            // The kernel says there how much it is.
            Kind::Output(_) => memory::value(memory, word(registers, place)),
            _ => Some(word(registers, place)),
        }),
    };
    Around { memory, call: call.name, parameter: parameter.name, count, result }
}

fn bits(rights: Rights) -> String {
    let names = rights.iter_names().map(|(name, _)| name);
    let mut text = String::new();
    for name in names {
        if !text.is_empty() {
            text.push('|');
        }
        text.push_str(name);
    }
    if text.is_empty() { String::from("0") } else { text }
}

fn tag(raw: u32, to: &mut String) {
    let _ = match Tag::of_call(raw) {
        Ok(tag) => write!(
            to,
            "{{label={}, words={}, leases={}, handles={}}}",
            tag.label(),
            tag.words(),
            tag.leases(),
            tag.handles()
        ),
        Err(_) => write!(to, "{raw:#x}"),
    };
}

//! What was asked for.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use sys::abi::trace::{Call, TRACE_CALLS, TRACE_CHILDREN};

pub struct Options<'a> {
    pub counts: bool,
    pub output: Option<&'a [u8]>,
    pub target: Target<'a>,
    follows: bool,
    /// Names of calls; empty for all.
    calls: Vec<String>,
}

pub enum Target<'a> {
    /// One that runs.
    Process(i32),
    /// One to be started, with its arguments.
    Program(Vec<&'a [u8]>),
}

impl<'a> Options<'a> {
    /// Options come before the program, whose own they might else be.
    pub fn parse(arguments: impl Iterator<Item = &'a [u8]>) -> Result<Self, String> {
        let options = sys::options::Options::parse(arguments, "+cfe:o:p:");
        let options = options.map_err(|wrong| wrong.to_string())?;
        let process = options.value(b'p').map(number).transpose()?;
        let target = match (process, options.operands.is_empty()) {
            (Some(pid), true) => Target::Process(pid),
            (None, false) => Target::Program(options.operands.clone()),
            (Some(_), false) => return Err("a process or a program, not both".to_string()),
            (None, true) => return Err("no program".to_string()),
        };
        Ok(Self {
            counts: options.has(b'c'),
            output: options.value(b'o'),
            target,
            follows: options.has(b'f'),
            calls: options.value(b'e').map_or(Ok(Vec::new()), names)?,
        })
    }

    /// `TRACE_*`.
    pub fn what(&self) -> u32 {
        TRACE_CALLS | if self.follows { TRACE_CHILDREN } else { 0 }
    }

    pub fn wants(&self, call: &Call) -> bool {
        self.wants_name(decode::table::name(call.table, call.number).unwrap_or_default())
    }

    pub fn wants_name(&self, name: &str) -> bool {
        self.calls.is_empty() || self.calls.iter().any(|wanted| wanted == name)
    }
}

fn number(text: &[u8]) -> Result<i32, String> {
    let number = core::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
    number.ok_or_else(|| alloc::format!("{}: no process id", text.escape_ascii()))
}

fn names(text: &[u8]) -> Result<Vec<String>, String> {
    let list = text.strip_prefix(b"trace=").unwrap_or(text);
    let name = |one: &[u8]| {
        let name = String::from_utf8_lossy(one).to_string();
        match decode::table::all().any(|(_, call)| call.name == name) {
            true => Ok(name),
            false => Err(alloc::format!("{name}: no such call")),
        }
    };
    list.split(|byte| *byte == b',').map(name).collect()
}

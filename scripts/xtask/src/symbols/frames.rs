//! The functions behind addresses, each address looked up once.

use crate::workspace;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;

/// No function is there: its answer says that the one before is complete.
const NOWHERE: u32 = u32::MAX;

/// A function that is at work at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub function: String,
    /// File and line, from the top of this tree.
    pub place: String,
}

/// What is known of a kernel's return addresses.
pub struct Frames {
    known: HashMap<u32, Arc<[Frame]>>,
    lookup: Lookup,
}

enum Lookup {
    /// Not begun yet.
    In(PathBuf),
    Running(Addr2line),
    /// Without binutils, addresses stay what they are.
    Never,
}

impl Frames {
    pub fn of(kernel: &Path) -> Self {
        Self { known: HashMap::new(), lookup: Lookup::In(kernel.to_owned()) }
    }

    /// Nothing else is known.
    #[cfg(test)]
    pub fn known(known: &[(u32, &[(&str, &str)])]) -> Self {
        let frame = |&(function, place): &(&str, &str)| Frame {
            function: function.into(),
            place: place.into(),
        };
        let frames = |frames: &[(&str, &str)]| frames.iter().map(frame).collect();
        let known = known.iter().map(|(address, list)| (*address, frames(list))).collect();
        Self { known, lookup: Lookup::Never }
    }

    /// The functions at a return address: the innermost first, then what it is inlined into. None if
    /// nobody knows.
    pub fn at(&mut self, address: u32) -> Arc<[Frame]> {
        if let Some(frames) = self.known.get(&address) {
            return Arc::clone(frames);
        }
        let frames: Arc<[Frame]> = self.look_up(address).unwrap_or_default().into();
        self.known.insert(address, Arc::clone(&frames));
        frames
    }

    fn look_up(&mut self, address: u32) -> Option<Vec<Frame>> {
        if let Lookup::In(kernel) = &self.lookup {
            self.lookup = Addr2line::start(kernel).map_or(Lookup::Never, Lookup::Running);
        }
        let Lookup::Running(addr2line) = &mut self.lookup else { return None };
        // A return address is behind its call, which may be the last instruction of a function.
        let found = addr2line.ask(address.saturating_sub(1));
        if found.is_none() {
            self.lookup = Lookup::Never;
        }
        found
    }
}

struct Addr2line {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Addr2line {
    fn start(kernel: &Path) -> Option<Self> {
        let mut child = Command::new("addr2line")
            .args(["--addresses", "--functions", "--inlines", "--demangle", "--exe"])
            .arg(kernel)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let (input, output) = (child.stdin.take()?, BufReader::new(child.stdout.take()?));
        Some(Self { child, input, output })
    }

    /// `None`: it does not answer any more.
    fn ask(&mut self, address: u32) -> Option<Vec<Frame>> {
        writeln!(self.input, "{address:#x}\n{NOWHERE:#x}").ok()?;
        let end = format!("{NOWHERE:#x}");
        let (mut lines, mut line) = (Vec::new(), self.line()?);
        while line != end {
            lines.push(std::mem::replace(&mut line, self.line()?));
        }
        // What is nowhere has no name and no place.
        let _ = (self.line()?, self.line()?);
        Some(frames(&lines))
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.output.read_line(&mut line) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(line.trim_end().to_owned()),
        }
    }
}

impl Drop for Addr2line {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Out of an answer: the address, then a function and its place in turns.
fn frames(lines: &[String]) -> Vec<Frame> {
    let top = format!("{}/", workspace::root().display());
    let (pairs, _) = lines.get(1..).unwrap_or_default().as_chunks::<2>();
    let known = pairs.iter().filter(|[function, _]| function != "??");
    let frame = |[function, place]: &[String; 2]| {
        let place = place.strip_prefix(&top).unwrap_or(place);
        let place = place.split(' ').next().unwrap_or_default();
        Frame { function: super::without_hash(function), place: place.to_owned() }
    };
    known.map(frame).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_functions_and_places() {
        let top = workspace::root();
        let text = format!(
            "0xc0138589\n<kernel::a::B>::fails\n{}/kernel/src/a.rs:7\n\
             core::c::h0123456789abcdef\n/rustc/c.rs:9 (discriminator 3)\n??\n??:0",
            top.display()
        );
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let frame =
            |function: &str, place: &str| Frame { function: function.into(), place: place.into() };
        let wanted = [
            frame("<kernel::a::B>::fails", "kernel/src/a.rs:7"),
            frame("core::c", "/rustc/c.rs:9"),
        ];
        assert_eq!(frames(&lines), wanted);
        assert!(frames(&[]).is_empty());
    }

    #[test]
    fn what_cannot_be_looked_up_has_no_functions() {
        let mut frames = Frames::of(Path::new("/nowhere"));
        assert!(frames.at(7).is_empty() && frames.at(8).is_empty());
        assert!(frames.at(7).is_empty());
    }
}

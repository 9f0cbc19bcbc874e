//! The tree of a command line.

use alloc::vec::Vec;

/// Commands one after another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// In the order they run.
    pub items: Vec<Item>,
}

/// Pipelines joined by `&&` and `||`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Runs in any case.
    pub first: Pipeline,
    /// Run depending on what came before.
    pub rest: Vec<(Connective, Pipeline)>,
    /// Whether nobody waits for it: `&`.
    pub background: bool,
}

/// When the next pipeline runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connective {
    /// After success: `&&`.
    And,
    /// After failure: `||`.
    Or,
}

/// Commands of which each reads what the one before writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pipeline {
    /// Whether success and failure are swapped: `!`.
    pub negated: bool,
    /// At least one.
    pub commands: Vec<Command>,
}

/// One command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A program or builtin.
    Simple(Simple),
    /// `( … )`, in a process of its own.
    Subshell(List, Vec<Redirection>),
}

/// A program or builtin with its arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Simple {
    /// `NAME=VALUE` before the command.
    pub assignments: Vec<(Vec<u8>, Word)>,
    /// Command and arguments; empty if there are only assignments.
    pub words: Vec<Word>,
    /// In the order they were written.
    pub redirections: Vec<Redirection>,
}

/// `FD<WORD` and its like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirection {
    /// The descriptor that changes.
    pub fd: i32,
    /// How.
    pub kind: RedirectionKind,
    /// Path or descriptor.
    pub target: Word,
}

/// What a redirection does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectionKind {
    /// `<`: opens for reading.
    Read,
    /// `>`: makes or empties.
    Write,
    /// `>>`: makes or goes on at the end.
    Append,
    /// `<&`, `>&`: copies a descriptor.
    Duplicate,
}

/// A word before it is expanded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word {
    /// What it is made of, joined without gaps.
    pub parts: Vec<Part>,
}

/// A piece of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Inside quotes: neither split at blanks nor a pattern.
    pub quoted: bool,
    /// What it is.
    pub kind: PartKind,
}

/// What a piece of a word is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartKind {
    /// These bytes.
    Text(Vec<u8>),
    /// The value of a variable: `$NAME`.
    Variable(Vec<u8>),
    /// What the commands write: `$( … )`.
    Output(List),
}

impl Word {
    /// The word's bytes if they are not quoted and nothing has to be expanded.
    pub fn plain(&self) -> Option<&[u8]> {
        match self.parts.as_slice() {
            [Part { quoted: false, kind: PartKind::Text(text) }] => Some(text),
            _ => None,
        }
    }
}

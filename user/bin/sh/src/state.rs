//! What the shell remembers between commands.

use crate::job::Jobs;
use crate::terminal::Terminal;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec::Vec;
use sys::{directory, env, eprintln, process};

/// A variable.
#[derive(Clone, Debug)]
struct Variable {
    value: Vec<u8>,
    /// Whether programs get it in their environment.
    exported: bool,
}

/// The shell's state. A subshell has a copy, by `fork`.
pub struct Shell {
    variables: BTreeMap<Vec<u8>, Variable>,
    /// `$0`.
    name: Vec<u8>,
    /// `$1` and so on.
    arguments: Vec<Vec<u8>>,
    /// `$?`.
    pub status: i32,
    /// `$!`.
    pub last_background: Option<i32>,
    /// `$$`, also in subshells.
    pid: i32,
    /// Pipelines nobody waits for.
    pub jobs: Jobs,
    /// The terminal, if it is used to talk with a person.
    pub terminal: Option<Terminal>,
    /// Lines entered so far.
    pub history: Vec<Vec<u8>>,
    leaving: Option<i32>,
}

impl Shell {
    /// A shell with the program's environment.
    pub fn new(name: Vec<u8>, arguments: Vec<Vec<u8>>) -> Self {
        let mut variables = BTreeMap::new();
        for entry in env::vars() {
            if let Some(middle) = entry.iter().position(|&byte| byte == b'=') {
                let (name, value) = entry.split_at(middle);
                let value = value.get(1..).unwrap_or_default().to_vec();
                variables.insert(name.to_vec(), Variable { value, exported: true });
            }
        }
        Self {
            variables,
            name,
            arguments,
            status: 0,
            last_background: None,
            pid: process::id(),
            jobs: Jobs::default(),
            terminal: None,
            history: Vec::new(),
            leaving: None,
        }
    }

    /// Makes the terminal this shell's own, as far as there is one.
    pub fn take_terminal(&mut self) {
        self.terminal = Terminal::take();
    }

    /// A process that runs part of what this shell was told: it talks with nobody.
    pub fn become_subshell(&mut self) {
        self.terminal = None;
        self.jobs = Jobs::default();
    }

    /// The values of a variable, of several for `@` and `*`.
    pub fn values(&self, name: &[u8]) -> Vec<Vec<u8>> {
        let one = |text: alloc::string::String| Vec::from([text.into_bytes()]);
        match name {
            b"?" => one(format!("{}", self.status)),
            b"$" => one(format!("{}", self.pid)),
            b"#" => one(format!("{}", self.arguments.len())),
            b"!" => self.last_background.map(|pid| one(format!("{pid}"))).unwrap_or_default(),
            b"@" | b"*" => self.arguments.clone(),
            b"0" => Vec::from([self.name.clone()]),
            _ => {
                match core::str::from_utf8(name).ok().and_then(|name| name.parse::<usize>().ok()) {
                    Some(number) => number
                        .checked_sub(1)
                        .and_then(|index| self.arguments.get(index))
                        .map(|value| Vec::from([value.clone()]))
                        .unwrap_or_default(),
                    None => self
                        .variable(name)
                        .map(|value| Vec::from([value.to_vec()]))
                        .unwrap_or_default(),
                }
            }
        }
    }

    /// The value of a variable with a name.
    pub fn variable(&self, name: &[u8]) -> Option<&[u8]> {
        self.variables.get(name).map(|variable| variable.value.as_slice())
    }

    /// Sets a variable; it stays exported if it was.
    pub fn set(&mut self, name: &[u8], value: Vec<u8>) {
        match self.variables.get_mut(name) {
            Some(variable) => variable.value = value,
            None => {
                self.variables.insert(name.to_vec(), Variable { value, exported: false });
            }
        }
    }

    /// Lets programs have a variable.
    pub fn export(&mut self, name: &[u8]) {
        let unset = Variable { value: Vec::new(), exported: true };
        self.variables.entry(name.to_vec()).or_insert(unset).exported = true;
    }

    /// Forgets a variable.
    pub fn unset(&mut self, name: &[u8]) {
        self.variables.remove(name);
    }

    /// The environment of programs: `NAME=VALUE`.
    pub fn environment(&self) -> Vec<Vec<u8>> {
        let exported = self.variables.iter().filter(|(_, variable)| variable.exported);
        exported.map(|(name, variable)| [name, &b"="[..], &variable.value].concat()).collect()
    }

    /// All variables with a name, as `export` and `set` show them.
    pub fn named(&self, exported: bool) -> impl Iterator<Item = (&[u8], &[u8])> {
        let wanted = self.variables.iter().filter(move |entry| entry.1.exported || !exported);
        wanted.map(|(name, variable)| (name.as_slice(), variable.value.as_slice()))
    }

    /// From now on nothing more runs.
    pub fn leave(&mut self, status: i32) {
        self.leaving = Some(status);
    }

    /// Whether nothing asked the shell to end.
    pub const fn is_running(&self) -> bool {
        self.leaving.is_none()
    }

    /// What the shell itself ends with.
    pub fn exit_status(&self) -> i32 {
        self.leaving.unwrap_or(self.status)
    }

    /// Says which jobs have ended or stopped.
    pub fn report_jobs(&mut self) {
        for line in self.jobs.collect() {
            eprintln!("{line}");
        }
    }

    /// `PS1`, or the working directory.
    pub fn prompt(&self) -> Vec<u8> {
        if let Some(prompt) = self.variable(b"PS1") {
            return prompt.to_vec();
        }
        let mut prompt = directory::current().unwrap_or_default();
        prompt.extend_from_slice(b" $ ");
        prompt
    }
}

//! The program that the machine was booted for: `/boot/args` names it, or else
//! `/etc/session.conf`, which also says how much it is trusted.
//!
//! ```text
//! program  /bin/sh        # if nothing else is asked for
//! level    9              # 0 to 9; of all programs that come of it
//! ```

use crate::manifest::{absolute_path, in_range, once};
use crate::words::{Mistake, directives};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use sys::Errno;
use sys::abi::boot::Arguments;
use sys::abi::frame::Exit;
use sys::ipc::Level;
use sys::wait::Status;

/// Where the file is.
pub const FILE: &str = "/etc/session.conf";

/// What `/etc/session.conf` says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    /// What to start if nothing else is asked for.
    pub program: String,
    /// The level of what is started.
    pub level: Level,
}

impl Default for Session {
    fn default() -> Self {
        Self { program: "/bin/sh".to_string(), level: Level::PROGRAM }
    }
}

impl Session {
    /// Reads the file. What it does not say is as usual.
    pub fn parse(text: &[u8]) -> Result<Self, Mistake> {
        let mistake = || Mistake { line: 0, what: "not a text file".to_string() };
        let text = core::str::from_utf8(text).map_err(|_| mistake())?;
        let (mut program, mut level) = (None, None);
        for directive in directives(text) {
            let here = directive.clone();
            match directive.word {
                "program" => once(&mut program, &here, absolute_path(directive)?)?,
                "level" => {
                    let number = in_range(directive, "a number from 0 to 9", 0, 9)?;
                    once(&mut level, &here, Level::new(number as u8))?;
                }
                _ => return Err(here.wrong("no such directive")),
            }
        }
        let usual = Self::default();
        Ok(Self {
            program: program.unwrap_or(usual.program),
            level: level.flatten().unwrap_or(usual.level),
        })
    }
}

/// A program with what it is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Program {
    /// Absolute, as a rule.
    pub path: Vec<u8>,
    /// Its own name first.
    pub arguments: Vec<Vec<u8>>,
    /// `NAME=VALUE` each.
    pub environment: Vec<Vec<u8>>,
}

/// What programs find if nobody says anything else.
const ENVIRONMENT: [&[u8]; 3] = [b"HOME=/", b"PATH=/bin:/sbin", b"TERM=linux"];

impl Program {
    /// The one that a file in the format of [`Arguments`] asks for. `None` if it is damaged.
    pub fn asked_for(file: &[u8]) -> Option<Self> {
        let parsed = Arguments::parse(file)?;
        Some(Self {
            path: parsed.arguments().next()?.to_vec(),
            arguments: parsed.arguments().map(<[u8]>::to_vec).collect(),
            environment: parsed.environment().map(<[u8]>::to_vec).collect(),
        })
    }

    /// The one of a session that nobody asked anything else of.
    pub fn usual(session: &Session) -> Self {
        let path = session.program.clone().into_bytes();
        let arguments = Vec::from([path.clone()]);
        let environment = ENVIRONMENT.map(<[u8]>::to_vec).into();
        Self { path, arguments, environment }
    }
}

/// How a program's end is told to the host.
pub fn exit_of(status: Status) -> Exit {
    match status {
        Status::Exited(code) => Exit::Exited((code & 0xff) as u8),
        Status::Signaled(signal) => Exit::Signalled((signal & 0x7f) as u8),
        Status::Stopped(_) | Status::Continued => Exit::Failed,
    }
}

/// How it is told that a program could not be executed.
pub fn exit_of_failure(why: Errno) -> Exit {
    match why {
        Errno::ENOENT | Errno::ENOTDIR => Exit::NotFound,
        Errno::ENOMEM | Errno::EAGAIN => Exit::Failed,
        _ => Exit::NotExecutable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_may_say_nothing() {
        assert_eq!(Session::parse(b"# nothing\n"), Ok(Session::default()));
        let session = Session::parse(b"program /bin/x\nlevel 0").unwrap();
        assert_eq!((session.program.as_str(), session.level), ("/bin/x", Level::INIT));
    }

    #[test]
    fn its_mistakes_are_found() {
        for (text, line) in
            [("level 10", 1), ("\nlevel 1\nlevel 1", 3), ("irq 1", 1), ("program sh", 1)]
        {
            assert_eq!(Session::parse(text.as_bytes()).unwrap_err().line, line, "{text}");
        }
        assert!(Session::parse(b"\xff").is_err());
    }

    #[test]
    fn the_program_is_its_first_argument() {
        let program = Program::asked_for(b"/bin/echo\0\0a\0\0A=b\0").unwrap();
        assert_eq!(program.path, b"/bin/echo");
        assert_eq!(program.arguments, [&b"/bin/echo"[..], b"", b"a"]);
        assert_eq!(program.environment, [b"A=b"]);
        assert_eq!(Program::asked_for(b"/bin/echo"), None);
        assert_eq!(Program::asked_for(b"\0"), None);
        assert_eq!(Program::usual(&Session::default()).arguments, [b"/bin/sh"]);
    }

    #[test]
    fn ends_are_told_as_a_shell_would() {
        assert_eq!(exit_of(Status::Exited(3)).shell_status(), 3);
        assert_eq!(exit_of(Status::Signaled(9)).shell_status(), 137);
        assert_eq!(exit_of_failure(Errno::ENOENT).shell_status(), 127);
        assert_eq!(exit_of_failure(Errno::ENOTDIR).shell_status(), 127);
        assert_eq!(exit_of_failure(Errno::EACCES).shell_status(), 126);
        assert_eq!(exit_of_failure(Errno::ENOMEM).shell_status(), 125);
    }
}

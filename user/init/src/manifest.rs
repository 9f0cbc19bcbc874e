//! What a service is: `/etc/services/NAME.conf`.
//!
//! ```text
//! program   /sbin/disk        # its server; required
//! argument  --fast            # a word for it; any number of them
//! level     1                 # how much others depend on it, 1 to 8; required
//! name      disk              # what it may be looked up by; any number of them
//! io-ports  0x1f0 8           # what it may have: first and count
//! irq       14                # an interrupt line
//! frames    16                # pages that outlive its server
//! mount     /disk ext2        # where its files are, and the type of file system; any number of them
//! console                     # the console's line, which the kernel drives until then; before its irq
//! statistics                  # what the kernel knows of all processes
//! restart   5 in 60s          # how often it may die; or: restart never
//! pause     100ms 10s         # between servers that live less than a second: shortest, longest
//! heartbeat 500ms 4           # how often it shows that it works, and may fail to; or: never
//! essential                   # without it the machine cannot go on
//! ```

use crate::restart::{Pauses, Policy};
use crate::words::{Directive, Mistake, directives, number, time};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use sys::ipc::Level;
use sys::proto::Name;
use sys::proto::supervisor::GrantKind;

/// The folder of the manifests.
pub const FOLDER: &str = "/etc/services";
/// How the name of a manifest's file ends.
pub const SUFFIX: &[u8] = b".conf";

/// What a service may have besides its port.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Grant {
    /// An interrupt line.
    Irq(u32),
    /// A run of I/O ports.
    IoPorts {
        /// The first one.
        first: u16,
        /// How many.
        count: u32,
    },
    /// So many pages.
    Frames(u32),
    /// The console's line.
    Console,
    /// What the kernel knows of all processes.
    Statistics,
}

/// A directory below which a service answers for files.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mount {
    /// Absolute path.
    pub directory: String,
    /// The type of file system.
    pub kind: String,
}

/// How a server shows that it works.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Heartbeat {
    /// How often it is asked, in nanoseconds.
    pub interval: u64,
    /// After how many questions without an answer it is killed.
    pub patience: u32,
}

/// What a service is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Manifest {
    /// The file's name without its ending.
    pub service: Name,
    /// Absolute path of the server.
    pub program: String,
    /// Its arguments, without its own name.
    pub arguments: Vec<String>,
    /// Of the server and its port.
    pub level: Level,
    /// What it may be looked up by.
    pub names: Vec<Name>,
    /// What it may have.
    pub grants: Vec<Grant>,
    /// Where it answers for files.
    pub mounts: Vec<Mount>,
    /// How often it may die.
    pub restart: Policy,
    /// What is between their deaths and the next ones.
    pub pauses: Pauses,
    /// `None`: nobody asks.
    pub heartbeat: Option<Heartbeat>,
    /// Whether the machine cannot go on without it.
    pub is_essential: bool,
}

/// Of a manifest that does not say.
const HEARTBEAT: Heartbeat = Heartbeat { interval: 500_000_000, patience: 4 };
const MAX_LINE: u32 = 15;
const MAX_PORT: u32 = 0xffff;
const MAX_BEATS: u32 = 1000;

impl Grant {
    /// What the server asks for it by.
    pub const fn kind(self) -> GrantKind {
        match self {
            Self::Irq(_) => GrantKind::Irq,
            Self::IoPorts { .. } => GrantKind::IoPorts,
            Self::Frames(_) => GrantKind::Frames,
            Self::Console => GrantKind::Console,
            Self::Statistics => GrantKind::Statistics,
        }
    }
}

impl Manifest {
    /// Reads a manifest's file.
    pub fn parse(service: Name, text: &[u8]) -> Result<Self, Mistake> {
        let missing = |what: &str| Mistake { line: 0, what: what.to_string() };
        let text = core::str::from_utf8(text).map_err(|_| missing("not a text file"))?;
        let (mut program, mut level, mut restart, mut heartbeat) = (None, None, None, None);
        let (mut arguments, mut names, mut grants) = (Vec::new(), Vec::new(), Vec::new());
        let (mut mounts, mut pauses, mut is_essential) = (Vec::new(), None, false);
        for directive in directives(text) {
            let here = directive.clone();
            match directive.word {
                "program" => once(&mut program, &here, absolute_path(directive)?)?,
                "argument" => {
                    let [word] = directive.words("one word")?;
                    arguments.push(word.to_string());
                }
                "level" => once(&mut level, &here, service_level(directive)?)?,
                "name" => names.push(name(directive)?),
                "irq" => {
                    grants.push(Grant::Irq(in_range(directive, "a line, 0 to 15", 0, MAX_LINE)?))
                }
                "io-ports" => grants.push(io_ports(directive)?),
                "frames" => {
                    let most = sys::abi::ipc::MAX_FRAMES;
                    grants.push(Grant::Frames(in_range(directive, "pages, 1 to 1024", 1, most)?));
                }
                "console" => {
                    let [] = directive.words("no word")?;
                    grants.push(Grant::Console);
                }
                "statistics" => {
                    let [] = directive.words("no word")?;
                    grants.push(Grant::Statistics);
                }
                "mount" => mounts.push(mount(directive)?),
                "restart" => once(&mut restart, &here, policy(directive)?)?,
                "pause" => once(&mut pauses, &here, pause(directive)?)?,
                "heartbeat" => once(&mut heartbeat, &here, beats(directive)?)?,
                "essential" => {
                    let [] = directive.words("no word")?;
                    is_essential = true;
                }
                _ => return Err(here.wrong("no such directive")),
            }
        }
        Ok(Self {
            service,
            program: program.ok_or_else(|| missing("program is missing"))?,
            arguments,
            level: level.ok_or_else(|| missing("level is missing"))?,
            names,
            grants,
            mounts,
            restart: restart.unwrap_or(Policy::USUAL),
            pauses: pauses.unwrap_or(Pauses::USUAL),
            heartbeat: heartbeat.unwrap_or(Some(HEARTBEAT)),
            is_essential,
        })
    }
}

/// The service that a file of the folder is about. `None`: about none.
pub fn service_of(file: &[u8]) -> Option<Name> {
    Name::new(core::str::from_utf8(file.strip_suffix(SUFFIX)?).ok()?)
}

/// Puts `value` where there is none.
pub fn once<T>(place: &mut Option<T>, here: &Directive<'_>, value: T) -> Result<(), Mistake> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(here.wrong("a second time")),
    }
}

/// The path that a directive names.
pub fn absolute_path(directive: Directive<'_>) -> Result<String, Mistake> {
    let mistake = directive.mistake("an absolute path");
    match directive.words("an absolute path")? {
        [path] if path.starts_with('/') => Ok(path.to_string()),
        _ => Err(mistake),
    }
}

fn service_level(directive: Directive<'_>) -> Result<Level, Mistake> {
    let mistake = directive.mistake("a number from 1 to 8");
    let number = in_range(directive, "a number from 1 to 8", 1, 8)?;
    u8::try_from(number).ok().and_then(Level::new).ok_or(mistake)
}

fn name(directive: Directive<'_>) -> Result<Name, Mistake> {
    let what = "a name of at most 31 lower-case letters, digits, dots and hyphens";
    let mistake = directive.mistake(what);
    let [name] = directive.words(what)?;
    Name::new(name).ok_or(mistake)
}

/// The one number of a directive.
pub fn in_range(
    directive: Directive<'_>,
    what: &str,
    least: u32,
    most: u32,
) -> Result<u32, Mistake> {
    let mistake = directive.mistake(what);
    let [word] = directive.words(what)?;
    number(word).filter(|number| (least..=most).contains(number)).ok_or(mistake)
}

fn io_ports(directive: Directive<'_>) -> Result<Grant, Mistake> {
    let what = "the first port and how many, up to port 65535";
    let mistake = directive.mistake(what);
    let [first, count] = directive.words(what)?;
    let (Some(first), Some(count)) = (number(first), number(count)) else { return Err(mistake) };
    let last = count.checked_sub(1).and_then(|more| first.checked_add(more));
    match (u16::try_from(first), last) {
        (Ok(first), Some(..=MAX_PORT)) => Ok(Grant::IoPorts { first, count }),
        _ => Err(mistake),
    }
}

fn mount(directive: Directive<'_>) -> Result<Mount, Mistake> {
    let what = "an absolute path and a type of at most 15 bytes, as in /proc proc";
    let mistake = directive.mistake(what);
    match directive.words(what)? {
        [directory, kind] if directory.starts_with('/') && kind.len() < 16 => {
            Ok(Mount { directory: directory.to_string(), kind: kind.to_string() })
        }
        _ => Err(mistake),
    }
}

fn policy(directive: Directive<'_>) -> Result<Policy, Mistake> {
    let what = "never, or a number of deaths and a time, as in 5 in 60s";
    let mistake = directive.mistake(what);
    if let Ok(["never"]) = directive.clone().words(what) {
        return Ok(Policy::NEVER);
    }
    match directive.words(what)? {
        [deaths, "in", period] => Policy::new(number(deaths), time(period)).ok_or(mistake),
        _ => Err(mistake),
    }
}

fn pause(directive: Directive<'_>) -> Result<Pauses, Mistake> {
    let what = "two times, the shorter one first, as in 100ms 10s";
    let mistake = directive.mistake(what);
    let [shortest, longest] = directive.words(what)?;
    match (time(shortest), time(longest)) {
        (Some(shortest @ 1..), Some(longest)) if shortest <= longest => {
            Ok(Pauses { shortest, longest })
        }
        _ => Err(mistake),
    }
}

fn beats(directive: Directive<'_>) -> Result<Option<Heartbeat>, Mistake> {
    let what = "never, or a time of 10ms or more and a number, as in 500ms 4";
    let mistake = directive.mistake(what);
    if let Ok(["never"]) = directive.clone().words(what) {
        return Ok(None);
    }
    let [interval, patience] = directive.words(what)?;
    match (time(interval), number(patience)) {
        (Some(interval @ 10_000_000..), Some(patience @ 1..=MAX_BEATS)) => {
            Ok(Some(Heartbeat { interval, patience }))
        }
        _ => Err(mistake),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<Manifest, Mistake> {
        Manifest::parse(Name::new("disk").unwrap(), text.as_bytes())
    }

    #[test]
    fn the_example_of_the_documentation_is_one() {
        let text: String = include_str!("manifest.rs")
            .lines()
            .skip_while(|line| *line != "//! ```text")
            .skip(1)
            .take_while(|line| *line != "//! ```")
            .map(|line| line.trim_start_matches("//!").to_string() + "\n")
            .collect();
        let manifest = parse(&text).unwrap();
        assert_eq!(manifest.program, "/sbin/disk");
        assert_eq!(manifest.arguments, ["--fast"]);
        assert_eq!((manifest.level, manifest.names.len()), (Level::BLOCK, 1));
        let ports = Grant::IoPorts { first: 0x1f0, count: 8 };
        let grants = [ports, Grant::Irq(14), Grant::Frames(16), Grant::Console, Grant::Statistics];
        assert_eq!(manifest.grants, grants);
        assert_eq!(manifest.heartbeat, Some(HEARTBEAT));
        assert_eq!((manifest.restart, manifest.pauses), (Policy::USUAL, Pauses::USUAL));
        let mount = Mount { directory: "/disk".to_string(), kind: "ext2".to_string() };
        assert_eq!(manifest.mounts, [mount]);
        assert!(manifest.is_essential);
    }

    #[test]
    fn little_is_required() {
        let manifest = parse("program /sbin/disk\nlevel 1").unwrap();
        assert_eq!((manifest.heartbeat, manifest.restart), (Some(HEARTBEAT), Policy::USUAL));
        assert!(manifest.names.is_empty() && manifest.grants.is_empty() && !manifest.is_essential);
        let never = parse("program /x\nlevel 8\nrestart never\nheartbeat never").unwrap();
        assert_eq!((never.heartbeat, never.restart), (None, Policy::NEVER));
    }

    #[test]
    fn every_mistake_says_where_and_what() {
        for (wrong, told) in [
            ("flags 1", "no such directive"),
            ("program disk", "absolute"),
            ("program /a /b", "absolute"),
            ("program /a\nprogram /b", "second"),
            ("level 0", "1 to 8"),
            ("level 9", "1 to 8"),
            ("level", "1 to 8"),
            ("name Disk", "lower-case"),
            ("irq 16", "0 to 15"),
            ("io-ports 0xfff9 8", "65535"),
            ("io-ports 1 0", "65535"),
            ("io-ports 1 4294967295", "65535"),
            ("frames 0", "1024"),
            ("frames 1025", "1024"),
            ("mount disk ext2", "absolute"),
            ("mount /disk", "type"),
            ("mount /disk sixteen-bytes-it", "15"),
            ("restart 5", "never"),
            ("restart 0 in 1s", "never"),
            ("restart 5 per 60s", "never"),
            ("pause 2s 1s", "shorter"),
            ("pause 0s 1s", "shorter"),
            ("heartbeat 1ms 4", "10ms"),
            ("heartbeat 500ms 0", "number"),
            ("essential 1", "no word"),
        ] {
            let text = alloc::format!("# first\n{wrong}");
            let mistake = parse(&text).unwrap_err();
            let second = u32::from(wrong.contains('\n'));
            assert_eq!(mistake.line, 2 + second, "{wrong}");
            assert!(mistake.what.contains(told), "{wrong}: {mistake}");
        }
        assert_eq!(parse("level 1").unwrap_err().to_string(), " program is missing");
        assert_eq!(parse("program /x").unwrap_err().to_string(), " level is missing");
        let mistake = Manifest::parse(Name::new("x").unwrap(), b"\xff").unwrap_err();
        assert_eq!(mistake.to_string(), " not a text file");
    }

    #[test]
    fn files_are_named_after_services() {
        assert_eq!(service_of(b"disk-0.conf"), Name::new("disk-0"));
        for file in [&b".conf"[..], b"disk", b"Disk.conf", b"disk.conf~", b"\xff.conf"] {
            assert_eq!(service_of(file), None, "{file:?}");
        }
    }

    proptest! {
        #[test]
        fn any_file_is_read(text in "([a-z-]{0,9}[ \t]*[0-9a-zx/]{0,6}[ #]*\n?){0,6}") {
            let _ = parse(&text);
        }
    }
}

//! What a flip came to, judged by what was seen against what is seen without one.

use super::places::Flip;
use crate::at_work::{Ending, Seen};
use crate::trial::Trial;
use abi::frame::Exit;
use xtask::fault_report::Outside;
use xtask::session::{End, LOST_OUTPUT};

/// And what noticed it, or what was wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Everything as without it.
    Harmless,
    /// Something said so: a check of the kernel that halts it, a signal, an error, a supervisor.
    Detected(String),
    /// Other output, and nobody said so.
    Wrong(String),
    /// Without a word, or by an accident.
    Crash(String),
}

impl Outcome {
    pub const NAMES: [&str; 4] = ["harmless", "detected", "wrong result", "crash"];

    /// Its place in [`NAMES`](Self::NAMES).
    pub fn kind(&self) -> usize {
        match self {
            Self::Harmless => 0,
            Self::Detected(_) => 1,
            Self::Wrong(_) => 2,
            Self::Crash(_) => 3,
        }
    }

    /// For a report.
    pub fn outside(&self, flip: Flip) -> Outside {
        Outside {
            campaign: "flips".into(),
            kind: flip.class.name().into(),
            outcome: Self::NAMES[self.kind()].into(),
            why: self.text().into(),
            recovery: None,
            again: Trial::Flip(flip).to_string(),
        }
    }

    pub fn text(&self) -> &str {
        match self {
            Self::Harmless => "",
            Self::Detected(text) | Self::Wrong(text) | Self::Crash(text) => text,
        }
    }
}

/// The kernel's reports that are no check's, but an accident's.
const ACCIDENTS: [&str; 3] = ["page fault in the kernel", "trap in the kernel", "double fault"];
/// What finds a stack that is too long.
const GUARD: &str = "the kernel stack ran into its guard page";

pub fn judge(good: &Seen, seen: &Seen) -> Outcome {
    match &seen.ending {
        Ending::Ended(End::Failed(why)) => match panic(&seen.log) {
            Some(report) if is_accident(&report) => Outcome::Crash(format!("panic: {report}")),
            Some(report) => Outcome::Detected(format!("panic: {report}")),
            // The console's driver is a program too, and the frames of its output tell.
            None if why == LOST_OUTPUT => Outcome::Detected(why.clone()),
            // QEMU's reasons go on with all registers.
            None => Outcome::Crash(general(why.lines().next().unwrap_or(why))),
        },
        Ending::Ended(End::Exit(Exit::Signalled(number))) => {
            Outcome::Detected(format!("a program ended by {}", signal((*number).into())))
        }
        Ending::Ended(End::Exit(Exit::Exited(status))) if *status != 0 => {
            Outcome::Detected(format!("a program ended with status {status}"))
        }
        Ending::Ended(end) => Outcome::Crash(format!("an early end: {end:?}")),
        Ending::Silent => {
            said(good, seen).map_or(Outcome::Crash("the machine hangs".into()), Outcome::Detected)
        }
        Ending::Done => said(good, seen).map_or_else(|| by_output(good, seen), Outcome::Detected),
    }
}

/// What a panic's report says, without the numbers in it.
fn panic(log: &[String]) -> Option<String> {
    let start = log.iter().position(|line| line.starts_with("PANIC: "))?;
    let report = log[start].strip_prefix("PANIC: ")?;
    // Rust says where first, then why; the column is of no interest.
    Some(match report.strip_prefix("panicked at ") {
        Some(place) => {
            let place: Vec<&str> = place.split(':').take(2).collect();
            let why = log.get(start + 1).map_or(String::new(), |why| general(why));
            format!("{why}, {}", place.join(":"))
        }
        None => general(report),
    })
}

fn is_accident(report: &str) -> bool {
    !report.contains(GUARD) && ACCIDENTS.iter().any(|accident| report.starts_with(accident))
}

/// Whoever noticed something, and said so.
fn said(good: &Seen, seen: &Seen) -> Option<String> {
    let new = |line: &&String| !good.log.contains(line);
    let of_log = seen.log.iter().find(new).map(|line| format!("log: {}", general(line)));
    let lines = || seen.stdout.lines().filter(|line| !good.stdout.lines().any(|old| old == *line));
    let of_signal = lines().find_map(|line| {
        let number = line.strip_prefix("ended by signal ")?.parse().ok()?;
        Some(format!("a program ended by {}", signal(number)))
    });
    // A step says a number, or why it failed.
    let of_step = lines().find_map(|line| {
        let (_, why) = line.split_once(": ").filter(|(step, _)| *step != "lost")?;
        let is_number = why.len() == 8 && why.bytes().all(|byte| byte.is_ascii_hexdigit());
        (!is_number).then(|| format!("an error: {why}"))
    });
    let line = seen.stderr.lines().find(|line| !good.stderr.lines().any(|old| old == *line));
    let of_error = line.map(|line| format!("a program: {}", general(line)));
    of_log.or(of_signal).or(of_error).or(of_step)
}

fn by_output(good: &Seen, seen: &Seen) -> Outcome {
    let (lost, lines): (Vec<&str>, Vec<&str>) =
        seen.stdout.lines().partition(|line| line.starts_with("lost: "));
    if lines.contains(&"hangs") {
        return Outcome::Crash("a program hangs".into());
    }
    if lines != good.stdout.lines().collect::<Vec<_>>() {
        let other = lines.iter().find(|line| !good.stdout.lines().any(|old| old == **line));
        let step = other.and_then(|line| line.split(':').next()).unwrap_or("a line is missing");
        return Outcome::Wrong(step.into());
    }
    match (lost.first(), &seen.tables) {
        (Some(_), _) => Outcome::Detected("the count of what is lost".into()),
        (None, Some(why)) => {
            let rule = why.lines().nth(1).unwrap_or(why);
            let rule = rule.split(": ").next().unwrap_or(rule);
            Outcome::Detected(format!("walk of page tables: {}", general(rule)))
        }
        (None, None) => Outcome::Harmless,
    }
}

fn signal(number: i32) -> String {
    abi::signal::name(number).map_or_else(|| format!("signal {number}"), Into::into)
}

/// A text without its numbers: those that differ in nothing else count together.
fn general(text: &str) -> String {
    let is_number = |word: &str| {
        let digits = word.strip_prefix("0x").unwrap_or(word);
        let is_hex = digits.len() != word.len() && digits.bytes().all(|b| b.is_ascii_hexdigit());
        !digits.is_empty() && (is_hex || digits.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let mut general = String::new();
    for piece in text.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let word = piece.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        general += if is_number(word) { "N" } else { word };
        general += &piece[word.len()..];
    }
    general
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(ending: Ending, stdout: &str, log: &[&str]) -> Seen {
        let log = log.iter().map(|&line| line.into()).collect();
        Seen { ending, stdout: stdout.into(), stderr: String::new(), log, tables: None }
    }

    fn good() -> Seen {
        seen(Ending::Done, "file: 0123abcd\nend: 00000000\ndone\n", &[])
    }

    #[test]
    fn nothing_else_is_harmless() {
        assert_eq!(judge(&good(), &good()), Outcome::Harmless);
        let tables = Some("3 pages break a rule\na rule: Mapping".into());
        let walked = judge(&good(), &Seen { tables, ..good() });
        assert_eq!(walked, Outcome::Detected("walk of page tables: a rule".into()));
        let lost = seen(Ending::Done, "file: 0123abcd\nend: 00000000\nlost: a page\ndone\n", &[]);
        assert_eq!(judge(&good(), &lost), Outcome::Detected("the count of what is lost".into()));
    }

    #[test]
    fn a_report_names_the_flip_as_filters_take_it() {
        let flip = Flip::parse("heap/17").unwrap();
        let outside = Outcome::Detected("a check".into()).outside(flip);
        assert_eq!((outside.kind.as_str(), outside.outcome.as_str()), ("heap", "detected"));
        let trial = Trial::parse(&outside.again);
        assert_eq!((trial, outside.why.as_str()), (Some(Trial::Flip(flip)), "a check"));
    }

    #[test]
    fn other_output_is_wrong_unless_somebody_says_so() {
        let other = "file: 0123abce\nend: 00000000\ndone\n";
        assert_eq!(judge(&good(), &seen(Ending::Done, other, &[])), Outcome::Wrong("file".into()));
        let told = judge(&good(), &seen(Ending::Done, other, &["init: server 3 was ended"]));
        assert_eq!(told, Outcome::Detected("log: init: server N was ended".into()));
        let error = seen(Ending::Done, "file: EIO\nend: 00000000\ndone\n", &[]);
        assert_eq!(judge(&good(), &error), Outcome::Detected("an error: EIO".into()));
        let signal = seen(Ending::Done, "file: 0123abcd\nended by signal 11\ndone\n", &[]);
        assert!(judge(&good(), &signal).text().ends_with("ended by SIGSEGV"));
        let hangs = seen(Ending::Done, "file: 0123abcd\nhangs\ndone\n", &[]);
        assert_eq!(judge(&good(), &hangs), Outcome::Crash("a program hangs".into()));
    }

    #[test]
    fn a_panic_is_a_check_or_an_accident() {
        let ended = |log: &[&str]| {
            let end = End::Failed("the machine reset: a triple fault".into());
            judge(&good(), &seen(Ending::Ended(end), "", log))
        };
        assert!(matches!(ended(&[]), Outcome::Crash(why) if why.contains("triple")));
        assert!(matches!(ended(&["PANIC: page fault in the kernel"]), Outcome::Crash(_)));
        let end =
            |why: &str| judge(&good(), &seen(Ending::Ended(End::Failed(why.into())), "", &[]));
        assert!(matches!(end(LOST_OUTPUT), Outcome::Detected(_)));
        assert_eq!(
            end("QEMU was killed: a bug\nEAX=1"),
            Outcome::Crash("QEMU was killed: a bug".into())
        );
        let check =
            ["PANIC: panicked at kernel/src/a.rs:17:5:", "192 bytes at 0xc0de were written"];
        let text = "panic: N bytes at N were written, kernel/src/a.rs:17";
        assert_eq!(ended(&check), Outcome::Detected(text.into()));
        let guard = "PANIC: double fault: the kernel stack ran into its guard page";
        assert!(matches!(ended(&[guard]), Outcome::Detected(_)));
    }
}

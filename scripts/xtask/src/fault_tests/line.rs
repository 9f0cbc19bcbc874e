//! What the suite tells of its runs, line by line (`tests/suite/src/faults`).

use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// So many runs of such a length, about, will be of this scenario.
    Expect {
        scenario: &'a str,
        runs: u32,
        each: Duration,
    },
    /// What follows is about this one.
    Scenario(&'a str),
    /// A run begins, in which this is chosen to fail.
    Try(&'a str),
    Run(Run<'a>),
    /// For somebody else.
    Other,
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run<'a> {
    pub outcome: Outcome<'a>,
    pub took: Duration,
    pub faults: Vec<Injected>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<'a> {
    Done,
    /// Refused or ended, and how.
    Otherwise(&'a str),
    /// And why.
    Failed(&'a str),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Injected {
    pub opportunity: u32,
    /// Its number in the catalogue.
    pub site: usize,
    pub is_served: bool,
    /// The thread it happened to; 0 for an interrupt's.
    pub task: i32,
    /// Addresses of the kernel that led there, the innermost first.
    pub calls: Vec<u32>,
}

impl<'a> Line<'a> {
    pub fn parse(line: &'a str) -> Self {
        let parsed = match line.split_once(' ') {
            Some(("expect", rest)) => expect(rest),
            Some(("scenario", name)) => Some(Self::Scenario(name)),
            Some(("try", choice)) => Some(Self::Try(choice)),
            Some(("run", rest)) => run(rest).map(Self::Run),
            _ => None,
        };
        parsed.unwrap_or(Self::Other)
    }
}

fn expect(rest: &str) -> Option<Line<'_>> {
    let mut words = rest.split(' ');
    let (scenario, runs) = (words.next()?, words.next()?.parse().ok()?);
    Some(Line::Expect { scenario, runs, each: microseconds(words.next()?)? })
}

fn run(rest: &str) -> Option<Run<'_>> {
    let (rest, why) = rest.split_once(" # ").unwrap_or((rest, ""));
    let mut words = rest.split(' ');
    let outcome = match words.next()? {
        "done" => Outcome::Done,
        "failed" => Outcome::Failed(why),
        other => Outcome::Otherwise(other),
    };
    let took = microseconds(words.next()?)?;
    let faults = words.map(injected).collect::<Option<_>>()?;
    Some(Run { outcome, took, faults })
}

fn microseconds(word: &str) -> Option<Duration> {
    word.parse().ok().map(Duration::from_micros)
}

fn injected(word: &str) -> Option<Injected> {
    let mut parts = word.split('/');
    let (opportunity, site) = (parts.next()?, parts.next()?);
    let (task, calls) = (parts.next()?, parts.next()?);
    let (site, is_served) = match site.strip_suffix('s') {
        Some(site) => (site, true),
        None => (site, false),
    };
    Some(Injected {
        opportunity: opportunity.parse().ok()?,
        site: site.parse().ok()?,
        is_served,
        task: task.parse().ok()?,
        calls: calls.split(',').map(address).collect::<Option<_>>()?,
    })
}

fn address(word: &str) -> Option<u32> {
    u32::from_str_radix(word, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_line_is_understood() {
        let took = Duration::from_micros(1200);
        let expect = Line::Expect { scenario: "pipe::a", runs: 40, each: took };
        assert_eq!(Line::parse("expect pipe::a 40 1200"), expect);
        assert_eq!(Line::parse("scenario pipe::a"), Line::Scenario("pipe::a"));
        assert_eq!(Line::parse("try %70-3"), Line::Try("%70-3"));
        let calls = vec![0xc010_0000, 0xc020_0000];
        let one = Injected { opportunity: 3, site: 40, is_served: false, task: 7, calls };
        let calls = vec![0xc0];
        let other = Injected { opportunity: 9, site: 2, is_served: true, task: 0, calls };
        let others = || vec![other.clone()];
        let run = |outcome, faults| Line::Run(Run { outcome, took, faults });
        assert_eq!(Line::parse("run done 1200"), run(Outcome::Done, vec![]));
        let line = "run refused:ENOMEM 1200 3/40/7/c0100000,c0200000 9/2s/0/c0";
        assert_eq!(
            Line::parse(line),
            run(Outcome::Otherwise("refused:ENOMEM"), vec![one, other.clone()])
        );
        let line = "run short 1200 9/2s/0/c0";
        assert_eq!(Line::parse(line), run(Outcome::Otherwise("short"), others()));
        let line = "run failed 1200 9/2s/0/c0 # lost: 1 page # again";
        assert_eq!(Line::parse(line), run(Outcome::Failed("lost: 1 page # again"), others()));
    }

    #[test]
    fn what_is_damaged_is_for_nobody() {
        for line in [
            "",
            "ok pipe::a",
            "run",
            "run done",
            "run done x",
            "run done 1 3/4",
            "run done 1 3/4/5",
            "run done 1 3/4/c0,/5",
            "expect a",
        ] {
            assert_eq!(Line::parse(line), Line::Other, "{line}");
        }
    }
}

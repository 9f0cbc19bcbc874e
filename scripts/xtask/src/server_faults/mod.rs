//! What becomes of servers in which something is wrong: the campaigns of `tests/saboteur`, each
//! server's in guests of its own, as many servers at a time as there are processors.

mod plan;
mod progress;
mod table;
mod verdict;

use crate::captured::capture_with_log;
use crate::contents::Contents;
use crate::fault_report::Outside;
use crate::guest_tests::describe;
use crate::ktap::program_case;
use crate::lanes::Lane;
use crate::machine::Machine;
use crate::qemu::System;
use crate::report::{Case, Verdict};
use crate::session::End;
use crate::stop::Result;
use crate::trials::for_each;
use abi::frame::Exit;
use plan::{Plan, Task};
use progress::Shared;
use std::path::Path;
use std::time::Duration;
use table::{Fault, Table};

pub use plan::SERVERS;

const SABOTEUR: &str = "/bin/saboteur";
const TIMEOUT: Duration = Duration::from_secs(300);
const LONG_TIMEOUT: Duration = Duration::from_secs(60 * 60);
/// Before each line of a campaign in the kernel's log.
const MARK: &str = "servers: ";
/// A server that makes so many guests useless is broken.
const MOST_GUESTS: usize = 40;

/// Changes of text and data in the long set.
const LONG_FAULTS: usize = 5000;

/// Whether a filter is about one fault.
pub fn is_single(filter: &str) -> bool {
    Plan::of(filter, false).is_some_and(|plan| plan.is_single)
}

/// What a guest runs for one fault, if a filter is about one.
pub fn single(filter: &str) -> Option<Vec<String>> {
    let plan = Plan::of(filter, false).filter(|plan| plan.is_single)?;
    plan.servers.first().map(|(server, tasks)| words(server, tasks))
}

/// The saboteur and what it is to do.
fn words(server: &str, tasks: &[Task]) -> Vec<String> {
    let tasks = tasks.iter().flat_map(Task::words);
    [SABOTEUR, server].map(str::to_owned).into_iter().chain(tasks).collect()
}

/// Runs what a filter selects, all without one, and says what came of it; also of each fault, unless it is
/// the only one.
pub fn server_faults(
    lane: &Lane,
    kernel: &Path,
    contents: &Contents,
    filter: Option<&str>,
    long: bool,
    is_alone: bool,
) -> Result<(Vec<Case>, Vec<Outside>)> {
    let plan = match filter {
        None => Plan::all(long),
        Some(filter) if filter.starts_with(SERVERS) => match Plan::of(filter, long) {
            Some(plan) => plan,
            None => return Ok(Default::default()),
        },
        Some(_) => return Ok(Default::default()),
    };
    let (mut table, mut cases) = (Table::default(), Vec::new());
    let progress = Shared::new(&plan, is_alone);
    let parts = for_each(
        &plan.servers,
        |_| {},
        |(server, tasks)| {
            let (shows_log, progress) = (plan.is_single, &progress);
            let campaign = Campaign { lane, kernel, contents, server, long, shows_log, progress };
            let ended = campaign.run(tasks.clone());
            progress.over(server);
            ended
        },
    )?;
    progress.end();
    for (part, verdicts) in parts {
        table.append(part);
        cases.extend(verdicts);
    }
    if plan.is_single {
        table.faults().for_each(|fault| eprintln!("{fault}"));
        cases.extend(verdict::single(&table, filter.unwrap_or_default()));
        return Ok((cases, Vec::new()));
    }
    eprintln!("{table}\nservers: seed {}", plan.seed);
    for (server, _) in &plan.servers {
        cases.push(verdict::messages(&table, server, &plan::acts()));
        cases.push(verdict::changes(&table, server));
    }
    if plan.is_complete {
        let changes = table.changes();
        cases.push(verdict::share(&table));
        if long && changes < LONG_FAULTS {
            let why = format!("{changes} changes, not {LONG_FAULTS}");
            cases.push(Case::failed("servers::enough", why));
        }
    }
    let faults = table.faults().map(|fault| fault.outside(plan::filter(fault, plan.seed)));
    Ok((cases, faults.collect()))
}

struct Campaign<'a> {
    lane: &'a Lane,
    kernel: &'a Path,
    contents: &'a Contents,
    server: &'a str,
    long: bool,
    shows_log: bool,
    progress: &'a Shared,
}

impl Campaign<'_> {
    /// All tasks, in as many guests as it takes.
    fn run(&self, mut tasks: Vec<Task>) -> Result<(Table, Vec<Case>)> {
        let mut table = Table::default();
        for _ in 0..MOST_GUESTS {
            let (faults, cases) = self.guest(&tasks, &mut table)?;
            let last = faults.last().cloned();
            faults.into_iter().for_each(|fault| table.add(fault));
            match last.filter(Fault::is_lost) {
                Some(last) if cases.is_empty() => tasks = plan::after(tasks, &last),
                _ => return Ok((table, cases)),
            }
            if tasks.is_empty() {
                return Ok((table, vec![Case::passed(self.name())]));
            }
        }
        let why = format!("{MOST_GUESTS} guests were not enough");
        Ok((table, vec![Case::failed(self.name(), why)]))
    }

    fn name(&self) -> String {
        format!("{SERVERS}{}", self.server)
    }

    /// What was told in one guest, and what was wrong: nothing and nothing right if it could not go on.
    fn guest(&self, tasks: &[Task], table: &mut Table) -> Result<(Vec<Fault>, Vec<Case>)> {
        let words = words(self.server, tasks);
        let line: Vec<&str> = words.iter().map(String::as_str).collect();
        let timeout = if self.long { LONG_TIMEOUT } else { TIMEOUT };
        let system = (System::Folio, self.kernel);
        // Every time the same, however busy the host is.
        let machine = Machine { icount: true, ..self.lane.machine.clone() };
        let reader = self.progress.reader(self.server);
        let contents = self.contents.clone();
        let ran = capture_with_log(&machine, system, contents, &line, timeout, reader)?;
        let outcome = &ran.outcome;
        if self.shows_log {
            outcome.log.iter().for_each(|line| eprintln!("  | {line}"));
        }
        let told = || outcome.log.iter().filter_map(|line| Some(line.split_once(MARK)?.1));
        let faults = told().filter_map(Fault::parse).collect();
        let mut cases: Vec<Case> = told().filter_map(program_case).collect();
        // A broken console driver may lose the end.
        let has_ended = told().any(|line| line == "over")
            && (self.server == "console" || matches!(outcome.end, End::Exit(Exit::Exited(0))));
        if !has_ended {
            table.add_crash();
            let why = outcome.report(&describe(&outcome.end), self.kernel);
            cases.push(Case::failed(self.name(), why));
        } else {
            for case in &mut cases {
                if let Verdict::Failed(why) = &mut case.verdict {
                    *why = outcome.report(why, self.kernel);
                }
            }
        }
        Ok((faults, cases))
    }
}

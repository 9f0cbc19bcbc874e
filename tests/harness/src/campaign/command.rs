//! Does what the command line asks for, and writes the report.

use super::declaration::Campaign;
use super::options::{Options, Task, USAGE};
use super::vm::Vm;
use super::{course, replay};
use std::env::{args_os, current_exe};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;
use xtask::fault_report::Report;
use xtask::fault_tests::Progress;
use xtask::machine::Machine;
use xtask::report::{Counts, Group, Verdict};
use xtask::stop::Result;

/// Does what the command line says.
pub fn main(campaign: &Campaign) -> ExitCode {
    match Options::read(args_os().skip(1)).and_then(|options| run(campaign, &options)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(stop) => {
            eprintln!("{}: {}", campaign.name, stop.why);
            ExitCode::from(stop.status)
        }
    }
}

/// Whether all was well.
fn run(campaign: &Campaign, options: &Options) -> Result<bool> {
    match &options.task {
        Task::Help => {
            print!("{USAGE}");
            Ok(true)
        }
        Task::List => {
            for scenario in &campaign.scenarios {
                println!("{}: test", scenario.name);
            }
            Ok(true)
        }
        Task::Replay(id) => {
            let scenario = campaign.find(&id.scenario)?;
            replay::replay(&boot(campaign, options)?, scenario, id, &place(campaign, options))
        }
        Task::Sweep(wanted) => {
            let scenarios = || {
                let all = campaign.scenarios.iter();
                all.filter(|scenario| wanted.includes(scenario.name))
            };
            if scenarios().next().is_none() {
                // As for tests of other kinds: another file of the crate may have it.
                println!("{}: no scenario has such a name; --list shows them", campaign.name);
                return Ok(true);
            }
            let vm = boot(campaign, options)?;
            let start = Instant::now();
            let command = again(campaign, &options.machine);
            let (folder, sites) = (place(campaign, options), vm.sites().to_vec());
            let mut report = Report::create(&folder, sites, vm.frames(), command)?;
            let (mut cases, mut progress) = (Vec::new(), Progress::new(true));
            for scenario in scenarios() {
                let (runs, each) = course::expect(&vm, scenario).unwrap_or_default();
                progress.expect(scenario.name, runs, each);
            }
            for scenario in scenarios() {
                let case = course::sweep(&vm, scenario, &mut report, &mut progress);
                progress.over(scenario.name);
                progress.end();
                match &case.verdict {
                    Verdict::Failed(why) => println!("not ok {}: {why}", case.name),
                    _ => println!("ok {}: {}", case.name, report.tally_of(scenario.name)),
                }
                cases.push(case);
            }
            let counts = Counts::of(&cases);
            let group = Group { name: campaign.name.into(), cases, took: start.elapsed() };
            println!("report: {}", report.finish(&[group])?.display());
            println!("{counts}");
            Ok(counts.failed == 0)
        }
    }
}

fn boot(campaign: &Campaign, options: &Options) -> Result<Vm> {
    let folder = Path::new(campaign.folder);
    let files = campaign.files.iter().map(|(host, guest)| (folder.join(host), guest.clone()));
    eprintln!("{}: building and booting a kernel with failpoints …", campaign.name);
    Vm::boot(&options.machine, &files.collect::<Vec<_>>())
}

/// Where the report goes. Several tests of a package do not share it.
fn place(campaign: &Campaign, options: &Options) -> PathBuf {
    let usual = || Path::new(campaign.folder).join("target/faults").join(campaign.name);
    options.report.clone().unwrap_or_else(usual)
}

/// The command that repeats a fault, but for its id: as this process was started.
fn again(campaign: &Campaign, machine: &Machine) -> String {
    let path = current_exe().unwrap_or_default();
    let folder = path.parent().and_then(Path::file_name).unwrap_or_default();
    let Campaign { name, package, .. } = campaign;
    let mut command = match folder.to_str() {
        Some("examples") => format!("cargo run --package {package} --example {name} --"),
        Some("deps") | None => format!("cargo test --test {name} --"),
        Some(_) => format!("cargo run --package {package} --bin {name} --"),
    };
    if *machine != Machine::default() {
        for word in machine.words() {
            command.push_str(&format!(" '{}'", word.replace('\'', "'\\''")));
        }
    }
    command + " --replay"
}

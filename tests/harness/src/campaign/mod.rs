//! Scenarios under faults.
//!
//! ```text
//!  options     what the command line asks for
//!  vm          one boot, restored whenever a guest is lost
//!  guest       what a scenario may do: asks `tests/agent` inside
//!  sweep       one fault after the other, until a run has none left
//!  verdict     what a run may come to
//! ```

mod guest;
mod options;
mod sweep;
mod verdict;
mod vm;

pub use guest::{Guest, Ran};
pub use sweep::Sweep;
pub use verdict::{Failure, Outcome, Refusal};

use options::{Options, Task};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;
use vm::Vm;
use xtask::fault_report::Report;
use xtask::report::{Case, Counts, Group, Verdict};
use xtask::stop::Result;

/// A function over a guest, and which faults it meets.
pub struct Scenario {
    /// The function's.
    pub name: &'static str,
    /// What it does. It runs as often as there are faults, and once more.
    pub run: fn(&mut Guest) -> Outcome,
    /// The faults.
    pub sweep: Sweep,
}

/// Scenarios, and what their guests have besides Folio's own programs.
pub struct Campaign {
    /// The test's name, for `cargo test --test`.
    pub name: &'static str,
    /// Its package's folder: the report goes to `target/faults` there.
    pub folder: &'static str,
    /// Files and folders of the host, and where they are in the guest.
    pub files: Vec<(PathBuf, String)>,
    /// All of them.
    pub scenarios: Vec<Scenario>,
}

/// Declares a program that is a campaign: scenarios, and before them, if need be, files for the guest.
#[macro_export]
macro_rules! campaign {
    (
        $( files: [ $( $host:expr => $guest:expr ),* $(,)? ]; )?
        $(
            $( #[doc = $doc:literal] )*
            #[sweep $( ( $( $option:ident = $value:tt ),* $(,)? ) )? ]
            fn $name:ident($argument:ident) $body:block
        )*
    ) => {
        $(
            $( #[doc = $doc] )*
            fn $name($argument: &mut $crate::Guest) -> $crate::Outcome $body
        )*

        fn main() -> std::process::ExitCode {
            let campaign = $crate::Campaign {
                name: env!("CARGO_CRATE_NAME"),
                folder: env!("CARGO_MANIFEST_DIR"),
                files: vec![$( $( ($host.into(), $guest.into()) ),* )?],
                scenarios: vec![$(
                    $crate::Scenario {
                        name: stringify!($name),
                        run: $name,
                        sweep: $crate::Sweep::default()$( $( .$option($crate::campaign_option!($option $value)) )* )?,
                    },
                )*],
            };
            $crate::main(&campaign)
        }
    };
}

/// The value of a sweep's option.
#[doc(hidden)]
#[macro_export]
macro_rules! campaign_option {
    (points [$($point:ident),* $(,)?]) => { &[$($crate::Failpoint::$point),*] };
    (exits [$($status:literal),* $(,)?]) => { &[$($status),*] };
    (pairs $bound:literal) => { $bound };
}

/// Does what the command line says.
pub fn main(campaign: &Campaign) -> ExitCode {
    match Options::read(std::env::args_os().skip(1)).and_then(|options| run(campaign, &options)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(stop) => {
            eprintln!("campaign: {}", stop.why);
            ExitCode::from(stop.status)
        }
    }
}

/// Whether all was well.
fn run(campaign: &Campaign, options: &Options) -> Result<bool> {
    let vm = Vm::boot(&options.machine, &campaign.files)?;
    match &options.task {
        Task::Replay { scenario, choice } => {
            let scenario = campaign.find(scenario)?;
            sweep::replay(&vm, scenario, *choice)
        }
        Task::Sweep { filters } => {
            let start = Instant::now();
            let mut report = Report::new(
                vm.sites()?,
                format!("cargo test --test {} -- --replay", campaign.name),
            );
            let mut cases = Vec::new();
            let wanted =
                |name: &str| filters.is_empty() || filters.iter().any(|part| name.contains(part));
            for scenario in campaign.scenarios.iter().filter(|scenario| wanted(scenario.name)) {
                let case = sweep::sweep(&vm, scenario, &mut report)?;
                match &case.verdict {
                    Verdict::Failed(why) => println!("not ok {}: {why}", case.name),
                    _ => println!("ok {}: {}", case.name, report.tally_of(scenario.name)),
                }
                cases.push(case);
            }
            let counts = Counts::of(&cases);
            let group = Group { name: "faults".into(), cases, took: start.elapsed() };
            let usual = || Path::new(campaign.folder).join("target/faults");
            let place = options.report.clone().unwrap_or_else(usual);
            report.write(&place, &[group])?;
            println!("report: {}", place.join("index.html").display());
            println!("{counts}");
            Ok(counts.failed == 0 && counts.passed > 0)
        }
    }
}

impl Campaign {
    fn find(&self, name: &str) -> Result<&Scenario> {
        let found = self.scenarios.iter().find(|scenario| scenario.name == name);
        found.ok_or_else(|| {
            let names: Vec<&str> = self.scenarios.iter().map(|scenario| scenario.name).collect();
            xtask::stop::usage(format!("{name}: no such scenario; there are {}", names.join(", ")))
        })
    }
}

/// A case that passed or says why not.
fn case(name: &str, wrong: Option<String>) -> Case {
    match wrong {
        None => Case::passed(name),
        Some(why) => Case::failed(name, why),
    }
}

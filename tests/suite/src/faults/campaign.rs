//! All scenarios, one after the other, and what came of them.

use super::Scenario;
use super::choice::Choice;
use super::options::Options;
use super::plans::Amount;
use super::report::{
    describe, print_begin, print_expected, print_run, print_scenario, print_sites, print_wrong,
};
use super::runner::Runner;
use super::sweep::{Counts, expect, once, sweep};
use alloc::format;
use sys::{println, process};

const USAGE: &str =
    "usage: suite --faults [--long] [--report] [--part K/N] [--after SCENARIO] [FILTER…]
       suite --faults [--report] --only SCENARIO:CHOICE";

/// Does what the words ask for; 1 if anything was wrong.
pub fn run(words: impl Iterator<Item = &'static [u8]>) -> i32 {
    let Some(options) = Options::parse(words) else {
        sys::eprintln!("{USAGE}");
        return 2;
    };
    let _ = process::adopt_orphans(true);
    let Some(runner) = Runner::new() else {
        sys::eprintln!("suite: this kernel has no failpoints; `scripts/test fault` builds one");
        return 2;
    };
    match options.only {
        Some((scenario, choice)) => run_only(&runner, scenario, choice, options.report),
        None => run_all(&runner, &options),
    }
}

fn run_all(runner: &Runner, options: &Options) -> i32 {
    let amount = if options.long { Amount::LONG } else { Amount::USUAL };
    let (mut passed, mut failed, mut all) = (0, 0, Counts::default());
    if options.report {
        for scenario in options.scenarios() {
            print_expected(scenario, expect(runner, scenario, amount));
        }
    }
    for scenario in options.scenarios() {
        if options.report {
            print_scenario(scenario);
        }
        let start = sys::time::now();
        let (counts, wrong) = sweep(runner, scenario, amount, options.report);
        all.join(&counts);
        if wrong.is_empty() {
            passed += 1;
            println!("ok {}", scenario.name);
        } else {
            failed += 1;
            println!("not ok {}: {}", scenario.name, wrong.join(" ## "));
        }
        let took = (sys::time::now() - start).as_millis();
        println!("# {}: {counts}, {took} ms", scenario.name);
    }
    println!("# all{}: {all}", options.part_name());
    print_sites();
    println!("{passed} passed, {failed} failed, 0 skipped");
    i32::from(failed > 0 || passed == 0)
}

/// One run as in a sweep, of which the kernel's log tells too.
fn run_only(runner: &Runner, scenario: &Scenario, choice: Choice, report: bool) -> i32 {
    if report {
        print_scenario(scenario);
        print_begin(choice);
    }
    let failed = match once(runner, scenario, choice) {
        Ok(run) => {
            if report {
                print_run(&run);
            }
            println!("# {}", describe(&format!("{}", run.right), choice, &run.state));
            println!("ok {}", scenario.name);
            0
        }
        Err(wrong) => {
            if report {
                print_wrong(&wrong);
            }
            println!("not ok {}: {}", scenario.name, wrong.why);
            1
        }
    };
    println!("{} passed, {failed} failed, 0 skipped", 1 - failed);
    failed
}

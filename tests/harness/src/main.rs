//! Guests that must not end well, or not easily: crashes of the kernel, the death of the first
//! program, damaged archives, machines an image cannot use. Each scenario boots a machine of its own
//! and compares how it ended and what it said.
//!
//! `harness [machine options] [--campaigns] [--long] [--brief] [--seed N] [--gdb] [FILTER…]` prints `ok NAME` or
//! `not ok NAME: why` a line and ends with `N passed, N failed, N skipped`; `--brief` leaves slow scenarios
//! out that no filter names. `scripts/test harness` calls it, and `scripts/test fault` for the
//! campaigns: faults from outside of guests, many of them with `--long`. A trial's name as a filter, such as
//! `flips::user/17`, shows that one; with `--gdb` its guest stands still where that is made.

mod archive;
mod at_work;
mod clock;
mod console;
mod crash;
mod ending;
mod faults;
mod flips;
mod foreign;
mod guest;
mod memory;
mod new_app;
mod new_test;
mod nmi;
mod outside;
mod pressure;
mod procfs;
mod progress;
mod random;
mod random_calls;
mod refusal;
mod replays;
mod snapshot;
mod streams;
mod table_walks;
mod terminal;
mod tiny;
mod trial;
mod typist;

use guest::Setup;
use std::process::ExitCode;
use std::time::Instant;
use trial::Trial;
use xtask::debian;
use xtask::machine::Machine;
use xtask::report::{Case, Counts, Verdict};
use xtask::stop::{Result, usage};
use xtask::words::{Word, Words};

/// What is wrong, if anything is.
type Outcome = std::result::Result<(), String>;

/// A scenario and its name.
struct Scenario {
    name: &'static str,
    run: fn(&Setup) -> Outcome,
}

impl Scenario {
    /// What it needs from elsewhere and cannot have.
    fn missing(&self) -> Option<String> {
        match self.name.starts_with("foreign::") {
            true => debian::programs().err().map(|stop| stop.why),
            false => None,
        }
    }
}

/// A list of scenarios, as `module: [function, …]`.
macro_rules! scenarios {
    ($list:ident $( $module:ident: [ $( $name:ident ),* $(,)? ], )*) => {
        const $list: &[Scenario] = &[
            $( $( Scenario {
                name: concat!(stringify!($module), "::", stringify!($name)),
                run: $module::$name,
            }, )* )*
        ];
    };
}

scenarios! {
    SCENARIOS
    crash: [
        a_kernel_stack_overflow_is_a_double_fault,
        a_panic_says_where_and_who_called,
        a_panic_in_the_log_is_told_too,
        a_null_pointer_is_a_page_fault,
        kernel_text_and_constants_are_read_only,
        kernel_data_does_not_execute,
        memory_that_is_used_after_it_was_freed_is_noticed,
        exceptions_of_the_kernel_are_fatal,
        a_kernel_that_hangs_is_ended,
    ],
    ending: [
        the_exit_status_comes_through,
        the_signal_that_ends_the_first_program_comes_through,
        a_program_that_hangs_is_ended,
        a_missing_program_is_not_found,
        what_is_no_program_is_not_executable,
        the_death_of_init_is_a_panic,
        a_bad_manifest_is_named,
    ],
    streams: [
        random_bytes_pass_unchanged,
        the_three_streams_are_apart,
    ],
    terminal: [
        a_shell_obeys_the_keyboard,
        lines_are_edited_echoed_and_ended,
        a_shell_outlives_console_servers,
    ],
    procfs: [
        readers_meet_the_next_server,
        others_do_not_notice,
    ],
    faults: [
        each_fault_of_the_command_line_is_a_line,
        a_panic_names_the_faults_before_it,
        a_fatal_signal_is_told_with_the_faults_before_it,
        a_fatal_signal_is_told_with_the_nth_before_it,
        a_servers_death_is_told_with_the_faults_before_it,
        passages_are_counted_from_the_beginning,
        attributes_count_on_the_command_line,
    ],
    random_calls: [
        a_crash_is_reduced_to_a_program_that_repeats_it,
        what_is_lost_is_found,
    ],
    replays: [
        a_run_is_the_same_each_time,
        the_faults_of_a_report_happen_again,
        a_debugger_meets_the_fault,
        a_debugger_meets_faults_of_campaigns,
        few_of_several_faults_are_left,
        a_fault_from_outside_is_the_same_each_time,
        a_fault_of_a_server_is_the_same_each_time,
        a_campaigns_run_is_the_same_each_time,
    ],
    foreign: [
        bash_controls_jobs,
    ],
    console: [
        a_copy_passes_servers_that_die,
        both_outputs_pass_servers_that_die,
    ],
    archive: [
        no_archive_means_no_program,
        a_truncated_archive_keeps_what_is_whole,
        a_corrupt_entry_ends_the_archive,
        damaged_arguments_are_refused,
        an_unaligned_archive_works,
        fuzzed_headers_never_hurt_the_kernel,
    ],
    memory: [
        low_memory_ends_where_the_windows_begin,
        memory_that_the_tables_cannot_reach_is_announced,
    ],
    snapshot: [
        guests_of_one_boot_go_on_apart,
        a_restored_guest_that_fails_says_why,
        nothing_of_a_guest_is_left,
        a_restored_guest_answers_at_once,
        counted_guests_are_alike,
    ],
    outside: [
        interrupts_that_nothing_masks_pass,
        one_at_the_first_instruction_of_a_call_passes,
        counted_guests_meet_it_at_the_same_instruction,
        a_flipped_bit_is_one_guests_own,
    ],
    table_walks: [
        no_table_gives_more_than_it_should,
        bad_entries_are_found,
        the_crashing_kernel_obeys_too,
    ],
    new_app: [the_readme_is_true],
    new_test: [a_crate_outside_finds_what_is_wrong_and_only_that],
    refusal: [
        an_image_refuses_a_processor_it_cannot_use,
        user_programs_need_sse2,
        too_little_memory_is_said,
    ],
}

/// Scenarios that build programs, or boot guests by the hundred: `--brief` leaves them out.
const SLOW: [&str; 7] = [
    "random_calls::",
    "new_test::",
    "replays::a_campaigns_run",
    "replays::a_debugger_meets_faults_of_campaigns",
    "replays::a_fault_from_outside",
    "replays::a_fault_of_a_server",
    "replays::the_faults_of_a_report",
];

scenarios! {
    CAMPAIGNS
    flips: [
        each_flip_comes_to_something,
        one_flip_again_and_again,
    ],
    nmi: [
        one_at_awkward_instructions_passes,
        one_at_any_moment_passes,
        one_in_the_middle_of_another_waits,
        a_double_fault_is_told_all_the_same,
    ],
    pressure: [work_is_done_or_refused_honestly],
    clock: [waits_last_as_long_as_they_should],
}

fn main() -> ExitCode {
    match run() {
        Ok(status) => ExitCode::from(status),
        Err(stop) => {
            eprintln!("harness: {}", stop.why);
            ExitCode::from(stop.status)
        }
    }
}

fn run() -> Result<u8> {
    let mut words = Words::new(std::env::args_os().skip(1));
    let mut machine = Machine::default();
    let (mut scenarios, mut seed, mut only) = (SCENARIOS, None, None);
    let (mut is_long, mut is_brief, mut stops) = (false, false, false);
    let mut filters = Vec::new();
    while let Some(word) = words.next_word()? {
        match word {
            Word::Option(name) if machine.option(&name, &mut words)? => {}
            Word::Option(name) if name == "campaigns" => scenarios = CAMPAIGNS,
            Word::Option(name) if name == "long" => is_long = true,
            Word::Option(name) if name == "brief" => is_brief = true,
            Word::Option(name) if name == "gdb" => stops = true,
            Word::Option(name) if name == "seed" => {
                let number = words.value(&name, "4")?;
                let parsed = number.parse::<u32>();
                seed = Some(parsed.map_err(|_| usage(format!("--seed {number}: no number")))?);
            }
            Word::Option(name) => return Err(usage(format!("--{name}: no such option"))),
            Word::Plain(word) => {
                let word = word.to_string_lossy().into_owned();
                only = Trial::parse(&word).or(only);
                filters.push(word);
            }
            Word::Rest(_) => return Err(usage("-- is not understood here")),
        }
    }
    if stops && only.is_none() {
        return Err(usage("--gdb goes with one trial, such as flips::user/17"));
    }
    if let Some(trial) = &only {
        filters = vec![trial.scenario().into()];
    }
    let wanted = |name: &str| {
        let is_left_out =
            is_brief && filters.is_empty() && SLOW.iter().any(|part| name.starts_with(part));
        !is_left_out && (filters.is_empty() || filters.iter().any(|part| name.contains(part)))
    };
    let wanted: Vec<&Scenario> = scenarios.iter().filter(|case| wanted(case.name)).collect();
    if wanted.is_empty() {
        println!("{}", Counts::default());
        return Ok(1);
    }
    let mut setup = Setup::build(machine)?;
    (setup.is_long, setup.stops, setup.only) = (is_long, stops, only);
    setup.seed = seed.map_or(setup.seed, u64::from);
    let mut cases = Vec::new();
    for scenario in wanted {
        let start = Instant::now();
        let case = match scenario.missing() {
            Some(why) => Case::skipped(scenario.name, why),
            None => match (scenario.run)(&setup) {
                Ok(()) => Case::passed(scenario.name),
                Err(why) => Case::failed(scenario.name, why),
            },
        };
        let took = start.elapsed().as_secs_f64();
        match &case.verdict {
            Verdict::Failed(why) => {
                println!("not ok {}: {}", case.name, why.lines().next().unwrap_or_default());
                eprintln!("{} ({took:.1} s): {why}", case.name);
            }
            Verdict::Skipped(why) => println!("skip {}: {why}", case.name),
            Verdict::Passed => println!("ok {}", case.name),
        }
        cases.push(case);
    }
    let counts = Counts::of(&cases);
    println!("{counts}");
    Ok(u8::from(counts.failed > 0))
}

//! Fault injection itself: who is hit by which fault, and when. Only kernels with failpoints have it.

mod arrival;
mod fail_nth;
mod left_behind;
mod machine_wide;
mod permission;
mod plan;
mod poked;
mod retries;
mod server_death;
mod serving;
mod surroundings;

use crate::harness::on_folio;
use arrival::*;
use fail_nth::*;
use left_behind::*;
use machine_wide::*;
use permission::*;
use plan::*;
use poked::*;
use retries::*;
use server_death::*;
use serving::*;
use surroundings::*;
use sys::abi::failpoint::{Failpoint, FaultPlan, FaultSite, FaultState};
use sys::abi::process::FUTEX_WAKE;
use sys::abi::{UserMutPtr, UserPtr};
use sys::syscall::{failpoint, input, output};
use sys::{Errno, Result};

tests![
    without_failpoints_nothing_of_it_is_there,
    chance_goes_by_intervals_and_ends,
    sizes_choose_what_is_asked_for,
    what_happened_is_kept,
    call_paths_choose_what_fails,
    plans_that_mean_nothing_are_refused,
    copies_that_always_fail_come_to_an_end,
    messages_that_always_fail_come_to_an_end,
    the_nth_opportunity_of_a_thread_fails,
    the_file_does_what_the_call_does,
    what_is_no_number_is_refused,
    marks_are_given_by_root_and_inherited,
    children_have_no_nth,
    a_thread_is_killed_after_its_nth,
    marked_threads_alone_are_hit,
    who_has_a_context_is_left_alone,
    only_root_makes_machine_wide_ones,
    others_contexts_are_for_root,
    who_inherits_a_context_may_go_back,
    contexts_are_not_all_for_one,
    only_root_marks,
    a_request_is_over_though_nobody_looked,
    an_answer_to_one_is_no_answer_to_another,
    an_answer_to_nobody_ends_a_request_too,
    what_a_closed_context_leaves_is_the_servers,
    what_is_over_hides_no_other,
    a_server_is_killed_for_want_of_a_page,
    a_server_aborts_for_want_of_memory,
    a_server_ends_itself_after_a_fault,
    a_file_left_behind_is_named,
    a_notification_is_lost,
    a_notification_comes_twice,
    a_timer_is_late,
    the_console_survives_its_interrupts,
    memory_becomes_short_and_comes_back,
    the_time_of_day_jumps,
    text_changes_for_one_process,
    bytes_change_in_two_pages,
    sites_count_who_passes,
];

/// An open context; it is closed with this.
struct Context(u32);

impl Context {
    fn try_new(plan: &FaultPlan) -> Result<Self> {
        // SAFETY: the call reads the plan only.
        unsafe { failpoint::fault_create(input(plan)) }.map(Self)
    }

    fn new(plan: &FaultPlan) -> Self {
        Self::try_new(plan).expect("a context")
    }

    /// Runs `work` in it.
    fn run<R>(&self, work: impl FnOnce() -> R) -> R {
        // SAFETY: the call touches no memory.
        let enter = |context| unsafe { failpoint::fault_enter(context) }.expect("a context");
        let before = enter(self.0);
        let result = work();
        assert_eq!(enter(before), self.0);
        result
    }

    fn state(&self) -> FaultState {
        let mut state = FaultState::default();
        let size = size_of::<FaultState>() as u32;
        // SAFETY: the call writes the state only.
        unsafe { failpoint::fault_state(self.0, output(&mut state), size) }.expect("a state");
        state
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: the call touches no memory.
        unsafe { failpoint::fault_close(self.0) }.expect("a context that is open");
    }
}

/// All that fails at a point does.
fn always(point: Failpoint) -> FaultPlan {
    FaultPlan { points: point.bit(), per_million: 1_000_000, ..FaultPlan::default() }
}

fn has_failpoints() -> bool {
    on_folio() && Context::try_new(&FaultPlan::default()).is_ok()
}

fn needs_failpoints() {
    if !has_failpoints() {
        skip!("this kernel has no failpoints");
    }
}

/// Passes the point `fail_futex` once, and nothing else.
fn wake_nobody() -> Result<u32> {
    static WORD: u32 = 0;
    let word = UserMutPtr::new(&raw const WORD as u32);
    call!(futex(word, FUTEX_WAKE, 1, UserPtr::NULL, UserMutPtr::NULL, 0))
}

/// The site of a number.
fn site(number: u32) -> Option<FaultSite> {
    const SIZE: u32 = size_of::<FaultSite>() as u32;
    let mut site = FaultSite::default();
    // SAFETY: the call writes the site only.
    let written = unsafe { failpoint::fault_sites(number, output(&mut site), SIZE) };
    (written == Ok(SIZE)).then_some(site)
}

/// The last one: what it prints counts as reached by all of them.
pub fn sites_count_who_passes() {
    needs_failpoints();
    let sites = || (0..).map_while(site);
    let futex = || sites().find(|site| site.point == Failpoint::Futex as u32).expect("a site");
    let before = futex();
    let context = Context::new(&FaultPlan { nth: 2, ..always(Failpoint::Futex) });
    assert_eq!(context.run(|| [(); 3].map(|()| wake_nobody().is_err())), [false, true, false]);
    let after = futex();
    assert!(after.hits - before.hits >= 3);
    assert_eq!({ after.faults }, before.faults + 1);
    for (number, site) in sites().enumerate() {
        sys::println!("site {number} {} {}", { site.hits }, { site.faults });
    }
}

pub fn without_failpoints_nothing_of_it_is_there() {
    if !on_folio() || has_failpoints() {
        skip!("this is no Folio without failpoints");
    }
    let missing = Err(Errno::ENOSYS);
    // SAFETY: the calls touch no memory.
    unsafe {
        assert_eq!(failpoint::fault_create(UserPtr::NULL), missing);
        assert_eq!(failpoint::fault_set_thread(0, sys::process::id(), 0, 1), missing);
        assert_eq!(failpoint::fault_take_memory(0, 0), missing);
        assert_eq!(failpoint::fault_step_clock(0, 0), missing);
        assert_eq!(failpoint::fault_poke(sys::process::id(), 0, UserPtr::NULL, 0), missing);
    }
    crate::procfs::as_program(|| {
        for name in ["/proc/self/fail-nth", "/proc/self/make-it-fail"] {
            assert_eq!(sys::file::stat(name).err(), Some(Errno::ENOENT), "{name}");
        }
    });
}

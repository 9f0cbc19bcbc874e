//! Threads, made by `clone` itself.

mod begin;
mod children;
mod end;
mod race;
mod signals;
mod step;
mod thread;
mod usage;

pub use step::{set, wait_until};
pub use thread::{LIKE_GLIBC, STACK, Thread, clone, spawn, word};

use begin::*;
use children::*;
use end::*;
use race::*;
use signals::*;
use usage::*;

tests![
    a_thread_shares_memory_and_descriptors,
    threads_have_ids_of_their_own,
    flags_that_make_no_sense_are_refused,
    threads_start_with_their_own_segment,
    exit_group_ends_all_threads,
    the_first_thread_may_leave_first,
    a_fatal_signal_ends_all_threads,
    a_signal_to_a_thread_runs_there,
    a_signal_to_the_process_goes_to_who_does_not_block_it,
    masks_and_alternate_stacks_are_each_threads_own,
    an_alarm_outlives_the_thread_that_set_it,
    all_threads_stop_and_go_on,
    exec_leaves_one_thread_with_the_first_ones_id,
    a_thread_may_hold_its_maker_until_it_ends,
    processes_may_share_handlers,
    a_signal_that_an_ended_thread_was_to_take_is_left_to_others,
    any_thread_waits_for_any_child,
    a_child_of_a_thread_has_one_thread,
    locks_of_a_thread_that_ended_are_released,
    a_threads_usage_is_part_of_the_processs,
    time_of_a_thread_that_ends_is_never_missing,
    threads_fault_on_the_same_and_on_neighbouring_pages,
    mappings_and_forks_race_with_faults,
    many_threads_come_and_go,
    below_a_threads_stack_nobody_writes,
    who_makes_a_thread_keeps_what_gs_led_to,
];

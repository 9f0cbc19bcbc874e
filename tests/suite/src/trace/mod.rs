//! Tracing: who is told what, and what becomes of whom.

mod calls;
mod children;
mod end;
mod faults;
mod permission;
mod signals;
mod traced;

use calls::*;
use children::*;
use end::*;
use faults::*;
use permission::*;
use signals::*;

tests![
    calls_are_told_with_arguments_and_results,
    a_thread_stands_still_until_it_is_resumed,
    faults_are_told_with_what_was_done,
    copies_on_write_are_told_with_their_frames,
    shared_memory_gets_pages_and_shows_them,
    the_kernels_own_faults_are_told_too,
    a_growing_stack_and_a_bad_address_are_told,
    children_are_traced_from_their_first_step,
    without_that_option_children_are_left_alone,
    a_new_program_is_told,
    signals_are_told_even_if_ignored,
    stops_are_told_and_take_place,
    a_kill_ends_who_stands_still,
    word_of_a_timer_does_not_end_the_wait,
    without_their_tracer_they_go_on,
    a_killed_tracer_lets_go,
    not_everybody_may_be_traced,
    all_threads_are_traced_or_none,
    others_users_are_not_to_be_traced,
    a_call_that_nobody_lets_begin_does_not_happen,
    a_waiting_tracer_is_interrupted,
    handles_that_are_no_tracers,
];

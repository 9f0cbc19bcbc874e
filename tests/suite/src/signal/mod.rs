//! Signals: handlers, frames, masks, stacks, restarts, groups.

mod action;
mod context;
mod counted;
mod frame;
mod handler;
mod mask;
mod source;
mod stack;
mod target;
mod waiting;

use action::*;
use context::*;
use frame::*;
use handler::*;
use mask::*;
use source::*;
use stack::*;
use target::*;
use waiting::*;

tests![
    a_handler_runs_and_returns,
    the_context_is_restored_exactly,
    the_rt_frame_tells_who_and_where,
    the_old_frame_is_laid_out_as_on_linux,
    the_rt_frame_is_laid_out_as_on_linux,
    a_handler_can_change_registers,
    a_handler_cannot_change_privileged_flags,
    a_handler_cannot_get_kernel_segments,
    blocked_signals_wait,
    kill_and_stop_cannot_be_blocked_or_handled,
    bad_ways_to_change_the_mask,
    a_signal_is_blocked_in_its_own_handler,
    handlers_nest,
    a_handlers_mask_holds_others_off,
    one_shot_handlers_are_reset,
    the_former_action_is_told,
    old_sigaction_works_too,
    default_actions,
    ignored_signals_do_nothing,
    a_null_signal_asks_whether_somebody_is_there,
    a_signal_reaches_a_whole_group,
    a_signal_to_a_group_reaches_children_in_the_making,
    groups_and_sessions_are_checked,
    the_alternate_stack_is_used,
    the_alternate_stack_is_checked,
    suspending_waits_with_another_mask,
    pausing_waits_for_a_handler,
    waiting_takes_a_pending_signal,
    interrupted_calls_restart_or_fail,
    sleeping_never_restarts_and_tells_the_rest,
    ignored_signals_do_not_interrupt,
    the_end_of_a_child_is_signalled,
    children_of_who_ignores_them_leave_no_zombies,
    alarms_ring_once,
    interval_timers_ring_again_and_again,
    threads_are_signalled_by_id,
    a_busy_process_is_interrupted,
    a_busy_process_can_be_killed,
    a_frame_that_does_not_fit_ends_the_process,
    a_forged_return_ends_the_process_at_worst,
    the_signal_stack_may_be_copy_on_write,
    frames_hold_the_return_address_first,
];

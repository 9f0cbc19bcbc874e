//! Attacks, and what stops each: programs that reach for the kernel, for other programs, for devices,
//! and servers that do more than they may. After LKDTM and paxtest.
//!
//! Each family is a test; each of its rows is carried out in a process of its own and named with its
//! defence and with how it must end. `suite isolation` prints them all.

mod attacker;
mod disclosure;
mod end;
mod execution;
mod exhaustion;
mod far_transfer;
mod forged_frame;
mod frames;
mod fresh_memory;
mod handle;
mod instruction;
mod kernel_memory;
mod other_user;
mod ports;
mod read_only;
mod registers;
mod secrets;
mod segment;
mod server;
mod system_call;
mod table;

use disclosure::*;
use execution::*;
use exhaustion::*;
use far_transfer::*;
use forged_frame::*;
use frames::frames_give_what_their_handles_say;
use fresh_memory::*;
use handle::*;
use instruction::*;
pub use kernel_memory::task_size;
use kernel_memory::*;
use other_user::processes_of_others_are_out_of_reach;
use ports::*;
use read_only::*;
use registers::*;
use segment::*;
use server::*;
use system_call::*;

tests![
    kernel_memory_is_out_of_reach,
    what_the_kernel_maps_is_out_of_reach,
    system_calls_are_no_way_around,
    data_does_not_execute,
    what_is_read_only_stays_so,
    privileged_instructions_are_refused,
    gates_of_the_kernel_are_closed,
    transfers_into_the_kernel_are_refused,
    segments_give_no_rights,
    forged_frames_give_no_rights,
    forged_fpu_states_hurt_nobody,
    ports_of_devices_need_a_right,
    frames_give_what_their_handles_say,
    handles_cannot_be_made_up,
    replies_and_leases_are_the_servers_own,
    servers_get_nothing_by_asking,
    processes_of_others_are_out_of_reach,
    who_takes_everything_takes_it_from_nobody,
    fresh_memory_is_zero,
    registers_of_others_are_not_seen,
    answers_say_nothing_else,
];

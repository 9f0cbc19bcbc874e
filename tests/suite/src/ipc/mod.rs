//! Messages between processes. All of it is Folio's own.

mod call;
mod device;
mod end;
mod example;
mod handle;
mod lease;
mod notification;

pub use example::{ADD, FILL, level, serves_well, start_client};

use call::*;
use device::*;
use end::*;
use handle::*;
use lease::*;
use notification::*;

tests![
    words_go_and_come_back,
    leases_are_copied_to_and_fro,
    memory_that_is_not_there_is_efault,
    a_block_that_is_not_there_is_efault,
    handles_travel_with_the_rights_they_are_given,
    a_server_that_dies_leaves_its_port,
    calls_only_go_down,
    badges_tell_clients_apart,
    bits_arrive_once_and_deadlines_pass,
    a_signal_asks_the_server_to_come_to_an_end,
    a_client_can_be_killed_while_it_waits,
    a_server_can_end_a_client,
    frames_are_shared,
    handles_are_closed_and_revoked,
    children_are_watched,
    lines_and_ports_are_for_init,
];

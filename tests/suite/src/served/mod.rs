//! Files that a server answers for, honestly and otherwise. The server is `tests/assist`.

mod failure;
mod limit;
mod program;
mod transfer;
mod walk;

pub use program::{as_program, at, change, path};

use failure::*;
use limit::*;
use transfer::*;
use walk::*;

tests![
    contents_and_attributes_are_the_servers,
    long_transfers_come_in_pieces,
    only_the_memory_that_is_there_is_lent,
    what_is_read_arrives_where_it_was_asked_for_whoever_forks,
    paths_lead_in_out_and_through,
    a_working_directory_may_be_the_servers,
    a_listing_comes_in_pieces_of_any_size,
    names_stay_as_they_are,
    permissions_are_checked_on_both_sides,
    a_link_may_lead_to_what_a_process_has,
    what_files_of_servers_cannot_do,
    a_server_that_lies_gives_its_clients_an_io_error,
    the_next_server_answers_for_the_same_files,
    a_client_of_a_server_that_hangs_can_be_killed,
    they_can_be_locked,
];

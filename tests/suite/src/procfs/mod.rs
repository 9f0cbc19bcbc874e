//! `/proc` against what the test knows of itself: the same on Linux.

mod descriptor;
mod machine;
mod memory;
mod process;
mod reading;
mod text;

pub use text::{as_program, number, rename, text, value};

use descriptor::*;
use machine::*;
use memory::*;
use process::*;
use reading::*;

tests![
    maps_has_what_was_mapped,
    a_file_is_the_same_in_pieces_of_any_size,
    an_open_file_has_a_text_of_its_own,
    status_tells_ids_and_masks,
    names_are_escaped,
    kept_signals_are_counted,
    threads_have_directories_that_are_not_listed,
    who_is_traced_says_so,
    locked_pages_are_counted,
    memory_that_processes_share_counts_once,
    stat_and_statm_agree_with_status,
    smaps_counts_what_was_touched,
    descriptors_have_links,
    a_pipe_opened_by_its_descriptor_waits_for_nobody,
    a_child_can_be_watched_to_its_end,
    strings_are_those_of_the_start,
    the_machines_files_are_there,
    a_server_that_dies_is_followed_by_another,
];

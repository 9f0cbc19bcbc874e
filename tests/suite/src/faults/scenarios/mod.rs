//! The work that faults happen to.

mod console;
mod descriptors;
mod events;
mod exec;
mod file;
mod fork;
mod heap;
mod mapping;
mod memory;
mod messages;
mod names;
mod partner;
mod pipe;
mod proc_files;
mod process;
mod served;
mod service;
mod signals;
mod socket;
mod statistics;
mod thread;
mod timers;
mod tracing;
mod wrong;

use super::Scenario;

/// Lists scenarios as `module: [function, …]`; behind a colon, errors it may meet besides those of the
/// failpoints.
macro_rules! scenarios {
    ($( #[$doc:meta] )* $list:ident, calls_servers: $calls_servers:literal,
     for_driver: $for_driver:literal, $( $module:ident: [
        $( $name:ident $(: $($errno:ident)|+ )? ),* $(,)?
    ], )*) => {
        $( #[$doc] )*
        const $list: &[Scenario] = &[
            $( $( Scenario {
                name: concat!(stringify!($module), "::", stringify!($name)),
                run: $module::$name,
                calls_servers: $calls_servers,
                for_driver: $for_driver,
                also: &[$( $( sys::Errno::$errno ),+ )?],
            }, )* )*
        ];
    };
}

/// All of them.
pub fn all() -> impl Iterator<Item = &'static Scenario> {
    OF_THE_KERNEL.iter().chain(OF_SERVERS).chain(OF_DRIVERS)
}

scenarios! {
    /// Work that the kernel does.
    OF_THE_KERNEL, calls_servers: false, for_driver: false,
    memory: [
        pages_are_touched,
        a_mapping_is_cut_and_changed,
        a_mapping_moves,
        shared_memory_passes_a_fork,
        a_large_area_takes_many_tables,
        pages_are_there_from_the_beginning,
        pages_are_locked: EAGAIN,
    ],
    mapping: [
        a_file_is_mapped,
        the_program_file_is_copied_where_it_is_written,
        what_is_written_in_memory_is_synced,
        a_file_without_a_name_grows_and_shrinks: ENOSPC,
        one_file_is_mapped_page_by_page,
    ],
    heap: [
        the_heap_grows_and_shrinks,
        the_stack_grows,
    ],
    file: [
        a_file_is_written_and_read,
        several_buffers_go_at_once,
        a_file_is_cut_and_filled: ENOSPC,
        bytes_are_copied_from_file_to_file,
        a_file_is_found_by_a_long_way,
        attributes_change,
        devices_are_read_and_written,
        a_file_without_a_way_is_not_made,
    ],
    names: [
        names_come_and_go,
        a_file_has_two_names,
        a_directory_is_listed_in_pieces,
        names_change_places,
        a_working_directory_changes,
        a_root_changes,
    ],
    descriptors: [
        descriptors_are_doubled,
        ranges_are_locked: ENOLCK,
        who_waits_for_a_lock_gets_it: ENOLCK,
        a_description_is_locked: ENOLCK,
        a_named_pipe_joins_two,
    ],
    pipe: [
        bytes_go_through,
        a_child_writes_more_than_there_is_room_for,
        a_pipe_is_filled_and_emptied,
    ],
    socket: [
        a_stream_carries_bytes: ENOBUFS,
        messages_keep_their_bounds: ENOBUFS,
        a_server_accepts_who_connects: ENOBUFS | EPIPE | ECONNRESET,
        a_server_with_a_file_accepts_who_connects: ENOBUFS | EPIPE | ECONNRESET,
        datagrams_go_to_names: ENOBUFS,
        several_messages_go_together: ENOBUFS,
        descriptors_go_along: ENOBUFS | EMFILE,
        sockets_travel_in_sockets: ENOBUFS,
        a_partner_is_known: ENOBUFS,
    ],
    events: [
        an_instance_watches_several,
        instances_watch_instances,
        descriptors_are_polled,
        descriptors_are_selected,
        an_event_is_counted,
    ],
    fork: [
        a_child_writes_its_copy,
        children_have_children,
        several_children_come_and_go,
        an_end_is_told_in_every_way,
        a_child_borrows_memory,
    ],
    thread: [
        threads_come_and_go,
        threads_wait_for_each_other,
        who_waits_at_one_word_goes_on_at_another,
        a_wait_ends_in_time,
        a_thread_of_the_library_runs,
        a_thread_is_made_by_clone3,
    ],
    exec: [
        a_program_runs,
        a_program_with_libraries_runs,
        a_program_opens_a_library,
        a_script_runs,
        many_arguments_arrive,
        what_is_no_program_is_refused,
        a_program_ends_other_threads,
    ],
    signals: [
        handlers_run,
        a_handler_has_a_stack_of_its_own,
        signals_queue: EAGAIN,
        signals_are_read: EAGAIN,
        a_mask_is_changed_for_a_wait,
        a_child_stops_and_goes_on,
        the_end_of_a_child_is_signalled,
    ],
    timers: [
        a_timer_sends_its_signal: EAGAIN,
        an_interval_timer_rings,
        a_timer_is_read,
        clocks_are_read_and_slept_by,
        the_machine_is_described,
    ],
    process: [
        users_change,
        sessions_and_groups_begin,
        limits_are_kept,
        who_runs_when_is_told_and_changed,
        a_thread_area_is_set,
        memory_of_a_child_is_read_and_written,
    ],
    tracing: [
        calls_of_a_child_are_watched,
        a_program_is_started_to_be_watched,
    ],
    statistics: [
        a_process_looks_at_itself,
        the_machine_is_looked_at,
    ],
    messages: [
        words_go_and_come_back: EIO | EOWNERDEAD,
        memory_is_lent: EIO | EOWNERDEAD,
        handles_travel: EIO | EOWNERDEAD | EINVAL | ENOMSG,
        bits_arrive: EIO | EOWNERDEAD,
        a_server_that_ends_leaves_its_callers: EIO | EOWNERDEAD,
        a_port_is_made_and_badged,
    ],
}

scenarios! {
    /// Work that servers do.
    OF_SERVERS, calls_servers: true, for_driver: false,
    service: [
        a_service_is_found_and_asked: ENOMSG | EIO | EOWNERDEAD,
        the_next_server_answers: ENOMSG | EIO | EOWNERDEAD,
    ],
    served: [
        a_file_is_read: EIO,
        long_transfers_come_in_pieces: EIO,
        a_directory_is_listed: EIO,
        a_server_dies_over_a_read: EIO,
        a_tree_is_mounted: EIO,
        a_detached_tree_goes_with_its_last_user: EIO,
    ],
    proc_files: [
        a_process_reads_of_itself: EIO,
        links_lead_to_what_a_process_has: EIO,
        processes_are_listed: EIO,
        the_machine_is_described: EIO,
    ],
}

scenarios! {
    /// Work that a driver does, of whose notifications and interrupts each is lost, late, or comes twice.
    OF_DRIVERS, calls_servers: true, for_driver: true,
    console: [
        text_is_written,
    ],
}

/// One that goes wrong, which has to be asked for by its whole name.
pub fn on_purpose(name: &[u8]) -> Option<&'static Scenario> {
    ON_PURPOSE.iter().find(|scenario| scenario.name.as_bytes() == name)
}

scenarios! {
    /// Work that goes wrong, to see what is made of that.
    ON_PURPOSE, calls_servers: false, for_driver: false,
    wrong: [
        one_of_two_is_enough,
    ],
}

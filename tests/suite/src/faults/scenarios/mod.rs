//! The work that faults happen to.

mod exec;
mod file;
mod fork;
mod memory;
mod pipe;

use super::Scenario;

/// Lists the scenarios as `module: [function, …]`; behind a colon, errors it may meet besides those
/// of the failpoints.
macro_rules! scenarios {
    ($( $module:ident: [ $( $name:ident $(: $($errno:ident)|+ )? ),* $(,)? ], )*) => {
        /// All of them.
        pub const SCENARIOS: &[Scenario] = &[
            $( $( Scenario {
                name: concat!(stringify!($module), "::", stringify!($name)),
                run: $module::$name,
                also: &[$( $( sys::Errno::$errno ),+ )?],
            }, )* )*
        ];
    };
}

scenarios! {
    memory: [
        pages_are_touched,
        a_mapping_is_cut_and_changed,
        a_mapping_moves,
        a_file_is_mapped,
        shared_memory_passes_a_fork,
    ],
    file: [
        a_file_is_written_and_read,
        names_come_and_go,
        a_file_is_found_by_a_long_way,
    ],
    pipe: [
        bytes_go_through,
    ],
    fork: [
        a_child_writes_its_copy,
    ],
    exec: [
        a_program_runs,
        a_program_with_libraries_runs,
    ],
}

//! What the kernel tells of the machine and of processes. What the calls mean is said in
//! `abi::syscall::statistics`.

mod entries;
mod machine;
mod memory;
mod process;
pub(super) mod target;

pub use machine::{
    command_line, kmap_slots, machine_statistics, memory_statistics, mounts, vmalloc_areas,
};
pub use memory::{area_usage, areas, page_words, process_memory, table_ranges};
pub use process::{descriptors, process_details, process_path, threads};
pub use target::statistics_create;

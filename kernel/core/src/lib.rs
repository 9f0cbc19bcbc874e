//! Every algorithm of the kernel: safe, without statics, clocks or I/O, and so tested on the host.
//!
//! - Decisions are returned; the kernel performs them.
//! - An edit reserves what it needs first, then commits and cannot fail.
//! - Widths are fixed: the host has 64 bits, the target 32.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod addr;
pub mod alarms;
pub mod anon_mm;
pub mod arena;
pub mod avl;
pub mod bitmap;
pub mod bootmem;
pub mod buddy;
pub mod chunk_table;
pub mod clock;
pub mod cmdline;
pub mod cpio;
pub mod cpu_clock;
pub mod credentials;
pub mod elf_image;
pub mod endpoint;
pub mod epoll;
pub mod event_count;
pub mod exception;
pub mod exec_stack;
pub mod failpoint;
pub mod family;
pub mod fault;
pub mod fd_table;
pub mod file_lock;
pub mod futex;
pub mod handles;
pub mod index_list;
pub mod interval;
pub mod kmap_slots;
pub mod layout;
pub mod lease;
pub mod load_average;
pub mod memory_call;
pub mod memory_map;
pub mod multiboot;
pub mod node_tree;
pub mod notification;
pub mod page;
pub mod page_index;
pub mod page_lists;
pub mod paging;
pub mod path;
pub mod pid_map;
pub mod pipe_ring;
pub mod random;
pub mod readahead;
pub mod resource_limit;
pub mod reverse_map;
pub mod run_queue;
pub mod script;
pub mod signal;
pub mod slab;
pub mod socket;
pub mod stream_ring;
pub mod time_page;
pub mod time_value;
pub mod timer_queue;
pub mod tls;
pub mod user_account;
pub mod vma;
pub mod window;
pub mod zone;

//! Memory, from frames up.

pub mod access;
pub mod advise;
pub mod bootmem;
pub mod brk;
pub mod direct_map;
mod exit;
mod fallocate;
pub mod fault;
mod filemap;
pub mod fork;
pub mod frames;
pub mod heap;
pub mod kmap;
#[cfg(feature = "ktest")]
pub mod ktest;
pub mod layout;
pub mod loader;
pub mod lock;
pub mod map;
pub mod object;
pub mod observe;
pub mod page;
#[cfg(feature = "faults")]
mod poke;
mod populate;
pub mod protect;
#[cfg(feature = "ktest")]
pub mod races_ktest;
pub mod remap;
pub mod remote;
pub mod rmap;
#[cfg(feature = "ktest")]
pub mod shortage_ktest;
pub mod space;
pub mod statistics;
mod table_cache;
pub mod tables;
pub mod unmap;
pub mod user;
pub mod vdso;
pub mod vmalloc;
pub mod zero_page;

//! Memory, from frames up.

pub mod bootmem;
pub mod direct_map;
pub mod frames;
pub mod heap;
pub mod kmap;
pub mod loader;
pub mod page;
pub mod tables;
pub mod user;
pub mod vmalloc;

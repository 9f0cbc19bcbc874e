//! i386: descriptor tables, traps, page-table format, user access, and the PC's basic devices.

#[cfg(feature = "faults")]
pub mod aside;
pub mod boot;
pub mod context;
pub mod control;
pub mod debug_exit;
pub mod entry;
pub mod extable;
pub mod features;
pub mod fpu;
pub mod gdt;
pub mod idt;
pub mod interrupts;
pub mod io_port;
#[cfg(feature = "ktest")]
pub mod ktest;
pub mod paging;
pub mod patch;
pub mod pic;
pub mod pit;
pub mod rtc;
pub mod serial;
pub mod string;
pub mod tlb;
pub mod uaccess;
pub mod vga_text;

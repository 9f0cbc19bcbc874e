//! `free`: how much memory there is, low and high, and what holds it. From `/proc/meminfo`, in KiB.

#![no_std]
#![no_main]

use figures::Table;
use sys::{eprintln, file, println};

sys::entry!(main);

/// What is shown of those that hold memory, and their names there.
const HOLDERS: [(&str, &str); 6] = [
    ("anonymous", "AnonPages"),
    ("files", "Cached"),
    ("shared", "Shmem"),
    ("heap", "Slab"),
    ("stacks", "KernelStack"),
    ("page tables", "PageTables"),
];

fn main() -> i32 {
    let text = match file::read("/proc/meminfo") {
        Ok(text) => text,
        Err(error) => {
            eprintln!("free: /proc/meminfo: {error}");
            return 1;
        }
    };
    let table = Table::new(&text);
    println!("KiB           total       used       free");
    for (name, label) in [("low", "Low"), ("high", "High"), ("all", "Mem")] {
        let (total, free) = match label {
            "Low" => (table.get("LowTotal"), table.get("LowFree")),
            "High" => (table.get("HighTotal"), table.get("HighFree")),
            _ => (table.get("MemTotal"), table.get("MemFree")),
        };
        if total != 0 {
            println!("{name:<8}{total:>11}{:>11}{free:>11}", total.saturating_sub(free));
        }
    }
    println!();
    for (name, label) in HOLDERS {
        println!("{name:<12}{:>23}", table.get(label));
    }
    println!("{:<12}{:>23}", "promised", table.get("Committed_AS"));
    0
}

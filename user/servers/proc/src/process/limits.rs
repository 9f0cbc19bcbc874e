//! `limits`: resource limits as a table.

use super::Subject;
use crate::text::{Text, add};
use sys::Result;

/// Names and units, by `RLIMIT_*`.
const ROWS: [(&str, &str); 16] = [
    ("Max cpu time", "seconds"),
    ("Max file size", "bytes"),
    ("Max data size", "bytes"),
    ("Max stack size", "bytes"),
    ("Max core file size", "bytes"),
    ("Max resident set", "bytes"),
    ("Max processes", "processes"),
    ("Max open files", "files"),
    ("Max locked memory", "bytes"),
    ("Max address space", "bytes"),
    ("Max file locks", "locks"),
    ("Max pending signals", "signals"),
    ("Max msgqueue size", "bytes"),
    ("Max nice priority", ""),
    ("Max realtime priority", ""),
    ("Max realtime timeout", "us"),
];

/// Writes the table.
pub fn limits(of: &Subject<'_>, text: &mut Text) -> Result<()> {
    let process = of.details()?;
    add!(text, "{:<25} {:<20} {:<20} {:<10}\n", "Limit", "Soft Limit", "Hard Limit", "Units");
    for ((name, unit), limit) in ROWS.into_iter().zip(process.limits) {
        add!(text, "{name:<25} ");
        for value in [limit.current, limit.maximum] {
            if value == u64::MAX {
                add!(text, "{:<20} ", "unlimited");
            } else {
                add!(text, "{value:<20} ");
            }
        }
        if unit.is_empty() {
            text.add_bytes(b"\n");
        } else {
            add!(text, "{unit:<10}\n");
        }
    }
    Ok(())
}

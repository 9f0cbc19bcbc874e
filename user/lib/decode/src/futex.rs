//! What `futex` takes depends on the operation.

use crate::number::Format;
use abi::process::{
    FUTEX_CLOCK_REALTIME, FUTEX_CMP_REQUEUE, FUTEX_PRIVATE_FLAG, FUTEX_REQUEUE, FUTEX_WAIT,
    FUTEX_WAIT_BITSET, FUTEX_WAKE, FUTEX_WAKE_BITSET,
};

fn command(operation: u32) -> u32 {
    operation & !(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME)
}

fn is_futex(call: &str) -> bool {
    matches!(call, "futex" | "futex_time64")
}

/// Whether the kernel does not look at an argument.
pub fn is_left_out(call: &str, argument: &str, operation: u32) -> bool {
    let command = command(operation);
    let takes = match command {
        FUTEX_WAIT => &["timeout"][..],
        FUTEX_WAKE => &[],
        FUTEX_WAIT_BITSET => &["timeout", "value3"],
        FUTEX_WAKE_BITSET => &["value3"],
        FUTEX_REQUEUE => &["timeout", "word2"],
        _ => return false,
    };
    is_futex(call)
        && matches!(argument, "timeout" | "word2" | "value3")
        && !takes.contains(&argument)
}

/// What an argument is that is not what the table says.
pub fn format(call: &str, argument: &str, operation: u32) -> Option<Format> {
    match (argument, command(operation)) {
        _ if !is_futex(call) => None,
        // How many are moved.
        ("timeout", FUTEX_REQUEUE | FUTEX_CMP_REQUEUE) => Some(Format::Decimal),
        // A mask.
        ("value3", FUTEX_WAIT_BITSET | FUTEX_WAKE_BITSET) => Some(Format::Hexadecimal),
        _ => None,
    }
}

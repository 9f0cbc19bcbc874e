//! What the kernel says of memory that it divides, or that it cannot use.

use crate::Outcome;
use crate::guest::Setup;
use abi::frame::Exit;
use xtask::machine::Split;

pub fn low_memory_ends_where_the_windows_begin(setup: &Setup) -> Outcome {
    // 896, 1920 or 2944 MiB, less the hole below 1 MiB; at the top the firmware keeps some.
    let parts = match setup.machine.layout.split {
        Split::ThreeOne => "895 MiB low, 2175 MiB high",
        Split::TwoTwo => "1919 MiB low, 1151 MiB high",
        Split::OneThree => "2943 MiB low, 127 MiB high",
    };
    announces(setup, 3 << 30, parts)
}

pub fn memory_that_the_tables_cannot_reach_is_announced(setup: &Setup) -> Outcome {
    let text = match setup.machine.layout.pae {
        true => "5119 MiB of memory",
        false => "2048 MiB of memory lie above 4 GiB, which two-level tables cannot reach",
    };
    announces(setup, 5 << 30, text)
}

fn announces(setup: &Setup, memory: u64, text: &str) -> Outcome {
    let mut guest = setup.program(&["/bin/hello"])?;
    guest.machine.memory = memory;
    let ended = guest.run()?;
    ended.expect_exit(Exit::Exited(0))?;
    ended.expect_said(&[text])
}

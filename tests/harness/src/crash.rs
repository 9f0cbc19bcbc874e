//! Kernels that break their own rules: the report has to say what and where.

use crate::Outcome;
use crate::guest::Setup;
use std::time::Duration;
use xtask::session::End;

/// Boots a kernel that crashes like this, and looks for these texts in the report.
fn crashes(setup: &Setup, how: &str, texts: &[&str]) -> Outcome {
    let ended = setup.crash(how)?.run()?;
    ended.expect_panic().map_err(|why| format!("{how}: {why}"))?;
    ended.expect_said(&["PANIC: ", "  cpu 0, task ", "  at 0x", "PANIC END"])?;
    ended.expect_said(texts).map_err(|why| format!("{how}: {why}"))
}

pub fn a_kernel_stack_overflow_is_a_double_fault(setup: &Setup) -> Outcome {
    let text = "double fault: the kernel stack ran into its guard page";
    crashes(setup, "stack", &[text, "overflow_on_purpose", "kernel/src/crash.rs:"])
}

pub fn a_panic_says_where_and_who_called(setup: &Setup) -> Outcome {
    let texts = [
        "on purpose, number 42",
        "panicked at kernel/src/crash.rs:",
        "panic_on_purpose at kernel/src/crash.rs:",
        "crash::crash",
        "first_task",
    ];
    crashes(setup, "panic", &texts)
}

/// The report takes the locks again that the kernel held.
pub fn a_panic_in_the_log_is_told_too(setup: &Setup) -> Outcome {
    crashes(setup, "log", &["on purpose, number 7", "panic_on_purpose at kernel/src/crash.rs:"])
}

pub fn a_null_pointer_is_a_page_fault(setup: &Setup) -> Outcome {
    let texts = ["page fault in the kernel", "cr2 0x00000008", "read_on_purpose"];
    crashes(setup, "null", &texts)
}

pub fn kernel_text_and_constants_are_read_only(setup: &Setup) -> Outcome {
    for how in ["text", "rodata"] {
        crashes(setup, how, &["page fault in the kernel", "write_on_purpose"])?;
    }
    Ok(())
}

/// Only PAE has the bit.
pub fn kernel_data_does_not_execute(setup: &Setup) -> Outcome {
    if setup.machine.layout.pae && !setup.machine.cpu.contains("nx=off") {
        return crashes(setup, "data", &["page fault in the kernel", "execute_data_on_purpose"]);
    }
    let ended = setup.crash("data")?.run()?;
    ended.expect(End::Stopped)?;
    ended.expect_said(&["crash=data: nothing happened"])
}

/// Linux needs CONFIG_SLUB_DEBUG for that.
pub fn memory_that_is_used_after_it_was_freed_is_noticed(setup: &Setup) -> Outcome {
    let texts = ["were written to after they were freed", "write_to_freed_on_purpose"];
    crashes(setup, "freed", &texts)
}

pub fn exceptions_of_the_kernel_are_fatal(setup: &Setup) -> Outcome {
    for (how, vector) in [("divide", "vector: 0x0"), ("invalid", "vector: 0x6")] {
        crashes(setup, how, &["trap in the kernel", vector, "crash::crash"])?;
    }
    Ok(())
}

pub fn a_kernel_that_hangs_is_ended(setup: &Setup) -> Outcome {
    let mut guest = setup.crash("hang")?;
    guest.timeout = Duration::from_secs(5);
    guest.run()?.expect(End::TimedOut)
}

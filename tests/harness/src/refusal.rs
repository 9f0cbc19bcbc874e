//! Machines that an image cannot use: it says so, and what helps.

use crate::Outcome;
use crate::guest::Setup;
use abi::frame::Exit;
use xtask::session::End;

pub fn an_image_refuses_a_processor_it_cannot_use(setup: &Setup) -> Outcome {
    let (cpu, cure) = match setup.machine.layout.pae {
        true => ("max,pae=off", "folio: this CPU has no PAE; run with --no-pae, or with --cpu max"),
        false => ("486", "folio: this CPU has no CPUID, TSC or CMPXCHG8B; run with --cpu pentium"),
    };
    let mut guest = setup.program(&["/bin/hello"])?;
    guest.machine.cpu = cpu.into();
    let ended = guest.run()?;
    ended.expect(End::Failed("Folio cannot run on this machine".into()))?;
    ended.expect_said(&[cure])?;
    ended.expect_output(b"")
}

pub fn user_programs_need_sse2(setup: &Setup) -> Outcome {
    let mut guest = setup.program(&["/bin/hello"])?;
    guest.machine.cpu = "max,sse2=off".into();
    let ended = guest.run()?;
    ended.expect_exit(Exit::Failed)?;
    ended.expect_said(&["this CPU lacks SSE2, which user programs need", "--cpu max"])
}

/// The archive fills the machine: the first program cannot be loaded.
pub fn too_little_memory_is_said(setup: &Setup) -> Outcome {
    let mut guest = setup.program(&["/bin/hello"])?;
    guest = guest.with_file("/data/big", 0o644, vec![1; 32 << 20])?;
    guest.machine.memory = 32 << 20;
    match guest.run() {
        Err(why) if why.contains("give --memory") => Ok(()),
        Err(why) => Err(why),
        Ok(ended) => Err(format!("it ran: {}", ended.report)),
    }
}

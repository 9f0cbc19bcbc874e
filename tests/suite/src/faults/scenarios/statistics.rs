//! What the kernel tells of processes.

use crate::fault::{PAGE, poke_word};
use crate::faults::{Outcome, whole};
use sys::abi::statistics::{AreaStatistics, ThreadStatistics};
use sys::memory::Mapping;
use sys::process;
use sys::statistics::{Asker, StatisticsRight};

pub fn a_process_looks_at_itself() -> Outcome {
    let (own, pid) = (Asker::OF_SELF, process::id());
    assert_eq!({ own.details(pid)?.pid }, pid);
    let mut threads = [ThreadStatistics::default(); 3];
    assert_eq!(own.threads(pid, 0, &mut threads)?, 1);
    let memory = Mapping::anonymous(4 * PAGE)?;
    poke_word(memory.address(), 7);
    let mut areas = [AreaStatistics::default(); 4];
    assert!(own.areas(pid, memory.address(), &mut areas)? >= 1);
    assert!({ areas[0].start } <= memory.address() && memory.address() < { areas[0].end });
    own.area_usage(pid, areas[0].start)?;
    let mut words = [0u64; 4];
    assert_eq!(own.page_words(pid, memory.address() / PAGE, &mut words)?, 4);
    assert!(words[0] != 0 && words[1] == 0);
    let mut bytes = [0; 4];
    let read = own.memory_of(pid, memory.address(), &mut bytes)?;
    assert_eq!(bytes[..read], [7, 0, 0, 0][..read]);
    whole(read, bytes.len())
}

pub fn the_machine_is_looked_at() -> Outcome {
    let right = StatisticsRight::new()?;
    let asker = right.asker();
    asker.machine()?;
    asker.memory()?;
    assert!(!asker.command_line()?.is_empty());
    let mut mounts = [Default::default(); 8];
    asker.mounts(0, &mut mounts)?;
    let mut areas = [Default::default(); 8];
    asker.vmalloc_areas(0, &mut areas)?;
    Ok(())
}

//! Second processes.

use crate::fault::{PAGE, peek_word, poke_word};
use crate::faults::{Outcome, ended_well, wait};
use sys::memory::Mapping;
use sys::process::{Fork, exit, fork};

pub fn a_child_writes_its_copy() -> Outcome {
    let memory = Mapping::anonymous(2 * PAGE)?;
    poke_word(memory.address(), 5);
    match fork()? {
        Fork::Parent(pid) => {
            let ended = wait(pid);
            assert_eq!(peek_word(memory.address()), 5);
            ended_well(ended?)
        }
        Fork::Child => {
            poke_word(memory.address(), 6);
            poke_word(memory.address() + PAGE, 7);
            exit(i32::from(peek_word(memory.address()) != 6))
        }
    }
}

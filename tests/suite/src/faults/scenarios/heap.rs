//! The heap and the stack.

use crate::fault::{PAGE, peek_word, poke_word};
use crate::faults::Outcome;
use sys::Errno;

/// The call never fails: it says where the end is.
fn set_break(wanted: u32) -> sys::Result<()> {
    match call!(brk(wanted))? {
        end if end == wanted => Ok(()),
        _ => Err(Errno::ENOMEM),
    }
}

pub fn the_heap_grows_and_shrinks() -> Outcome {
    let end = call!(brk(0))?;
    let ours = end.next_multiple_of(PAGE);
    set_break(ours + 6 * PAGE)?;
    (0..6).for_each(|page| poke_word(ours + page * PAGE, page));
    set_break(ours + PAGE)?;
    assert_eq!(peek_word(ours), 0);
    set_break(ours + 2 * PAGE)?;
    assert_eq!(peek_word(ours + PAGE), 0);
    set_break(end)?;
    Ok(())
}

pub fn the_stack_grows() -> Outcome {
    fn deep(left: u32) -> u32 {
        let page = core::hint::black_box([left; PAGE as usize / 4]);
        match left {
            0 => page[7],
            _ => deep(left - 1) + page[9],
        }
    }
    assert_eq!(deep(40), 40 * 41 / 2);
    Ok(())
}

use super::vga_text::{COLUMNS, Cells, ROWS, Screen};
use crate::ktest::{Outcome, check, tests};
use crate::nmi;
use alloc::vec::Vec;
use core::arch::asm;
use core::fmt::Write;
use core::ptr::NonNull;

tests![the_screen_shows_the_first_lines, an_interrupt_that_nothing_masks_passes];

fn the_screen_shows_the_first_lines() -> Outcome {
    // Cells around the screen, which it must not touch.
    const AROUND: u16 = 0x5aa5;
    const LEN: usize = COLUMNS * ROWS;
    let mut memory = Vec::new();
    check!(memory.try_reserve_exact(3 * LEN).is_ok());
    memory.resize(3 * LEN, AROUND);
    let Some(middle) = memory.get_mut(LEN..2 * LEN) else { return Err("no memory") };
    // SAFETY: valid until the end, and only the screen's until it was used for the last time.
    let mut screen = unsafe { Screen::on(NonNull::from(middle).cast::<Cells>()) };
    let mut wrote = write!(screen, "first\n{:>width$}é\x07", 'x', width = COLUMNS);
    for line in 2..ROWS + 5 {
        wrote = wrote.and(write!(screen, "\nline {line}"));
    }
    check!(wrote.is_ok());
    let (before, rest) = memory.split_at(LEN);
    let (shown, after) = rest.split_at(LEN);
    check!(before.iter().chain(after).all(|cell| *cell == AROUND));
    check!(shown.iter().all(|cell| cell >> 8 == 0x4f));
    let row = |row: usize| shown.chunks(COLUMNS).nth(row).unwrap_or_default();
    let says = |at: usize, text: &[u8]| {
        let (start, rest) = row(at).split_at(text.len());
        start.iter().map(|cell| *cell as u8).eq(text.iter().copied())
            && rest.iter().all(|cell| *cell as u8 == b' ')
    };
    check!(says(0, b"first"));
    check!(row(1).last().is_some_and(|cell| *cell as u8 == b'x'));
    check!(says(2, b"??"));
    check!(says(3, b"line 2"));
    check!(says(ROWS - 1, b"line 23"));
    Ok(())
}

fn an_interrupt_that_nothing_masks_passes() -> Outcome {
    let before = nmi::count();
    let (mut first, mut second) = (0x1234_5678_u32, 0x9abc_def0_u32);
    // SAFETY: the handler gives all registers back.
    unsafe { asm!("int 2", inout("eax") first, inout("ecx") second) };
    check!((first, second) == (0x1234_5678, 0x9abc_def0));
    check!(nmi::count() == before.wrapping_add(1));
    Ok(())
}

//! VGA's text screen, as the BIOS leaves it: for a person who looks at the machine and not at its
//! serial ports. A machine without such a card ignores what is written there.

use super::paging::PAGE_OFFSET;
use core::fmt;
use core::ptr::NonNull;
use volatile::VolatilePtr;

pub const COLUMNS: usize = 80;
pub const ROWS: usize = 25;

/// A character in the low byte, its colours in the high one.
pub type Cells = [u16; COLUMNS * ROWS];

/// Physical address of the cells. The direct map has them, in the hole below 1 MiB, and so have the
/// page tables of the start.
const CELLS: u32 = 0xb8000;
/// White on red.
const COLOURS: u16 = 0x4f00;

/// Text from the top left corner on. Long lines go on in the next; what has no room below is not
/// shown, as the first lines say most.
pub struct Screen {
    cells: VolatilePtr<'static, Cells>,
    /// The cell of the next character.
    next: usize,
}

impl Screen {
    /// The card's screen, cleared.
    ///
    /// # Safety
    /// Nobody else uses it.
    pub unsafe fn new() -> Option<Self> {
        let cells = NonNull::new((PAGE_OFFSET + CELLS) as *mut Cells)?;
        // SAFETY: mapped from the start on; the caller says the rest.
        Some(unsafe { Self::on(cells) })
    }

    /// # Safety
    /// `cells` is valid and nobody else's as long as this is used.
    pub unsafe fn on(cells: NonNull<Cells>) -> Self {
        // SAFETY: as the caller says.
        let screen = Self { cells: unsafe { VolatilePtr::new(cells) }, next: 0 };
        for at in 0..COLUMNS * ROWS {
            screen.set(at, b' ');
        }
        screen
    }

    /// Nothing beyond the end.
    fn set(&self, at: usize, character: u8) {
        if at < COLUMNS * ROWS {
            // SAFETY: the cell lies within the screen.
            let cell = unsafe { self.cells.map(|cells| cells.cast::<u16>().add(at)) };
            cell.write(COLOURS | u16::from(character));
        }
    }
}

impl fmt::Write for Screen {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            match character {
                '\n' => self.next = (self.next / COLUMNS + 1) * COLUMNS,
                ' '..='~' => {
                    self.set(self.next, character as u8);
                    self.next += 1;
                }
                _ => {
                    self.set(self.next, b'?');
                    self.next += 1;
                }
            }
        }
        Ok(())
    }
}

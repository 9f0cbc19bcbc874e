//! Bytes to the device.

use super::{LineDiscipline, is_control};
use crate::terminal::{OCRNL, ONLCR, ONLRET, ONOCR, OPOST, TABDLY, XTABS};

impl LineDiscipline<'_> {
    /// Hands what the device gets for a byte that a program wrote to `device`: at most
    /// [`expansion`](Self::expansion) bytes.
    #[inline]
    pub fn write(&mut self, byte: u8, device: &mut dyn FnMut(u8)) {
        self.put(byte, device);
    }

    /// The most bytes that a written byte becomes.
    pub const fn expansion(&self, byte: u8) -> usize {
        match byte {
            b'\n' => 2,
            b'\t' => 8,
            _ => 1,
        }
    }

    /// Output processing, also for what is echoed.
    pub(super) fn put(&mut self, byte: u8, device: &mut dyn FnMut(u8)) {
        if !self.output(OPOST) {
            device(byte);
            return;
        }
        match byte {
            b'\n' => {
                if self.output(ONLRET) {
                    self.column = 0;
                }
                if self.output(ONLCR) {
                    self.column = 0;
                    device(b'\r');
                }
                self.line_column = self.column;
            }
            b'\r' => {
                if self.output(ONOCR) && self.column == 0 {
                    return;
                }
                if self.output(OCRNL) {
                    if self.output(ONLRET) {
                        (self.column, self.line_column) = (0, 0);
                    }
                    device(b'\n');
                    return;
                }
                (self.column, self.line_column) = (0, 0);
            }
            b'\t' => {
                let spaces = 8 - (self.column & 7);
                self.column = self.column.wrapping_add(spaces);
                if self.termios.oflag & TABDLY == XTABS {
                    (0..spaces).for_each(|_| device(b' '));
                    return;
                }
            }
            8 => self.column = self.column.saturating_sub(1),
            _ if !is_control(byte) && !self.is_continuation(byte) => {
                self.column = self.column.wrapping_add(1);
            }
            _ => {}
        }
        device(byte);
    }

    const fn output(&self, output_flag: u32) -> bool {
        self.termios.oflag & output_flag != 0
    }
}

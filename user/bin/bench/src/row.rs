//! One line of the table.

use crate::meter::{Figures, Meter};
use sys::Result;

/// A measurement.
pub struct Row {
    /// As in the output.
    pub name: &'static str,
    /// Does it, and tells the meter.
    pub run: fn(&mut Meter) -> Result<()>,
}

impl Row {
    /// Once to warm up caches and free lists, then for the record.
    pub fn measure(&self, marked: bool) -> Result<Figures> {
        (self.run)(&mut Meter::warm_up(marked))?;
        let mut meter = Meter::new(marked);
        (self.run)(&mut meter)?;
        Ok(meter.figures())
    }
}

//! What can be wrong with an object.

use core::fmt;

/// Why an object cannot be used: its file is damaged, cut off, or asks for what there is not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Defect(pub &'static str);

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

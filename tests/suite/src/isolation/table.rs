//! One attack after the other.

use super::attacker::carry_out;
use super::end::End;
use alloc::string::String;
use core::fmt::Write;
use sys::println;

/// The rows of a family.
#[derive(Default)]
pub struct Table {
    rows: u32,
    failed: String,
}

impl Table {
    /// Carries out an attack in a child, which `defence` has to bring to this end.
    pub fn row(&mut self, attack: &str, defence: &str, must: End, run: impl FnOnce() -> End) {
        self.any_of(attack, defence, &[must], run);
    }

    /// The same where more than one end will do.
    pub fn any_of(&mut self, attack: &str, defence: &str, ends: &[End], run: impl FnOnce() -> End) {
        let end = carry_out(run);
        self.rows += 1;
        println!("#   {attack}: {end} [{defence}]");
        if !ends.contains(&end) {
            let _ = write!(self.failed, "{attack}: {end}, not {}; ", ends[0]);
        }
    }

    /// Says that nothing stops an attack here, and why.
    pub fn not_defended(&mut self, attack: &str, why: &str) {
        self.rows += 1;
        println!("#   {attack}: not defended [{why}]");
    }

    /// Says that an attack cannot be tried on this machine, and why.
    pub fn not_tried(&mut self, attack: &str, why: &str) {
        println!("#   {attack}: not tried [{why}]");
    }

    /// Fails the test if an attack ended otherwise than it must.
    pub fn finish(self) {
        assert!(self.rows > 0, "no attacks");
        assert!(self.failed.is_empty(), "{}", self.failed);
    }
}

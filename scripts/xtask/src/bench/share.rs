//! How much of a measurement is the kernel's: a plugin of QEMU counts every instruction between the
//! marks that the measuring program sets, above and below the border of user space.

use crate::build::images;
use crate::cargo;
use crate::stop::{Result, failed, io};
use crate::workspace;
use std::fs;
use std::path::PathBuf;

/// Where Debian's kernels begin, and Folio's with the split that is compared to them.
const BORDER: u32 = 0xc000_0000;

/// Instructions of one operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    pub kernel: f64,
    pub programs: f64,
}

/// The plugin at work: what QEMU has to be told, and where the counts go.
pub struct Counter {
    pub plugin: String,
    to: PathBuf,
}

impl Counter {
    /// Builds the plugin for a program with marks at these addresses.
    pub fn new([begin, end]: [u32; 2]) -> Result<Self> {
        let mut command = cargo::command("cargo");
        command.args(["build", "--quiet", "--release", "--package", "tcg-count"]);
        command.arg("--target-dir").arg(workspace::target());
        cargo::build(command, "the counting plugin", false)?;
        let library = workspace::target().join("release/libtcg_count.so");
        let to = images()?.join(format!("counts-{}", std::process::id()));
        let plugin = format!(
            "{},border={BORDER:#x},begin={begin:#x},end={end:#x},to={}",
            library.display(),
            to.display()
        );
        Ok(Self { plugin, to })
    }

    /// What has been counted since the last time, if one operation takes `of_one` instructions.
    pub fn take(&self, of_one: f64) -> Result<Share> {
        let text = fs::read_to_string(&self.to).map_err(|error| io("read", &self.to, error))?;
        share(&text, of_one).ok_or_else(|| failed("the plugin has counted nothing"))
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        // It is not there if QEMU did not come so far.
        let _ = fs::remove_file(&self.to);
    }
}

fn share(text: &str, of_one: f64) -> Option<Share> {
    let counts = text.lines().filter_map(|line| {
        let (kernel, programs) = line.split_once(' ')?;
        Some((kernel.parse::<f64>().ok()?, programs.parse::<f64>().ok()?))
    });
    let (kernel, programs) = counts.fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    if kernel + programs == 0.0 {
        return None;
    }
    let operations = ((kernel + programs) / of_one.max(1.0)).round().max(1.0);
    Some(Share { kernel: kernel / operations, programs: programs / operations })
}

/// How much of what Linux's kernel takes a measurement may take of ours, where an aim is set.
fn limit(row: &str) -> Option<f64> {
    (row == "dash_true").then_some(0.5)
}

/// What is said of a limit, and whether it is kept; `None` without one.
pub fn verdict(row: &str, own: Share, peer: Option<Share>) -> Option<(String, bool)> {
    let (limit, peer) = limit(row).zip(peer)?;
    let is_kept = own.kernel <= peer.kernel * limit;
    let sign = if is_kept { "" } else { "! " };
    Some((format!("{sign}the kernel may take {limit} of what Linux takes"), is_kept))
}

/// A kernel's name and its share, the peer's behind.
pub fn table(row: &str, own: (&str, Share), peer: Option<(&str, Share)>) -> String {
    let mut text = format!("{row:<24}{:>12}", own.0);
    if let Some((name, _)) = peer {
        text.push_str(&format!("{name:>12}{:>7}", "ratio"));
    }
    for (what, kernel, programs) in
        [("  the kernel", 1.0, 0.0), ("  programs", 0.0, 1.0), ("  together", 1.0, 1.0)]
    {
        let value = |share: Share| share.kernel * kernel + share.programs * programs;
        text.push_str(&format!("\n{what:<24}{:>12.0}", value(own.1)));
        if let Some((_, share)) = peer {
            text.push_str(&format!("{:>12.0}{:>7.2}", value(share), value(own.1) / value(share)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_shared_among_the_operations() {
        let share = share("300 1000\n100 1000\n", 1199.0).unwrap();
        assert_eq!(share, Share { kernel: 200.0, programs: 1000.0 });
        assert_eq!(super::share("", 5.0), None);
    }

    #[test]
    fn more_than_half_of_linux_is_too_much() {
        let share = |kernel| Share { kernel, programs: 1000.0 };
        let is_kept = |row, own| verdict(row, share(own), Some(share(100.0))).map(|it| it.1);
        assert_eq!(is_kept("dash_true", 50.0), Some(true));
        assert_eq!(is_kept("dash_true", 51.0), Some(false));
        assert_eq!(is_kept("shared_demo", 51.0), None);
        assert_eq!(verdict("dash_true", share(1.0), None), None);
    }

    #[test]
    fn a_table_has_the_ratios() {
        let share = |kernel| Share { kernel, programs: 100.0 };
        let text = table("x", ("pae-3g", share(40.0)), Some(("686-pae", share(100.0))));
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[1].ends_with("100   0.40") && lines[3].ends_with("200   0.70"), "{text}");
    }
}

//! What failpoints cost where nothing fails: the same rows on two images.

use super::figures::Figure;
use std::fmt::Write;

/// A row may take so many instructions more, or a hundredth, whichever is more.
const FREE: f64 = 5.0;
const SHARE: f64 = 0.01;

/// The rows of a plain image and of one with failpoints, and how many became too dear.
pub fn growth(layout: &str, plain: &[Figure], faults: &[Figure]) -> (String, usize) {
    let mut text = format!("{layout:<24}{:>12}{:>12}{:>10}\n", "plain", "failpoints", "growth");
    let mut too_dear = 0;
    for figure in plain {
        let other = faults.iter().find(|other| other.name == figure.name);
        let (Ok(before), Some(Ok(after))) =
            (&figure.measured, other.map(|other| other.measured.as_ref()))
        else {
            too_dear += 1;
            let _ = writeln!(text, "{:<24} failed !", figure.name);
            continue;
        };
        let (before, after) = (before.instructions, after.instructions);
        let is_too_dear = after - before > FREE.max(before * SHARE);
        too_dear += usize::from(is_too_dear);
        let mark = if is_too_dear { " !" } else { "" };
        let (name, grown) = (&figure.name, after - before);
        let _ = writeln!(text, "{name:<24}{before:>12.1}{after:>12.1}{grown:>+10.1}{mark}");
    }
    (text, too_dear)
}

#[cfg(test)]
mod tests {
    use super::super::figures::parse;
    use super::*;

    #[test]
    fn five_instructions_or_a_hundredth_are_free() {
        let plain = parse("a 100.0 -\nb 100.0 -\nc 1000.0 -\nd 1000.0 -\ne 1.0 -\nf failed: x");
        let faults = parse("a 105.0 -\nb 105.5 -\nc 1010.0 -\nd 1010.5 -\nf 1.0 -");
        let (text, too_dear) = growth("pae-3g", &plain, &faults);
        let marked: Vec<&str> = text.lines().filter(|line| line.ends_with('!')).collect();
        assert_eq!(marked.iter().map(|line| &line[..1]).collect::<String>(), "bdef");
        assert_eq!(too_dear, 4);
        assert!(text.contains("      +5.5 !"), "{text}");
    }
}

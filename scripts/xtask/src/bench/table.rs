//! Figures of several systems side by side.

use super::aims::{aim, is_promised};
use super::figures::{Figure, Measured};
use super::linux::linux as recorded;
use std::fmt::Write;

/// One kernel image and, if there is one, the peer it is measured against.
pub struct Column {
    pub name: String,
    pub pae: bool,
    pub figures: Vec<Figure>,
    pub peer: Option<Peer>,
}

/// A Linux kernel's figures.
pub struct Peer {
    pub name: String,
    pub figures: Vec<Figure>,
}

/// Figures above their aim.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Above {
    pub all: usize,
    /// Of these, those whose aim is promised.
    pub promised: usize,
}

/// The table, and how many figures are above their aim.
pub fn table(columns: &[Column]) -> (String, Above) {
    let mut lines = vec![heading(columns)];
    let mut above = Above::default();
    for name in names(columns) {
        let mut line = format!("{name:<24}");
        for column in columns {
            let own = find(&column.figures, name);
            let peer = column.peer.as_ref().map(|peer| find(&peer.figures, name));
            line.push_str(&cell(own, 12));
            if let Some(peer) = peer {
                line.push_str(&cell(peer, 12));
                line.push_str(&ratio(own, peer));
            }
            let linux = peer.and_then(measured).map(|linux| linux.instructions);
            let linux = linux.or_else(|| recorded(name, column.pae));
            let too_much = match (measured(own), aim(name, linux)) {
                (Some(own), Some(aim)) => own.instructions > aim,
                _ => false,
            };
            let is_broken = too_much && is_promised(name);
            above.all += usize::from(too_much);
            above.promised += usize::from(is_broken);
            line.push_str(match (too_much, is_broken) {
                (_, true) => "!!",
                (true, _) => " !",
                _ => "  ",
            });
        }
        if let Some(first) = columns.first() {
            line.push_str(&faults(find(&first.figures, name)));
            if let Some(peer) = &first.peer {
                line.push_str(&faults(find(&peer.figures, name)));
            }
        }
        lines.push(line.trim_end().to_owned());
    }
    let mut text = String::new();
    for line in lines {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{line}");
    }
    (text, above)
}

/// Every row any system has, in the order of the first that has it.
fn names(columns: &[Column]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for column in columns {
        let peer = column.peer.iter().flat_map(|peer| &peer.figures);
        for figure in column.figures.iter().chain(peer) {
            if !names.contains(&figure.name.as_str()) {
                names.push(&figure.name);
            }
        }
    }
    names
}

fn heading(columns: &[Column]) -> String {
    let mut line = format!("{:<24}", "instructions each");
    for column in columns {
        let _ = write!(line, "{:>12}", column.name);
        if let Some(peer) = &column.peer {
            let _ = write!(line, "{:>12}{:>7}", peer.name, "ratio");
        }
        line.push_str("  ");
    }
    if let Some(first) = columns.first() {
        let _ = write!(line, "{:>9}", "faults");
        if first.peer.is_some() {
            let _ = write!(line, "{:>9}", "Linux's");
        }
    }
    line
}

fn find<'a>(figures: &'a [Figure], name: &str) -> Option<&'a Figure> {
    figures.iter().find(|figure| figure.name == name)
}

fn measured(figure: Option<&Figure>) -> Option<Measured> {
    figure?.measured.as_ref().ok().copied()
}

fn cell(figure: Option<&Figure>, width: usize) -> String {
    let text = match figure.map(|figure| &figure.measured) {
        None => "-".to_owned(),
        Some(Err(why)) => why.split([' ', ':']).next().unwrap_or("failed").to_owned(),
        Some(Ok(measured)) => number(measured.instructions),
    };
    format!("{text:>width$}")
}

fn ratio(own: Option<&Figure>, peer: Option<&Figure>) -> String {
    let text = match (measured(own), measured(peer)) {
        (Some(own), Some(peer)) if peer.instructions > 0.0 => {
            format!("{:.2}", own.instructions / peer.instructions)
        }
        _ => "-".to_owned(),
    };
    format!("{text:>7}")
}

fn faults(figure: Option<&Figure>) -> String {
    let faults = measured(figure).and_then(|measured| measured.faults);
    format!("{:>9}", faults.map_or("-".to_owned(), |faults| format!("{faults:.3}")))
}

/// One decimal below 1,000, and groups of three digits from there on.
fn number(value: f64) -> String {
    if value < 1000.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::super::figures::parse;
    use super::*;

    #[test]
    fn rows_above_their_aim_are_marked_and_counted() {
        let columns = [Column {
            name: "pae-3g".into(),
            pae: true,
            figures: parse("syscall_getppid 113.0 0.000\nread_4k 1600.0 0.000\nipc_call 1201.0 -"),
            peer: Some(Peer {
                name: "686-pae".into(),
                figures: parse("syscall_getppid 336.0 0.000\nread_4k 2771.0 0.000"),
            }),
        }];
        let (text, above) = table(&columns);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(above, Above { all: 2, promised: 0 });
        assert!(lines[0].contains("pae-3g") && lines[0].contains("686-pae"));
        assert!(lines[1].contains(" 113.0 ") && lines[1].contains(" 0.34 !"), "{}", lines[1]);
        assert!(lines[2].contains(" 2,771 ") && !lines[2].contains('!'), "{}", lines[2]);
        assert!(lines[3].contains(" 1,201 ") && lines[3].contains('!'), "{}", lines[3]);
    }

    #[test]
    fn a_broken_promise_is_told_apart() {
        let column = |instructions: &str| Column {
            name: "x".into(),
            pae: false,
            figures: parse(&format!("sysenter_getppid {instructions} 0.000\nipc_call 1201.0 -")),
            peer: None,
        };
        let (text, above) = table(&[column("80.1")]);
        assert!(text.lines().nth(1).is_some_and(|line| line.contains("!!")), "{text}");
        assert_eq!(above, Above { all: 2, promised: 1 });
        assert_eq!(table(&[column("80.0")]).1, Above { all: 1, promised: 0 });
        assert_eq!(table(&[column("80.1"), column("81.0")]).1.promised, 2);
    }

    #[test]
    fn without_a_peer_the_recorded_figures_count() {
        let column = |pae| Column {
            name: "x".into(),
            pae,
            figures: parse("mprotect_alone 1000.0 0.000\nmprotect_split 1000.0 0.000"),
            peer: None,
        };
        let (text, above) = table(&[column(false)]);
        let lines: Vec<&str> = text.lines().collect();
        assert!(above.all == 1 && lines[1].contains(" !") && !lines[2].contains('!'), "{text}");
        assert_eq!(table(&[column(true)]).1, Above::default());
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(number(3.04), "3.0");
        assert_eq!(number(999.9), "999.9");
        assert_eq!(number(1000.4), "1,000");
        assert_eq!(number(5_418_532.0), "5,418,532");
    }

    #[test]
    fn a_row_that_failed_says_why() {
        let columns = [Column {
            name: "x".into(),
            pae: false,
            figures: parse("fork failed: ENOSYS (38)"),
            peer: None,
        }];
        let (text, above) = table(&columns);
        assert!(text.contains("ENOSYS") && above == Above::default());
    }
}

//! What a kernel's log tells of faults: when they are injected, if the plan is verbose, and in the report
//! of a panic.

use crate::symbols::return_address;

const INJECTED: &str = " fails, opportunity ";
const PANIC: &str = "PANIC: ";
const REPORTED: &str = "fault injected: ";

/// A fault that a log tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The failpoint's name.
    pub point: String,
    /// Where it is: `FILE:LINE`.
    pub place: String,
    pub opportunity: u32,
    /// The thread it happened to; 0 for an interrupt's.
    pub task: i32,
    /// Whether a server was at work.
    pub is_served: bool,
    /// Addresses of the kernel that led there, the innermost first.
    pub calls: Vec<u32>,
}

/// The faults that were told of as they happened.
pub fn injected(log: &[String]) -> Vec<Told> {
    // `[    0.123] failslab at kernel/src/mm/heap.rs:71 fails, opportunity 12, 7 suite`
    all(log, |line| {
        let (site, rest) = line.split_once(INJECTED)?;
        let (point, place) = site.rsplit_once(" at ")?;
        let point = point.rsplit(' ').next()?;
        let (opportunity, task) = rest.split_once(", ")?;
        let task = task.split(' ').next()?.parse().unwrap_or(0);
        Told::new(point, place, opportunity, task, false)
    })
}

/// What the kernel died of, if it did.
pub fn panic(log: &[String]) -> Option<&str> {
    log.iter().find_map(|line| Some(line.split_once(PANIC)?.1))
}

/// The faults before a panic.
pub fn before_panic(log: &[String]) -> Vec<Told> {
    let start = log.iter().position(|line| line.contains(PANIC)).unwrap_or(log.len());
    // `  fault injected: failslab at kernel/src/mm/heap.rs:71, opportunity 12, 3 ms ago, thread 7 as a server`
    all(&log[start..], |line| {
        let mut parts = line.split_once(REPORTED)?.1.split(", ");
        let (point, place) = parts.next()?.split_once(" at ")?;
        let opportunity = parts.next()?.strip_prefix("opportunity ")?;
        let who = parts.nth(1)?;
        let (task, is_served) = match who.strip_prefix("thread ") {
            Some(who) => (who.split(' ').next()?.parse().ok()?, who.ends_with(" as a server")),
            None => (0, false),
        };
        Told::new(point, place, opportunity, task, is_served)
    })
}

/// The faults that lines tell of, and the call paths behind those.
fn all(log: &[String], fault: impl Fn(&str) -> Option<Told>) -> Vec<Told> {
    let mut found: Vec<Told> = Vec::new();
    let mut is_path = false;
    for line in log {
        if let Some(told) = fault(line) {
            found.push(told);
            is_path = true;
        } else if let Some(call) = return_address(line).filter(|_| is_path) {
            found.last_mut().into_iter().for_each(|told| told.calls.push(call));
        } else {
            is_path = false;
        }
    }
    found
}

impl Told {
    fn new(
        point: &str,
        place: &str,
        opportunity: &str,
        task: i32,
        is_served: bool,
    ) -> Option<Self> {
        let (point, place) = (point.to_owned(), place.to_owned());
        let (opportunity, calls) = (opportunity.parse().ok()?, Vec::new());
        Some(Self { point, place, opportunity, task, is_served, calls })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    fn told(point: &str, place: &str, opportunity: u32, task: i32, is_served: bool) -> Told {
        let (point, place, calls) = (point.into(), place.into(), Vec::new());
        Told { point, place, opportunity, task, is_served, calls }
    }

    #[test]
    fn a_panic_tells_of_its_faults_alone() {
        let log = lines(
            "[    1.000]   fault injected: failslab at a.rs:7, opportunity 3, 0 ms ago, thread 2\n\
             [    2.000] other\n\
             PANIC: index out of bounds\n  cpu 0, task 9 suite\n  at 0xc0000001\n\
             \x20 fault injected: failslab at a.rs:7, opportunity 12, 3 ms ago, thread 4\n\
             \x20 at 0xc0000010\n  at 0xc0000020\n\
             \x20 fault injected: fail_irq_late at b.rs:8, opportunity 13, 0 ms ago, in an interrupt\n\
             \x20 fault injected: fail_message at c.rs:9, opportunity 14, 1 ms ago, thread 5 as a server\n\
             \x20 faults injected: 5 in all\n  at 0xc0000030\nPANIC END\n",
        );
        let slab = told("failslab", "a.rs:7", 12, 4, false);
        let slab = Told { calls: vec![0xc000_0010, 0xc000_0020], ..slab };
        let irq = told("fail_irq_late", "b.rs:8", 13, 0, false);
        let message = told("fail_message", "c.rs:9", 14, 5, true);
        assert_eq!(before_panic(&log), [slab, irq, message]);
        assert_eq!(panic(&log), Some("index out of bounds"));
        assert_eq!((before_panic(&log[..2]), panic(&log[..2])), (vec![], None));
    }

    #[test]
    fn faults_are_told_of_as_they_happen() {
        let log = lines(
            "[    1.000] failslab at a.rs:7 fails, opportunity 3, 12 suite\n\
             [    1.000]   at 0xc0000010\n[    1.001] other\n[    1.002]   at 0xc0000020\n\
             [    1.003] fail_page_high at b.rs:8 fails, opportunity 9, idle\n",
        );
        let slab = Told { calls: vec![0xc000_0010], ..told("failslab", "a.rs:7", 3, 12, false) };
        assert_eq!(injected(&log), [slab, told("fail_page_high", "b.rs:8", 9, 0, false)]);
        assert!(before_panic(&log).is_empty());
    }
}

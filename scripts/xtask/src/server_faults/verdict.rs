//! Whether servers come back as they have to.

use super::table::{Fault, Table};
use crate::report::Case;

/// Of the changes that a server died or hung of, this share of a hundred it has to recover from.
pub const FLOOR: f64 = 95.0;
/// Where a percentage means little, so many may be missing.
const FEW: usize = 1;

/// What is wrong with a server's faults at messages, each of `acts` being tried at one at least. The server
/// is a new one then, with nothing wrong in it: it has no excuse.
pub fn messages(table: &Table, server: &str, acts: &[&str]) -> Case {
    let name = format!("servers::messages::{server}");
    let is_here = |fault: &&Fault| fault.server == server && !fault.is_change();
    let faults = || table.faults().filter(is_here);
    if let Some(late) = faults().find(|fault| fault.is_late()) {
        let count = faults().filter(|fault| fault.is_late()).count();
        return Case::failed(name, format!("{count} were not recovered from in time: {late}"));
    }
    let is_met = |act: &str| faults().any(|fault| fault.kind == act && fault.is_fatal());
    match acts.iter().find(|act| !is_met(act)) {
        Some(act) => Case::failed(name, format!("at no message was a server {act}")),
        None => Case::passed(name),
    }
}

/// Whether a server recovers from what changes of its text and data do.
pub fn changes(table: &Table, server: &str) -> Case {
    let name = format!("servers::recover::{server}");
    let here = table.row(|fault| fault.server == server && fault.is_change());
    let (fatal, missing) = (here.fatal, here.fatal - here.recovered);
    let may_miss = FEW.max((fatal as f64 * (100.0 - FLOOR) / 100.0) as usize);
    match missing <= may_miss {
        true => Case::passed(name),
        false => Case::failed(name, format!("not from {missing} of {fatal} that were fatal")),
    }
}

/// The same for all servers together.
pub fn share(table: &Table) -> Case {
    match table.share() {
        share if share >= FLOOR => Case::passed("servers::recover"),
        share => Case::failed("servers::recover", format!("{share:.1} %, not {FLOOR} %")),
    }
}

/// Whether the only fault is one, and what it must not come to at a message.
pub fn single(table: &Table, filter: &str) -> Option<Case> {
    let Some(fault) = table.faults().next() else {
        return Some(Case::failed(filter, "there is no such fault"));
    };
    let is_wrong = !fault.is_change() && fault.is_late();
    is_wrong.then(|| Case::failed(filter, format!("not recovered from in time: {fault}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Verdict;

    const ACTS: [&str; 2] = ["receiving", "hanging"];

    fn table(lines: &[&str]) -> Table {
        let mut table = Table::default();
        lines.iter().for_each(|line| table.add(Fault::parse(line).unwrap()));
        table
    }

    fn why(case: Case) -> String {
        match case.verdict {
            Verdict::Failed(why) => why,
            _ => String::new(),
        }
    }

    #[test]
    fn whatever_happens_at_a_message_is_recovered_from_in_time() {
        let good = ["fault proc 1 receiving - died 1000", "fault proc 1 hanging - hung 900"];
        assert_eq!(why(messages(&table(&good), "proc", &ACTS)), "");
        for bad in ["fault proc 2 receiving - died lost", "fault proc 9 hanging - hung 1001"] {
            let table = table(&[good[0], good[1], bad]);
            assert!(why(messages(&table, "proc", &ACTS)).starts_with("1 were not"), "{bad}");
            // Another server's is not its own.
            let elsewhere = bad.replace("proc", "files");
            let table = self::table(&[good[0], good[1], &elsewhere]);
            assert_eq!(why(messages(&table, "proc", &ACTS)), "");
        }
    }

    #[test]
    fn each_act_meets_a_message() {
        let receiving = "fault proc 1 receiving - died 15";
        for too_little in [
            &[receiving][..],
            &[],
            &[receiving, "fault files 1 hanging - hung 900"],
            // Nobody noticed.
            &[receiving, "fault proc 1 hanging - none -"],
            &[receiving, "fault proc 1 hanging 0x08049000 hung 900"],
        ] {
            let why = why(messages(&table(too_little), "proc", &ACTS));
            assert!(why.contains("no message"), "{too_little:?}: {why}");
        }
    }

    #[test]
    fn the_floor_is_each_servers() {
        let changes = |recovered: usize, lost: usize| {
            let died = vec!["fault proc 1 source 0x08049000 died 15"; recovered];
            let lost = vec!["fault proc 1 source 0x08049000 died lost"; lost];
            let others = vec!["fault files 1 source 0x08049000 died 15"; 1000];
            why(super::changes(&table(&[died, lost, others].concat()), "proc"))
        };
        assert_eq!(changes(0, 0), "");
        assert_eq!(changes(3, 1), "");
        assert_eq!(changes(37, 2), "not from 2 of 39 that were fatal");
        assert_eq!(changes(38, 2), "");
        assert_eq!(changes(570, 30), "");
        assert_eq!(changes(569, 31), "not from 31 of 600 that were fatal");
        assert_eq!(why(share(&table(&["fault proc 1 data 0x0 died lost"]))), "0.0 %, not 95 %");
    }

    #[test]
    fn a_single_fault_is_one() {
        let name = "servers::proc:hanging:900";
        assert_eq!(single(&table(&[]), name).map(why).as_deref(), Some("there is no such fault"));
        let at_message = table(&["fault proc 900 hanging - hung lost"]);
        assert!(single(&at_message, name).is_some());
        for well in ["fault proc 9 hanging - hung 900", "fault proc 1 data 0x08060000 died lost"] {
            assert_eq!(single(&table(&[well]), name).map(why), None);
        }
    }
}

//! What calls cost, by call.

use crate::{outcome, table};
use abi::trace::Call;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

#[derive(Clone, Copy, Default)]
struct Cost {
    cycles: u64,
    calls: u64,
    errors: u64,
}

/// Calls counted by table and number.
#[derive(Default)]
pub struct Summary(BTreeMap<(u32, u32), Cost>);

impl Summary {
    /// A call is over.
    pub fn count(&mut self, call: &Call) {
        let cost = self.0.entry((call.table, call.number)).or_default();
        cost.cycles += call.cycles;
        cost.calls += 1;
        cost.errors += u64::from(outcome::is_error(call.result));
    }

    /// A table, the dearest first.
    pub fn table(&self) -> String {
        let mut rows: Vec<(&(u32, u32), &Cost)> = self.0.iter().collect();
        rows.sort_by_key(|(_, cost)| core::cmp::Reverse(cost.cycles));
        let mut all = Cost::default();
        for (_, cost) in &rows {
            all.cycles += cost.cycles;
            all.calls += cost.calls;
            all.errors += cost.errors;
        }
        let rule = "------ ------------ ------------ --------- --------- ----------------\n";
        let mut text =
            String::from("% cost       cycles  cycles/call     calls    errors syscall\n");
        text.push_str(rule);
        for ((vector, number), cost) in rows {
            row(cost, &all, &call_name(*vector, *number), &mut text);
        }
        text.push_str(rule);
        row(&all, &all, "total", &mut text);
        text
    }
}

fn call_name(vector: u32, number: u32) -> String {
    let prefix = if vector == table::FOLIO { "folio:" } else { "" };
    match table::name(vector, number) {
        Some(name) => alloc::format!("{prefix}{name}"),
        None => alloc::format!("{prefix}{number:#x}"),
    }
}

fn row(cost: &Cost, all: &Cost, name: &str, to: &mut String) {
    // In hundredths of a percent.
    let share = (cost.cycles * 10_000).checked_div(all.cycles).unwrap_or(0);
    let mean = cost.cycles.checked_div(cost.calls).unwrap_or(0);
    let errors = if cost.errors == 0 { String::new() } else { alloc::format!("{}", cost.errors) };
    let _ = writeln!(
        to,
        "{:3}.{:02} {:12} {:12} {:9} {:>9} {name}",
        share / 100,
        share % 100,
        cost.cycles,
        mean,
        cost.calls,
        errors
    );
}

//! Their part of the page.

use super::sums::{Campaign, Sums};
use crate::report::escape;
use std::fmt::Write;
use std::time::Duration;

/// Appends a table for each campaign, and the slowest recoveries.
pub fn page(sums: &Sums, page: &mut String) {
    if sums.campaigns.is_empty() {
        return;
    }
    page.push_str("<h2>Faults from outside</h2>\n");
    for (name, campaign) in &sums.campaigns {
        // Writing to a string cannot fail.
        let _ = writeln!(page, "<h3>{}</h3>", escape(name));
        outcomes(campaign, page);
        reasons(campaign, page);
    }
    slowest(sums, page);
}

fn outcomes(campaign: &Campaign, page: &mut String) {
    let has_recovered = campaign.rows.values().any(|row| row.recoveries != 0);
    page.push_str("<table><tr><th>of<th>faults");
    campaign.outcomes.iter().for_each(|outcome| _ = write!(page, "<th>{}", escape(outcome)));
    page.push_str(if has_recovered { "<th>recovered<th>slowest, ms" } else { "" });
    page.push_str("<th>again</tr>\n");
    for (kind, row) in &campaign.rows {
        let _ = write!(page, "<tr><td>{}<td>{}", escape(kind), row.all());
        for outcome in &campaign.outcomes {
            match row.counts.get(outcome) {
                None => page.push_str("<td>"),
                Some(count) => _ = write!(page, "<td>{count}"),
            }
        }
        match row.recoveries {
            0 if has_recovered => page.push_str("<td><td>"),
            0 => {}
            count => _ = write!(page, "<td>{count}<td>{}", milliseconds(row.slowest)),
        }
        let _ = writeln!(page, "<td>{}</tr>", command(&row.again));
    }
    page.push_str("</table>\n");
}

/// What noticed faults, or was wrong.
fn reasons(campaign: &Campaign, page: &mut String) {
    let reasons = campaign.reasons();
    if reasons.is_empty() {
        return;
    }
    page.push_str("<table><tr><th>outcome<th>by, or why<th>faults<th>again</tr>\n");
    for (outcome, why, reason) in reasons {
        let _ = writeln!(
            page,
            "<tr><td>{}<td>{}<td>{}<td>{}</tr>",
            escape(outcome),
            escape(why),
            reason.faults,
            command(&reason.again)
        );
    }
    page.push_str("</table>\n");
}

fn slowest(sums: &Sums, page: &mut String) {
    if sums.slowest.is_empty() {
        return;
    }
    page.push_str(
        "<h3>Slowest recoveries of servers</h3>\n<table><tr><th>of<th>ms<th>again</tr>\n",
    );
    for fault in &sums.slowest {
        let time = milliseconds(fault.recovery.unwrap_or_default());
        let (kind, again) = (escape(&fault.kind), command(&fault.again));
        let _ = writeln!(page, "<tr><td>{kind}<td>{time}<td>{again}</tr>");
    }
    page.push_str("</table>\n");
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1000.0)
}

fn command(again: &str) -> String {
    format!("<code>{}</code>", escape(again))
}

//! The page.

use super::sums::Sums;
use super::{Tally, outside};
use crate::report::escape;
use abi::failpoint::Failpoint;
use std::collections::BTreeSet;
use std::fmt::Write;

const STYLE: &str = "body{font:15px/1.4 sans-serif;margin:2em auto;max-width:70em;padding:0 1em}\
table{border-collapse:collapse;margin:1em 0}td,th{border:1px solid #bbb;padding:.2em .6em;\
text-align:right}td:first-child,th:first-child{text-align:left}.failed{background:#fbb}\
.never{background:#fe9}code{font-size:90%}";

/// `replay` is how a run is repeated.
pub fn page(
    summary: &str,
    sums: &Sums,
    outside: &outside::Sums,
    replay: impl Fn(&str) -> String,
) -> String {
    let again = |id: &str| match id {
        "" => String::new(),
        id => format!("<code>{}</code>", escape(&replay(id))),
    };
    let mut page = String::from("<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\">\n");
    // Writing to a string cannot fail.
    let _ = writeln!(page, "<title>Faults: {summary}</title><style>{STYLE}</style>");
    let _ = writeln!(page, "<h1>Faults</h1>\n<p>{summary}.</p>");
    failures(sums, &again, &mut page);
    if sums.all().all() != 0 {
        survival(sums, &again, &mut page);
        coverage(sums, &again, &mut page);
        slowest(sums, &again, &mut page);
    }
    outside::page(outside, &mut page);
    page.push_str("</html>\n");
    page
}

fn failures(sums: &Sums, again: &impl Fn(&str) -> String, page: &mut String) {
    if sums.failures.is_empty() {
        return;
    }
    page.push_str("<h2>What was wrong</h2>\n<table><tr><th>run<th>points<th>why<th>again");
    page.push_str("<th>the fewest that matter</tr>\n");
    for failure in &sums.failures {
        let _ = writeln!(
            page,
            "<tr class=failed><td>{}<td>{}<td>{}<td>{}<td>{}</tr>",
            escape(&failure.id),
            escape(&failure.points),
            escape(&failure.why),
            again(&failure.id),
            again(failure.fewest.as_deref().unwrap_or_default()),
        );
    }
    page.push_str("</table>\n");
}

/// What came of the faults of each kind in each scenario.
fn survival(sums: &Sums, again: &impl Fn(&str) -> String, page: &mut String) {
    let points = sums.by_point();
    page.push_str(
        "<h2>Survival</h2>\n<p>Done all the same / refused / failed. The command repeats",
    );
    page.push_str(" a run that failed, or else the slowest.</p>\n<table><tr><th>scenario");
    points.keys().for_each(|point| _ = write!(page, "<th>{}", escape(point)));
    page.push_str("<th>all<th>again</tr>\n");
    for (scenario, row) in &sums.scenarios {
        let _ = write!(page, "<tr><td>{}", escape(scenario));
        for point in points.keys() {
            tally(page, row.points.get(*point).copied().unwrap_or_default());
        }
        tally(page, row.all);
        let _ = writeln!(page, "<td>{}</tr>", again(&row.example.id));
    }
    page.push_str("<tr><th>all");
    points.values().for_each(|whole| tally(page, *whole));
    tally(page, sums.all());
    page.push_str("<td></tr></table>\n");
}

fn tally(page: &mut String, tally: Tally) {
    let Tally { done, refused, failed } = tally;
    let class = if failed != 0 { " class=failed" } else { "" };
    let _ = match tally.all() {
        0 => write!(page, "<td>"),
        _ => write!(page, "<td{class}>{done} / {refused} / {failed}"),
    };
}

/// Which failpoints were reached, and from how many places.
fn coverage(sums: &Sums, again: &impl Fn(&str) -> String, page: &mut String) {
    page.push_str("<h2>Call sites</h2>\n<table><tr><th>point<th>reached<th>callers");
    page.push_str("<th>what fails<th>errors, and where they are documented</tr>\n");
    for (point, (reached, all, callers)) in sums.coverage() {
        let _ = write!(page, "<tr><td>{}<td>{reached} of {all}<td>{callers}", escape(point));
        let kind = Failpoint::from_name(point.as_bytes());
        let what = kind.map_or("", Failpoint::what).trim();
        let documented = kind.map_or("", Failpoint::documented);
        let _ = writeln!(page, "<td>{}<td>{}</tr>", escape(what), escape(documented));
    }
    page.push_str("</table>\n<table><tr><th>place<th>point<th>callers<th>faults<th>again</tr>\n");
    for reached in &sums.sites {
        let class = if reached.tally.all() == 0 { " class=never" } else { "" };
        let (file, name) = (escape(&reached.site.file), escape(&reached.site.name));
        let line = reached.site.line;
        let _ = write!(page, "<tr{class}><td>{file}:{line}<td>{name}<td>");
        callers(&reached.callers, page);
        tally(page, reached.tally);
        let _ = writeln!(page, "<td>{}</tr>", again(&reached.example.id));
    }
    page.push_str("</table>\n");
}

/// How many, and behind that who they are.
fn callers(callers: &BTreeSet<String>, page: &mut String) {
    let _ = match callers.len() {
        0 => write!(page, "0"),
        number => write!(page, "<details><summary>{number}</summary>"),
    };
    for (number, caller) in callers.iter().enumerate() {
        let separator = if number == 0 { "" } else { "<br>" };
        let _ = write!(page, "{separator}<code>{}</code>", escape(caller));
    }
    if !callers.is_empty() {
        page.push_str("</details>");
    }
}

fn slowest(sums: &Sums, again: &impl Fn(&str) -> String, page: &mut String) {
    page.push_str("<h2>Slowest recoveries</h2>\n<table><tr><th>run<th>point<th>ms<th>again</tr>\n");
    for slow in &sums.slowest {
        let _ = writeln!(
            page,
            "<tr><td>{}<td>{}<td>{:.1}<td>{}</tr>",
            escape(&slow.id),
            escape(&slow.point),
            slow.took.as_secs_f64() * 1000.0,
            again(&slow.id),
        );
    }
    page.push_str("</table>\n");
}

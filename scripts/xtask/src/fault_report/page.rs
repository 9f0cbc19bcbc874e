//! The page.

use super::{Fault, Report, Survival, Tally};
use crate::report::escape;
use std::collections::BTreeMap;
use std::fmt::Write;

const STYLE: &str = "body{font:15px/1.4 sans-serif;margin:2em auto;max-width:70em;padding:0 1em}\
table{border-collapse:collapse;margin:1em 0}td,th{border:1px solid #bbb;padding:.2em .6em;\
text-align:right}td:first-child,th:first-child{text-align:left}.failed{background:#fbb}\
.never{background:#fe9}code{font-size:90%}";
/// So many of the slowest are shown.
const SLOWEST: usize = 10;

pub fn page(report: &Report) -> String {
    let mut page = String::from("<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\">\n");
    let all = report.faults.iter().fold(Tally::default(), |mut all, fault| {
        all.count(&fault.survival);
        all
    });
    // Writing to a string cannot fail.
    let _ = write!(page, "<title>Faults: {all}</title><style>{STYLE}</style>\n<h1>Faults</h1>\n");
    let _ = writeln!(page, "<p>{all}.</p>");
    failures(report, &mut page);
    survival(report, &mut page);
    coverage(report, &mut page);
    slowest(report, &mut page);
    page.push_str("</html>\n");
    page
}

fn failures(report: &Report, page: &mut String) {
    let failed = |fault: &&Fault| matches!(fault.survival, Survival::Failed(_));
    if !report.faults.iter().any(|fault| failed(&fault)) {
        return;
    }
    page.push_str("<h2>What was wrong</h2>\n<table><tr><th>fault<th>point<th>why<th>again</tr>\n");
    for fault in report.faults.iter().filter(failed) {
        let _ = writeln!(
            page,
            "<tr class=failed><td>{}:{}<td>{}<td>{}<td><code>{}</code></tr>",
            escape(&fault.scenario),
            escape(&fault.choice),
            escape(&fault.point),
            escape(fault.survival.text()),
            escape(&report.replay(&fault.scenario, &fault.choice)),
        );
    }
    page.push_str("</table>\n");
}

/// What came of the faults of each kind in each scenario.
fn survival(report: &Report, page: &mut String) {
    let mut cells = BTreeMap::<(&str, &str), Tally>::new();
    for fault in &report.faults {
        let cell = cells.entry((&fault.scenario, &fault.point)).or_default();
        cell.count(&fault.survival);
    }
    let points = report.by(|fault| &fault.point);
    page.push_str("<h2>Survival</h2>\n<p>Done all the same / refused / failed.</p>\n");
    page.push_str("<table><tr><th>scenario");
    points.keys().for_each(|point| _ = write!(page, "<th>{}", escape(point)));
    page.push_str("<th>all</tr>\n");
    for (scenario, whole) in report.by(|fault| &fault.scenario) {
        let _ = write!(page, "<tr><td>{}", escape(scenario));
        for point in points.keys() {
            tally(page, cells.get(&(scenario, point)).copied().unwrap_or_default());
        }
        tally(page, whole);
        page.push_str("</tr>\n");
    }
    page.push_str("<tr><th>all");
    points.values().for_each(|whole| tally(page, *whole));
    page.push_str("</tr></table>\n");
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
fn coverage(report: &Report, page: &mut String) {
    page.push_str("<h2>Failpoints</h2>\n<table><tr><th>place<th>point<th>callers<th>faults</tr>\n");
    for (site, reached, callers) in report.coverage() {
        let class = if reached.all() == 0 { " class=never" } else { "" };
        let (file, name) = (escape(&site.file), escape(&site.name));
        let _ = write!(page, "<tr{class}><td>{file}:{}<td>{name}<td>{callers}", site.line);
        tally(page, reached);
        page.push_str("</tr>\n");
    }
    page.push_str("</table>\n");
}

fn slowest(report: &Report, page: &mut String) {
    let mut faults: Vec<&Fault> = report.faults.iter().collect();
    faults.sort_by_key(|fault| std::cmp::Reverse(fault.took));
    page.push_str(
        "<h2>Slowest recoveries</h2>\n<table><tr><th>fault<th>point<th>ms<th>again</tr>\n",
    );
    for fault in faults.into_iter().take(SLOWEST) {
        let _ = writeln!(
            page,
            "<tr><td>{}:{}<td>{}<td>{:.1}<td><code>{}</code></tr>",
            escape(&fault.scenario),
            escape(&fault.choice),
            escape(&fault.point),
            fault.took.as_secs_f64() * 1000.0,
            escape(&report.replay(&fault.scenario, &fault.choice)),
        );
    }
    page.push_str("</table>\n");
}

#[cfg(test)]
mod tests {
    use super::super::tests::report;
    use super::*;

    #[test]
    fn the_page_shows_what_failed_and_what_was_never_reached() {
        let page = page(&report());
        assert!(page.contains("lost: &lt;a page&gt;"));
        assert!(page.contains("<code>test --replay greets:3</code>"));
        assert!(page.contains("<tr class=never><td>b.rs:2<td>failslab<td>0<td></tr>"));
        assert!(page.contains("<tr><td>greets<td class=failed>1 / 1 / 1"));
    }
}

//! Test results as lines of text: KTAP in a kernel log, `ok NAME` on a program's output.

use crate::report::{Case, Counts};

/// The results in a kernel's log. Other lines may come between; each may follow a time in brackets.
pub fn kernel_cases(log: &[String]) -> Vec<Case> {
    let mut planned = None;
    let mut cases = Vec::new();
    for line in log {
        let line = without_time(line);
        if let Some(count) = line.strip_prefix("1..") {
            planned = count.parse::<usize>().ok();
        } else if let Some(rest) = line.strip_prefix("not ok ") {
            let (name, why) = name_and_directive(rest);
            cases.push(Case::failed(name, why.unwrap_or("see the kernel log")));
        } else if let Some(rest) = line.strip_prefix("ok ") {
            match name_and_directive(rest) {
                (name, Some(why)) if why.starts_with("SKIP") => {
                    let why = why.trim_start_matches("SKIP").trim_start();
                    cases.push(Case::skipped(name, why));
                }
                (name, _) => cases.push(Case::passed(name)),
            }
        }
    }
    match planned {
        Some(count) if count == cases.len() => {}
        Some(count) => {
            let why = format!("{} of {count} tests reported a result", cases.len());
            cases.push(Case::failed("plan", why));
        }
        None => cases.push(Case::failed("plan", "the kernel announced no tests (1..N)")),
    }
    cases
}

fn without_time(line: &str) -> &str {
    match line.strip_prefix('[').and_then(|line| line.split_once(']')) {
        Some((_, rest)) => rest.trim_start(),
        None => line,
    }
}

/// `N name # directive`, where the number may be missing.
fn name_and_directive(rest: &str) -> (&str, Option<&str>) {
    let (name, directive) = match rest.split_once(" # ") {
        Some((name, directive)) => (name, Some(directive)),
        None => (rest, None),
    };
    let name = match name.split_once(' ') {
        Some((number, name)) if number.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => name,
    };
    (name.trim(), directive)
}

/// The result in one line of a test program: `ok NAME`, `not ok NAME: why`, `skip NAME: why`.
pub fn program_case(line: &str) -> Option<Case> {
    let parts = |rest: &str| match rest.split_once(": ") {
        Some((name, why)) => (name.to_owned(), why.to_owned()),
        None => (rest.to_owned(), String::new()),
    };
    if let Some(rest) = line.strip_prefix("not ok ") {
        let (name, why) = parts(rest);
        Some(Case::failed(name, why))
    } else if let Some(rest) = line.strip_prefix("skip ") {
        let (name, why) = parts(rest);
        Some(Case::skipped(name, why))
    } else {
        line.strip_prefix("ok ").map(Case::passed)
    }
}

/// Whether a test program's exit status fits its results: 0 if none failed, 1 if one did or if no
/// test has the name that was asked for.
pub fn program_agrees(cases: &[Case], status: Option<i32>, filtered: bool) -> bool {
    match status {
        Some(0) => !cases.is_empty() && Counts::of(cases).failed == 0,
        Some(1) => Counts::of(cases).failed > 0 || (filtered && cases.is_empty()),
        _ => false,
    }
}

/// The end of an output, for people.
pub fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut last = String::new();
    for line in lines.get(lines.len().saturating_sub(count)..).unwrap_or(&lines) {
        last.push_str("  > ");
        last.push_str(line);
        last.push('\n');
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn kernel_results_are_found_between_other_lines() {
        let text = "boot\nKTAP version 1\n1..3\n[    0.5] ok 1 kmap counts\nmm: noise\n\
                    not ok 2 heap # left == right\nok 3 nx # SKIP no NX\n";
        let expected = [
            Case::passed("kmap counts"),
            Case::failed("heap", "left == right"),
            Case::skipped("nx", "no NX"),
        ];
        assert_eq!(kernel_cases(&log(text)), expected);
    }

    #[test]
    fn a_kernel_that_stops_early_or_tests_nothing_fails() {
        let early = kernel_cases(&log("1..2\nok 1 a\n"));
        assert_eq!(early[1], Case::failed("plan", "1 of 2 tests reported a result"));
        assert!(matches!(kernel_cases(&[])[..], [ref case] if *case != Case::passed("plan")));
    }

    #[test]
    fn program_results_have_names_and_reasons() {
        assert_eq!(program_case("ok mmap::fixed"), Some(Case::passed("mmap::fixed")));
        assert_eq!(program_case("not ok a: 1: 2"), Some(Case::failed("a", "1: 2")));
        assert_eq!(program_case("skip nx: no PAE"), Some(Case::skipped("nx", "no PAE")));
        assert_eq!(program_case("okay"), None);
        assert_eq!(program_case("# not ok"), None);
    }

    #[test]
    fn a_status_that_contradicts_the_results_is_noticed() {
        let (good, bad) = ([Case::passed("a")], [Case::failed("a", "")]);
        assert!(program_agrees(&good, Some(0), false) && program_agrees(&bad, Some(1), false));
        assert!(!program_agrees(&good, Some(1), true) && !program_agrees(&bad, Some(0), false));
        assert!(!program_agrees(&[], Some(0), true) && !program_agrees(&[], Some(1), false));
        assert!(program_agrees(&[], Some(1), true));
        assert!(!program_agrees(&good, None, false));
    }
}

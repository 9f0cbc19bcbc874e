//! Test results: the closing line, and JUnit XML for other tools.

use crate::stop::{Result, io};
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// What one test came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Passed,
    /// And why.
    Failed(String),
    /// And why.
    Skipped(String),
}

/// One test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    pub name: String,
    pub verdict: Verdict,
}

impl Case {
    pub fn passed(name: impl Into<String>) -> Self {
        Self { name: name.into(), verdict: Verdict::Passed }
    }

    pub fn failed(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self { name: name.into(), verdict: Verdict::Failed(why.into()) }
    }

    pub fn skipped(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self { name: name.into(), verdict: Verdict::Skipped(why.into()) }
    }
}

/// The tests of one ring on one machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub name: String,
    pub cases: Vec<Case>,
    pub took: Duration,
}

/// How many tests passed, failed and were skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub passed: usize,
    pub failed: usize,
    pub skipped: usize,
}

impl Counts {
    pub fn of<'a>(cases: impl IntoIterator<Item = &'a Case>) -> Self {
        let mut counts = Self::default();
        for case in cases {
            match case.verdict {
                Verdict::Passed => counts.passed += 1,
                Verdict::Failed(_) => counts.failed += 1,
                Verdict::Skipped(_) => counts.skipped += 1,
            }
        }
        counts
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// Writes `groups` as JUnit XML.
pub fn write_junit(path: &Path, groups: &[Group]) -> Result<()> {
    fs::write(path, junit(groups)).map_err(|error| io("write", path, error))
}

fn junit(groups: &[Group]) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for group in groups {
        let Counts { failed, skipped, .. } = Counts::of(&group.cases);
        let (name, tests) = (escape(&group.name), group.cases.len());
        let took = group.took.as_secs_f64();
        // Writing to a string cannot fail.
        let _ = writeln!(
            xml,
            "<testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failed}\" errors=\"0\" \
             skipped=\"{skipped}\" time=\"{took:.3}\">"
        );
        for case in &group.cases {
            let inner = match &case.verdict {
                Verdict::Passed => String::new(),
                Verdict::Failed(why) => format!("<failure>{}</failure>", escape(why)),
                Verdict::Skipped(why) => format!("<skipped message=\"{}\"/>", escape(why)),
            };
            let case = escape(&case.name);
            let _ =
                writeln!(xml, "<testcase classname=\"{name}\" name=\"{case}\">{inner}</testcase>");
        }
        xml.push_str("</testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

/// Text for XML 1.0, which has no control characters but tab and newline.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' => escaped.push(c),
            c if c < ' ' || matches!(c, '\u{FFFE}' | '\u{FFFF}') => escaped.push('\u{FFFD}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_xml_agree() {
        let cases = vec![
            Case::passed("a"),
            Case::failed("b<c>", "1 \"is\" not 2\u{1b}[0m"),
            Case::skipped("d", "no & no"),
        ];
        assert_eq!(Counts::of(&cases).to_string(), "1 passed, 1 failed, 1 skipped");
        let group = Group { name: "suite".into(), cases, took: Duration::from_millis(1500) };
        let xml = junit(&[group]);
        assert!(
            xml.contains("tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\" time=\"1.500\"")
        );
        assert!(xml.contains("name=\"b&lt;c&gt;\"><failure>1 &quot;is&quot; not 2\u{FFFD}[0m</"));
        assert!(xml.contains("<skipped message=\"no &amp; no\"/>"));
    }
}

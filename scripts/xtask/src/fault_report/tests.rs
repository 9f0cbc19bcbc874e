use super::*;
use crate::transient::Transient;

fn site(file: &str, line: u32) -> Site {
    Site { name: "failslab".into(), file: file.into(), line }
}

fn fault(choice: &str, call: u32, survival: Survival) -> Fault {
    Fault {
        scenario: "greets".into(),
        choice: choice.into(),
        point: "failslab".into(),
        opportunity: Some(3),
        site: Some(0),
        task: Some(5),
        is_served: false,
        survival,
        calls: vec![call, 90 + call % 2],
        took: Duration::from_micros(u64::from(call)),
    }
}

/// The failpoint's function is inlined in three places, of two others.
fn frames() -> Frames {
    let own = &[("kernel::grow", "a.rs:1")][..];
    let (open, fork) = (&[("kernel::open", "o.rs:2")][..], &[("kernel::<fork>", "f.rs:3")][..]);
    Frames::known(&[(6, own), (7, own), (8, own), (90, open), (91, fork)])
}

/// With one fault of each kind.
fn report(folder: &Transient) -> Report {
    let sites = vec![site("a.rs", 1), site("b.rs", 2)];
    let mut report = Report::create(folder.path(), sites, frames(), "test --replay").unwrap();
    report.add(fault("1", 7, Survival::Done));
    report.add(fault("2", 8, Survival::Refused("exit status 1".into())));
    report.add(fault("3,5", 8, Survival::Failed("lost: <a page>".into())));
    report.add(fault("3,5", 6, Survival::Failed("lost: <a page>".into())));
    report
}

fn folder() -> Transient {
    Transient::folder(&std::env::temp_dir(), "fault-report").unwrap()
}

#[test]
fn faults_are_counted_by_scenario_and_site() {
    let folder = folder();
    let report = report(&folder);
    let tally = Tally { done: 1, refused: 1, failed: 2 };
    assert_eq!((report.tally(), report.tally_of("greets")), (tally, tally));
    assert_eq!(report.tally_of("other"), Tally::default());
    let sums = &report.sums;
    assert_eq!(sums.coverage()["failslab"], (1, 2, 2));
    let callers: Vec<&str> = sums.sites[0].callers.iter().map(String::as_str).collect();
    assert_eq!(callers, ["kernel::<fork> at f.rs:3", "kernel::open at o.rs:2"]);
    assert_eq!(sums.by_point()["failslab"], tally);
    assert_eq!(sums.sites[0].example.id, "greets:3,5");
    let slow: Vec<&str> = sums.slowest.iter().map(|slow| slow.id.as_str()).collect();
    assert_eq!(slow, ["greets:2", "greets:3,5", "greets:1"]);
}

#[test]
fn a_kind_without_a_fault_is_missing() {
    let folder = folder();
    let other = Site { name: "fail_irq_lost".into(), ..site("c.rs", 3) };
    let sites = vec![site("a.rs", 1), site("b.rs", 2), other];
    let mut report =
        Report::create(folder.path(), sites, Frames::known(&[]), "test --replay").unwrap();
    assert_eq!(report.missing(), ["fail_irq_lost", "failslab"]);
    report.add(fault("1", 7, Survival::Done));
    assert_eq!(report.missing(), ["fail_irq_lost"], "one of two places is enough");
}

#[test]
fn each_fault_is_a_line_of_json() {
    let folder = folder();
    report(&folder).finish(&[]).unwrap();
    let text = fs::read_to_string(folder.path().join(LINES)).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[1]["survival"], "refused");
    assert_eq!((&lines[1]["file"], &lines[1]["line"]), (&json!("a.rs"), &json!(1)));
    assert_eq!(lines[2]["replay"], "greets:3,5");
    assert_eq!(lines[2]["calls"], json!(["0x00000008", "0x0000005a"]));
    assert_eq!(lines[2]["functions"], json!(["kernel::grow", "kernel::open"]));
    assert_eq!(
        (&lines[2]["caller"], &lines[2]["task"]),
        (&json!("kernel::open at o.rs:2"), &json!(5))
    );
    assert!(folder.path().join("junit.xml").is_file());
}

#[test]
fn a_run_without_faults_leaves_the_last_report() {
    let folder = folder();
    report(&folder).finish(&[]).unwrap();
    let files = || {
        ["faults.jsonl", "index.html", "junit.xml"]
            .map(|name| fs::read(folder.path().join(name)).unwrap())
    };
    let before = files();
    let create = || Report::create(folder.path(), vec![site("a.rs", 1)], frames(), "test").unwrap();
    // No filter's fault, and one that is interrupted.
    drop(create());
    create().add(fault("1", 7, Survival::Done));
    assert_eq!(files(), before);
    // A library's test that had none says so.
    create().finish(&[]).unwrap();
    assert!(files()[0].is_empty());
    assert!(!folder.path().join(UNFINISHED).exists());
}

#[test]
fn the_page_shows_what_failed_and_what_was_never_reached() {
    let folder = folder();
    let mut report = report(&folder);
    report.note_fewest("greets:3,5", "greets:5");
    let page = fs::read_to_string(report.finish(&[]).unwrap()).unwrap();
    assert!(page.contains("lost: &lt;a page&gt;"), "{page}");
    assert!(page.contains("<td>failslab, failslab<td>"), "{page}");
    assert!(page.contains("<code>test --replay greets:5</code>"), "{page}");
    assert!(page.contains("<tr class=never><td>b.rs:2<td>failslab<td>0<td><td></tr>"), "{page}");
    assert!(page.contains("<tr><td>failslab<td>1 of 2<td>2<td>An object of the kernel's heap.<td>POSIX.1-2017 XSH 2.3: ENOMEM</tr>"), "{page}");
    let names = "<details><summary>2</summary><code>kernel::&lt;fork&gt; at f.rs:3</code><br>\
                 <code>kernel::open at o.rs:2</code></details>";
    assert!(page.contains(names), "{page}");
    assert!(page.contains("<tr><td>greets<td class=failed>1 / 1 / 2"), "{page}");
}

/// A run says nothing of the memory that a million faults take, but its few rows do.
#[test]
fn what_is_kept_does_not_grow_with_the_faults() {
    let mut sums = Sums::new(vec![site("a.rs", 1)]);
    for number in 0..10_000 {
        let fault = fault(&number.to_string(), number % 50, Survival::Failed("why".into()));
        sums.add(&fault, Some(&format!("caller {}", number % 50)));
    }
    assert_eq!((sums.all().failed, sums.failures.len(), sums.slowest.len()), (10_000, 500, 20));
    assert_eq!((sums.sites[0].callers.len(), sums.scenarios.len()), (50, 1));
}

#[test]
fn faults_from_outside_have_lines_and_tables_of_their_own() {
    let folder = folder();
    let mut report = report(&folder);
    let of = |campaign: &str, kind: &str, outcome: &str, recovery| Outside {
        campaign: campaign.into(),
        kind: kind.into(),
        outcome: outcome.into(),
        why: "a <check>".into(),
        recovery,
        again: format!("scripts/test fault {campaign}::{kind}/3"),
    };
    let recovery = Some(Duration::from_micros(12_340));
    report.add_outside(&of("flips", "heap", "detected", None));
    report.add_outside(&of("flips", "user", "harmless", None));
    report.add_outside(&of("servers", "proc", "died", recovery));
    assert_eq!((report.tally().all(), report.outside()), (4, 3));
    let page = fs::read_to_string(report.finish(&[]).unwrap()).unwrap();
    for part in [
        "2 FAILED; 3 from outside.</p>",
        "<h3>flips</h3>\n<table><tr><th>of<th>faults<th>detected<th>harmless<th>again</tr>",
        "<tr><td>heap<td>1<td>1<td><td><code>scripts/test fault flips::heap/3</code></tr>",
        "<tr><td>detected<td>a &lt;check&gt;<td>1<td><code>scripts/test fault flips::heap/3",
        "<tr><td>proc<td>1<td>1<td>1<td>12.3<td><code>scripts/test fault servers::proc/3",
        "Slowest recoveries of servers</h3>\n<table><tr><th>of<th>ms<th>again</tr>\n<tr><td>proc<td>12.3",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let text = fs::read_to_string(folder.path().join(LINES)).unwrap();
    let last: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!((&last["scenario"], &last["microseconds"]), (&json!("servers"), &json!(12_340)));
    assert_eq!((&last["outside"], &last["survival"]), (&json!(true), &json!("died")));
}

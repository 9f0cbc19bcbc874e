//! What a user does who tests programs: a crate of `scripts/new-app --test` outside of this tree, with
//! scenarios that are right and some that are not.

use crate::Outcome;
use crate::guest::Setup;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use xtask::captured::text;
use xtask::words::Words;
use xtask::{app, workspace};

/// The right one is as `tests/README.md` has it.
const WRONG: &str = r#"
    #[sweep(points = [FdTable], exits = [3])]
    fn this_shell_does_not_end_like_that(guest) {
        guest.run("/bin/sh", &["-c", "cat /dev/null"])?.succeeds()
    }

    #[sweep(points = [FdTable])]
    fn a_panic_is_no_refusal(guest) {
        guest.run("/bin/sh", &["-c", "cat /dev/null || exit 101"])?.succeeds()
    }

    #[sweep]
    fn nothing_runs(guest) {
        guest.write("/tmp/empty", b"")
    }

    #[sweep(points = [Fork])]
    fn this_is_not_said(guest) {
        let ran = guest.run("/bin/hello", &[])?;
        assert_eq!(ran.stdout, b"good evening\n");
        Ok(())
    }

    #[sweep(points = [FdTable])]
    fn a_failure_shows_only_in_what_is_written(guest) {
        guest.run("/bin/sh", &["-c", "cat /dev/null || echo nothing"])?.succeeds()
    }

    #[sweep(points = [FdTable], output = any)]
    fn anything_may_be_written(guest) {
        guest.run("/bin/sh", &["-c", "cat /dev/null || echo nothing"])?.succeeds()
    }

    #[sweep(points = [Fork])]
    fn it_is_another_process_each_time(guest) {
        guest.run("/bin/cat", &["/proc/self/stat"])?.succeeds()
    }

    #[sweep(points = [Fork])]
    fn a_service_comes_too_late(guest) {
        guest.kill("proc")?;
        guest.run("/bin/sh", &["-c", "/bin/hello && /bin/hello"])?.succeeds()
    }

    #[sweep(points = [Fork], within = 20)]
    fn a_service_takes_the_time_it_has(guest) {
        guest.kill("proc")?;
        guest.run("/bin/sh", &["-c", "/bin/hello && /bin/hello"])?.succeeds()
    }
}
"#;

/// What the guest has besides: a service whose second server and those after it begin late.
const FILES: &str = r#"
    files: ["proc.conf" => "/etc/services/proc.conf", "late.sh" => "/etc/late.sh"];
"#;
const MANIFEST: &str = "\
program    /bin/sh
argument   /etc/late.sh
level      4
mount      /proc proc
statistics
heartbeat  never
restart    1000 in 1s
";
const SCRIPT: &str = "\
/bin/cat /tmp/again && /bin/sleep 7
echo again > /tmp/again
exec /sbin/procfs
";

/// A crate, for as long as a scenario takes.
struct Made(PathBuf);

impl Made {
    fn new() -> Result<Self, String> {
        let above = std::env::temp_dir().join(format!("folio-new-app-{}", std::process::id()));
        let made = Self(above.join("my-tests"));
        fs::create_dir_all(&above).map_err(|why| why.to_string())?;
        let words = ["--test".into(), made.0.clone().into_os_string()];
        app::run(Words::new(words)).map_err(|stop| stop.why)?;
        Ok(made)
    }

    /// `cargo test` with these words: whether it succeeded, and what it wrote.
    fn test(&self, words: &[&str]) -> Result<(bool, String), String> {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        command.arg("test").args(words).current_dir(&self.0);
        // What is built there is built once.
        command.env("CARGO_TARGET_DIR", workspace::target());
        let output = command.output().map_err(|why| format!("cargo: {why}"))?;
        let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
        Ok((output.status.success(), said))
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.0.parent().unwrap_or(&self.0));
    }
}

/// The scenarios that `tests/README.md` shows for a crate of one's own.
fn of_the_readme() -> Result<String, String> {
    let readme = workspace::root().join("tests/README.md");
    let text = fs::read_to_string(&readme).map_err(|why| why.to_string())?;
    let (_, section) = text.split_once("## Tests of your own").ok_or("no such section")?;
    let block = section.split_once("```rust\n").and_then(|(_, rest)| rest.split_once("```"));
    Ok(block.ok_or("the section shows no test")?.0.to_owned())
}

pub fn a_crate_outside_finds_what_is_wrong_and_only_that(_: &Setup) -> Outcome {
    let made = Made::new()?;
    let file = made.0.join("tests/faults.rs");
    let right = of_the_readme()?;
    let all = right.trim_end().strip_suffix('}').map(|most| format!("{most}{WRONG}"));
    let all = all.ok_or("the README's campaign has no end")?;
    let all = all.replacen("campaign! {", &format!("campaign! {{{FILES}"), 1);
    fs::write(&file, all)
        .and_then(|()| fs::write(made.0.join("proc.conf"), MANIFEST))
        .and_then(|()| fs::write(made.0.join("late.sh"), SCRIPT))
        .map_err(|why| why.to_string())?;
    let (all_well, said) = made.test(&[])?;
    let expected = [
        "ok a_file_is_shown: ",
        "not ok this_shell_does_not_end_like_that: exit status ",
        ", which is not one of its `exits`; again: cargo test --test faults -- --replay ",
        "not ok a_panic_is_no_refusal: exit status 101, ",
        "not ok nothing_runs: nothing that could fail",
        "not ok this_is_not_said: before anything failed: panicked: assertion `left == right`",
        "not ok a_failure_shows_only_in_what_is_written: /bin/sh succeeded, but its standard output is \
         \"nothing\\n\", and \"\" when nothing fails",
        "ok anything_may_be_written: ",
        "not ok it_is_another_process_each_time: before anything failed: /bin/cat succeeded, but ",
        "not ok a_service_comes_too_late: before anything failed: service proc is ",
        "ok a_service_takes_the_time_it_has: ",
        "3 passed, 7 failed, 0 skipped",
    ];
    if let Some(missing) = expected.iter().find(|text| !said.contains(**text)) {
        return Err(format!("nothing said {missing:?}: {said}"));
    }
    if all_well {
        return Err(format!("cargo test succeeded: {said}"));
    }
    report_is_whole(&made.0.join("target/faults/faults"))?;
    let again = said.split("again: cargo ").nth(1).and_then(|rest| rest.lines().next());
    let again = again.ok_or("no command to repeat it")?;
    let again = again.split_once(';').map_or(again, |(command, _)| command);
    let words: Vec<&str> = again.split(' ').skip(1).collect();
    let (went_well, said) = made.test(&words)?;
    let is_same =
        said.contains("not ok this_shell") && said.contains("fail_fd_table at kernel/src");
    match !went_well && is_same {
        true => Ok(()),
        false => Err(format!("the fault does not repeat: {said}")),
    }
}

fn report_is_whole(folder: &Path) -> Outcome {
    for (name, part) in [
        ("index.html", "this_shell_does_not_end_like_that:"),
        ("faults.jsonl", "\"scenario\":\"a_file_is_shown\""),
        ("junit.xml", "failures=\"7\""),
    ] {
        let path = folder.join(name);
        let text = fs::read_to_string(&path).map_err(|why| format!("{}: {why}", path.display()))?;
        if !text.contains(part) {
            return Err(format!("{}: it has no {part}", path.display()));
        }
    }
    Ok(())
}

//! What a scenario may leave in `/tmp`.

use super::needs_failpoints;
use crate::faults::files::{self, Made};
use crate::faults::{Choice, Outcome, QUIET, Right, Runner, Scenario};
use sys::file::File;
use sys::process;

pub fn a_file_left_behind_is_named() {
    needs_failpoints();
    let runner = Runner::new().expect("failpoints");
    let judged = |run: fn() -> Outcome| {
        let run = runner.run(
            &Scenario { name: "none", run, calls_servers: false, for_driver: false, also: &[] },
            Choice::Nothing,
            QUIET,
        );
        run.map(|run| run.right).map_err(|wrong| wrong.why)
    };
    let stays = || {
        core::mem::forget(Made::directory("stays")?);
        Ok(())
    };
    let why = judged(stays).expect_err("a directory stays");
    assert!(
        why.contains("left behind, with Ok(()): /tmp/faults-") && why.contains("-stays"),
        "{why}"
    );
    // It does not stay for others, and who has died could not take it away.
    assert_eq!(files::take_all(), [""; 0]);
    let goes = || {
        let place = Made::directory("goes")?;
        drop(File::create(place.join("inside"))?);
        Ok(())
    };
    assert_eq!(judged(goes), Ok(Right::Done));
    let dies = || {
        core::mem::forget(Made::directory("dies")?);
        process::exit(3)
    };
    let why = judged(dies).expect_err("nothing failed");
    assert!(why.contains("refused without a fault: Died"), "{why}");
}

//! The process that attacks.

use super::end::End;
use crate::child;
use crate::harness::limit_time_to;
use sys::wait::Status;

/// No attack takes longer, but those that try every call.
const SECONDS: u32 = 60;

/// Runs it in a child; how it ended, or the child.
pub fn carry_out(run: impl FnOnce() -> End) -> End {
    let (read, write) = sys::file::pipe().expect("pipe2");
    let pid = child::start(|| {
        limit_time_to(SECONDS);
        let end = run();
        i32::from(write.write_all(&end.to_bytes()).is_err())
    });
    drop(write);
    let mut bytes = [0; End::LEN];
    let count = read.read(&mut bytes).expect("read");
    match (child::wait(pid), count) {
        (Status::Signaled(signal), _) => End::Killed(signal),
        (Status::Exited(0), End::LEN) => End::from_bytes(bytes),
        (status, count) => panic!("the attacker failed: {status:?}, {count} bytes"),
    }
}

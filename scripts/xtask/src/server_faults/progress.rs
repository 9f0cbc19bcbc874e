//! How far the campaigns are, as their guests' logs tell.

use super::{Fault, MARK, Plan, Task};
use crate::fault_tests::Progress;
use crate::kernel_log::Sink;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A fault takes about as long as another one.
const EACH: Duration = Duration::from_millis(100);

/// Shared by all servers' guests.
#[derive(Clone)]
pub struct Shared(Arc<Mutex<Progress>>);

impl Shared {
    /// Of all that is planned.
    pub fn new(plan: &Plan, is_alone: bool) -> Self {
        let mut progress = Progress::of("servers", is_alone);
        for (server, tasks) in &plan.servers {
            let faults = tasks.iter().map(|task: &Task| task.expected(server)).sum();
            progress.expect(server, faults, EACH);
        }
        Self(Arc::new(Mutex::new(progress)))
    }

    fn with(&self, change: impl FnOnce(&mut Progress)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Who reads the log of a guest of `server`'s.
    pub fn reader(&self, server: &str) -> Sink {
        Box::new(Reader { shared: self.clone(), server: server.to_owned() })
    }

    /// That server's campaign has ended.
    pub fn over(&self, server: &str) {
        self.with(|progress| progress.over(server));
    }

    /// Leaves the terminal to others.
    pub fn end(&self) {
        self.with(|progress| progress.end());
    }
}

struct Reader {
    shared: Shared,
    server: String,
}

impl Write for Reader {
    /// A line of the log.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        let told = text.trim_end().split_once(MARK).and_then(|(_, told)| Fault::parse(told));
        if told.is_some() {
            self.shared.with(|progress| progress.step(&self.server, 1));
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_that_is_told_is_a_step() {
        let plan = Plan::of("servers::console", false).unwrap();
        let shared = Shared::new(&plan, false);
        let mut reader = shared.reader("console");
        for line in [
            "servers: fault console 1 receiving - died 9\r\n",
            "init: console: server 3 was ended by SIGKILL\r\n",
            "servers: fault console 2 data 0x08060000 none -\n",
            "servers: ok servers::console\n",
        ] {
            reader.write_all(line.as_bytes()).unwrap();
        }
        shared.with(|progress| {
            let line = progress.line(Duration::from_secs(60));
            assert_eq!(line, "2 faults, 0 of 1 servers, console: 6 %, about 15:00 left");
        });
    }
}

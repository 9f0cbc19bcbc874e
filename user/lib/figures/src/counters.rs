//! What `vmstat` compares from moment to moment.

use crate::table::{Table, number};

/// Counters at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counters {
    /// Clock ticks of programs, of the kernel, of nobody, and all of them.
    pub user: u64,
    /// Of the kernel.
    pub system: u64,
    /// Of nobody.
    pub idle: u64,
    /// Interrupts.
    pub interrupts: u64,
    /// Context switches.
    pub switches: u64,
    /// Page faults.
    pub faults: u64,
    /// Threads that run or could.
    pub running: u64,
}

/// What happened between two moments.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Rates {
    /// Interrupts a second.
    pub interrupts: u64,
    /// Context switches a second.
    pub switches: u64,
    /// Page faults a second.
    pub faults: u64,
    /// Percent of the time for programs.
    pub user: u64,
    /// Percent for the kernel.
    pub system: u64,
    /// Percent for nobody.
    pub idle: u64,
}

impl Counters {
    /// Of the contents of `stat` and `vmstat`.
    pub fn parse(stat: &[u8], vmstat: &[u8]) -> Self {
        let table = Table::new(stat);
        let mut cpu = [0; 4];
        if let Some(words) = table.words("cpu") {
            cpu.iter_mut().zip(words).for_each(|(place, word)| {
                *place = number(word).unwrap_or(0);
            });
        }
        let [user, nice, system, idle] = cpu;
        Self {
            user: user + nice,
            system,
            idle,
            interrupts: table.get("intr"),
            switches: table.get("ctxt"),
            faults: Table::new(vmstat).get("pgfault"),
            running: table.get("procs_running"),
        }
    }

    /// What happened since an earlier moment, `ticks_per_second` being what the times are counted in.
    pub fn since(&self, earlier: &Self, ticks_per_second: u64) -> Rates {
        let more = |now: u64, then: u64| now.saturating_sub(then);
        let user = more(self.user, earlier.user);
        let system = more(self.system, earlier.system);
        let idle = more(self.idle, earlier.idle);
        let ticks = (user + system + idle).max(1);
        let rate = |now, then| (more(now, then) * ticks_per_second + ticks / 2) / ticks;
        let percent = |part: u64| (part * 100 + ticks / 2) / ticks;
        Rates {
            interrupts: rate(self.interrupts, earlier.interrupts),
            switches: rate(self.switches, earlier.switches),
            faults: rate(self.faults, earlier.faults),
            user: percent(user),
            system: percent(system),
            idle: percent(idle),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_differences_over_time() {
        let stat = |user, idle, switches| {
            alloc::format!(
                "cpu  {user} 5 30 {idle} 0 0\ncpu0 1 1 1 1\nintr 500 1 2\nctxt {switches}\n\
                 procs_running 2\n"
            )
        };
        let then = Counters::parse(stat(100, 1000, 50).as_bytes(), b"pgfault 10\n");
        let now = Counters::parse(stat(150, 1150, 250).as_bytes(), b"pgfault 30\n");
        assert_eq!((then.user, then.system, then.running), (105, 30, 2));
        let rates = now.since(&then, 100);
        assert_eq!((rates.user, rates.system, rates.idle), (25, 0, 75));
        assert_eq!((rates.switches, rates.faults, rates.interrupts), (100, 10, 0));
        assert_eq!(then.since(&then, 100), Rates::default());
    }
}

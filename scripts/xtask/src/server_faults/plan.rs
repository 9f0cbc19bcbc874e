//! Which faults are taken.

use super::table::Fault;

/// How a filter for these campaigns begins.
pub const SERVERS: &str = "servers::";
const SEED: u32 = 1;
const CHANGES: &str = "faults";
/// Messages at which something happens: all of them.
const ALL: u32 = u32::MAX;

/// Each server, with the changes that are taken usually and in the long set. The console's take longest, and
/// come first, as several servers are tried at a time.
const AMOUNTS: [(&str, u32, u32); 4] =
    [("console", 27, 720), ("proc", 72, 1665), ("files", 63, 1485), ("assist", 54, 1260)];
/// About how many messages each server's work has: so much is expected.
const MESSAGES: [(&str, u32); 4] = [("console", 2), ("proc", 48), ("files", 22), ("assist", 6)];
/// What happens at messages: at each so-manyth of them usually, and in the long set. A server that hangs takes
/// time.
const ACTS: [(&str, u32, u32); 3] = [("receiving", 1, 1), ("answering", 1, 1), ("hanging", 8, 4)];

/// What happens at messages.
pub fn acts() -> [&'static str; ACTS.len()] {
    ACTS.map(|(act, ..)| act)
}

/// A part of a campaign, as `saboteur` takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    what: &'static str,
    first: u32,
    count: u32,
    number: u32,
}

impl Task {
    pub fn words(&self) -> impl Iterator<Item = String> + use<> {
        let numbers = [self.first, self.count, self.number];
        [self.what.to_owned()].into_iter().chain(numbers.map(|number| number.to_string()))
    }
}

#[derive(Debug, PartialEq, Eq)]
pub struct Plan {
    pub seed: u32,
    pub servers: Vec<(&'static str, Vec<Task>)>,
    /// All that there is.
    pub is_complete: bool,
    /// One fault.
    pub is_single: bool,
}

impl Plan {
    pub fn all(long: bool) -> Self {
        Self::with(SEED, "", long)
    }

    /// `servers::[NAME[:NUMBER | :ACT:NUMBER]][@SEED]`
    pub fn of(filter: &str, long: bool) -> Option<Self> {
        let filter = filter.strip_prefix(SERVERS)?;
        let (filter, seed) = match filter.split_once('@') {
            Some((filter, seed)) => (filter, seed.parse().ok()?),
            None => (filter, SEED),
        };
        let Some((name, fault)) = filter.split_once(':') else {
            return Some(Self::with(seed, filter, long)).filter(|plan| !plan.servers.is_empty());
        };
        let (server, ..) = AMOUNTS.into_iter().find(|(server, ..)| *server == name)?;
        let task = match fault.split_once(':') {
            None => Task { what: CHANGES, first: fault.parse().ok()?, count: 1, number: seed },
            Some((act, nth)) => {
                let (what, ..) = ACTS.into_iter().find(|(name, ..)| *name == act)?;
                Task { what, first: nth.parse().ok()?, count: 1, number: 1 }
            }
        };
        let servers = vec![(server, vec![task])];
        Some(Self { seed, servers, is_complete: false, is_single: true })
    }

    fn with(seed: u32, name: &str, long: bool) -> Self {
        let wanted = AMOUNTS.into_iter().filter(|(server, ..)| server.contains(name));
        let servers = wanted.map(|(server, usual, much)| {
            let count = if long { much } else { usual };
            let changes = Task { what: CHANGES, first: 0, count, number: seed };
            let acts = ACTS.into_iter().map(|(what, usual, much)| {
                let number = if long { much } else { usual };
                Task { what, first: 1, count: ALL, number }
            });
            (server, acts.chain([changes]).collect())
        });
        let servers = servers.collect();
        Self { seed, servers, is_complete: name.is_empty(), is_single: false }
    }
}

/// The filter that selects this fault alone.
pub fn filter(fault: &Fault, seed: u32) -> String {
    let Fault { server, number, kind, .. } = fault;
    match fault.is_change() {
        true if seed == SEED => format!("{SERVERS}{server}:{number}"),
        true => format!("{SERVERS}{server}:{number}@{seed}"),
        false => format!("{SERVERS}{server}:{kind}:{number}"),
    }
}

/// What is left when a guest was of no use any more after this fault.
pub fn after(mut tasks: Vec<Task>, last: &Fault) -> Vec<Task> {
    let is_met = |task: &Task| match ACTS.into_iter().find(|(what, ..)| *what == last.kind) {
        Some((what, ..)) => task.what == what,
        None => task.what == CHANGES,
    };
    let Some(place) = tasks.iter().position(is_met) else { return Vec::new() };
    tasks.drain(..place);
    if let Some(task) = tasks.first_mut() {
        let next = last.number + task.step();
        let taken = (next - task.first) / task.step();
        (task.first, task.count) = (next, task.count.saturating_sub(taken));
    }
    tasks.retain(|task| task.count > 0);
    tasks
}

impl Task {
    /// About how many faults it comes to.
    pub fn expected(&self, server: &str) -> u32 {
        let messages = MESSAGES.into_iter().find(|(name, _)| *name == server);
        match self.count {
            ALL => messages.map_or(0, |(_, count)| count.div_ceil(self.step())),
            count => count,
        }
    }

    /// From one to the next.
    fn step(&self) -> u32 {
        if self.what == CHANGES { 1 } else { self.number.max(1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_choose() {
        let all = Plan::all(true);
        assert_eq!((all.servers.len(), all.is_complete), (4, true));
        let changes = |plan: &Plan| -> u32 {
            let tasks = plan.servers.iter().flat_map(|(_, tasks)| tasks);
            tasks.filter(|task| task.what == CHANGES).map(|task| task.count).sum()
        };
        assert!(changes(&all) >= 5000 && changes(&Plan::all(false)) < 500);
        assert_eq!(Plan::of("servers::", true).unwrap(), all);
        let one = Plan::of("servers::proc@7", false).unwrap();
        assert_eq!((one.seed, one.servers.len(), one.is_complete), (7, 1, false));
        let fault = Plan::of("servers::files:17", false).unwrap();
        let words: Vec<String> = fault.servers[0].1.iter().flat_map(Task::words).collect();
        assert_eq!((words.join(" ").as_str(), fault.is_single), ("faults 17 1 1", true));
        let message = Plan::of("servers::files:hanging:3", false).unwrap();
        let words: Vec<String> = message.servers[0].1.iter().flat_map(Task::words).collect();
        assert_eq!(words.join(" "), "hanging 3 1 1");
        for wrong in ["servers::disk", "servers::proc:x", "servers::proc:no:1", "servers::@x"] {
            assert_eq!(Plan::of(wrong, false), None);
        }
    }

    #[test]
    fn each_server_has_an_estimate() {
        let plan = Plan::all(false);
        let expected = plan.servers.iter().map(|(server, tasks)| {
            tasks.iter().map(|task| task.expected(server)).collect::<Vec<_>>()
        });
        let expected: Vec<_> = expected.collect();
        assert_eq!(expected[..2], [[2, 2, 1, 27], [48, 48, 6, 72]]);
        assert!(expected.iter().flatten().all(|count| *count != 0));
    }

    #[test]
    fn each_fault_has_a_filter() {
        for (line, seed, words) in [
            ("fault files 17 source 0x08049000 died 12", 1, "faults 17 1 1"),
            ("fault files 17 source 0x08049000 died 12", 7, "faults 17 1 7"),
            ("fault files 9 hanging - hung 900", 1, "hanging 9 1 1"),
        ] {
            let plan = Plan::of(&filter(&Fault::parse(line).unwrap(), seed), false).unwrap();
            let again: Vec<String> = plan.servers[0].1.iter().flat_map(Task::words).collect();
            assert_eq!((plan.is_single, again.join(" ").as_str()), (true, words));
        }
    }

    #[test]
    fn a_campaign_goes_on_in_another_guest() {
        let task = |what, first, count, number| Task { what, first, count, number };
        let tasks = vec![task("hanging", 1, 10, 8), task(CHANGES, 0, 50, 1)];
        let fault = |line: &str| Fault::parse(line).unwrap();
        let last = fault("fault console 9 hanging - hung lost");
        let left = vec![task("hanging", 17, 8, 8), task(CHANGES, 0, 50, 1)];
        assert_eq!(after(tasks.clone(), &last), left);
        let last = fault("fault console 41 data 0x08060000 died lost");
        assert_eq!(after(tasks.clone(), &last), [task(CHANGES, 42, 8, 1)]);
        let last = fault("fault console 49 data 0x08060000 died lost");
        assert_eq!(after(tasks, &last), []);
    }
}

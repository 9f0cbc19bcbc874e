//! Which machines `test` uses.

use crate::build::Profile;
use crate::machine::{Layout, Machine, Split};

/// A machine with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    pub name: String,
    pub machine: Machine,
    /// How its kernel is compiled.
    pub profile: Profile,
    /// Tests of high memory have to find some.
    pub has_high_memory: bool,
}

impl Lane {
    /// Named by its kernel image.
    pub fn plain(machine: &Machine) -> Self {
        Self {
            name: machine.layout.to_string(),
            machine: machine.clone(),
            profile: Profile::Checked,
            has_high_memory: false,
        }
    }

    /// The same with the kernel that is run and measured, not the one that is tested.
    pub fn release(machine: &Machine) -> Self {
        let plain = Self::plain(machine);
        Self { name: format!("{} release", plain.name), profile: Profile::Release, ..plain }
    }

    /// Whether the harness runs here in `test all`: once for each format of page tables.
    pub fn is_of_the_harness(&self) -> bool {
        self.machine.layout.split == Split::ThreeOne
    }
}

/// `base` on every kernel image, the default one first.
pub fn layouts(base: &Machine) -> Vec<Lane> {
    let lane = |layout: Layout| Lane::plain(&Machine { layout, ..base.clone() });
    Layout::all().map(lane).collect()
}

/// The two formats of page tables, with the split that `base` has.
pub fn formats(base: &Machine) -> Vec<Lane> {
    let format = |pae: bool| {
        let layout = Layout { pae, ..base.layout };
        Lane::plain(&Machine { layout, ..base.clone() })
    };
    [true, false].map(format).into()
}

/// Switches at every point where one may come.
pub const FORCED: &str = "resched=1";

/// The special machines of `test all`.
pub fn special(base: &Machine) -> Vec<Lane> {
    let pae = Machine { layout: Layout::DEFAULT, ..base.clone() };
    let two_level =
        Machine { layout: Layout { pae: false, split: Split::ThreeOne }, ..base.clone() };
    let mut lanes = Vec::new();
    let mut lane = |name: &str, machine: Machine| {
        // Of 3 GiB and more, some lie above every direct map.
        let has_high_memory = machine.memory >= 3 << 30 || machine.cmdline.contains("highmem=");
        lanes.push(Lane { name: name.into(), has_high_memory, ..Lane::plain(&machine) });
    };
    let words = |text: &str| format!("{} {text}", base.cmdline).trim_start().to_owned();
    lane(
        "highmem=48M",
        Machine { cmdline: words("highmem=48M"), memory: 128 << 20, ..pae.clone() },
    );
    // Low memory needs no slots.
    lane("pkmap=8", Machine { cmdline: words("highmem=48M pkmap=8"), ..pae.clone() });
    lane("memory 3G", Machine { memory: 3 << 30, ..pae.clone() });
    lane("memory 8G", Machine { memory: 8 << 30, ..pae.clone() });
    // Another task at every point where one may come.
    lane(FORCED, Machine { cmdline: words(FORCED), ..pae.clone() });
    for feature in ["pse", "pge", "nx", "smep", "smap", "sep", "xsave"] {
        let cpu = format!("{},{feature}=off", base.cpu);
        lane(&format!("without {feature}"), Machine { cpu, ..pae.clone() });
    }
    lane("without pae", Machine { cpu: format!("{},pae=off", base.cpu), ..two_level });
    lanes
}

/// Where everything fails that can: without high memory, kmap cannot.
pub fn faults(base: &Machine) -> Lane {
    if base.cmdline.contains("highmem=") {
        return Lane::plain(base);
    }
    let cmdline = format!("{} highmem=48M", base.cmdline).trim_start().to_owned();
    let machine = Machine { cmdline, ..base.clone() };
    Lane { has_high_memory: true, ..Lane::plain(&machine) }
}

/// The least memory and the most: 3583 MiB is where the devices of a PC begin, which two-level tables
/// need as much as memory.
pub fn sizes(base: &Machine) -> Vec<Lane> {
    let lane = |pae: bool, mib: u64| Lane {
        name: format!("{} memory {mib}M", if pae { "pae" } else { "2level" }),
        ..Lane::plain(&Machine {
            memory: mib << 20,
            layout: Layout { pae, split: Split::ThreeOne },
            ..base.clone()
        })
    };
    vec![lane(false, 32), lane(false, 3583), lane(true, 32), lane(true, 16 << 10)]
}

/// The oldest processor the kernel is for. User programs need SSE2: it runs kernel tests only.
pub fn pentium(base: &Machine) -> Lane {
    Lane {
        name: "cpu pentium".into(),
        ..Lane::plain(&Machine {
            cpu: "pentium".into(),
            layout: Layout { pae: false, split: Split::ThreeOne },
            ..base.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_happen_with_high_memory() {
        let own = Machine { cmdline: "quiet highmem=8M".into(), ..Machine::default() };
        assert_eq!(faults(&own).machine.cmdline, "quiet highmem=8M");
        assert_eq!(faults(&Machine::default()).machine.cmdline, "highmem=48M");
    }

    #[test]
    fn the_lanes_of_the_contract_are_there() {
        let base = Machine { cmdline: "quiet".into(), ..Machine::default() };
        let lanes = special(&base);
        let machine =
            |name: &str| &lanes.iter().find(|lane| lane.name == name).expect(name).machine;
        assert_eq!(machine("highmem=48M").cmdline, "quiet highmem=48M");
        assert_eq!(machine("pkmap=8").cmdline, "quiet highmem=48M pkmap=8");
        assert_eq!(machine("memory 8G").memory, 8 << 30);
        let high = lanes.iter().filter(|lane| lane.has_high_memory).count();
        assert_eq!(high, 4);
        assert_eq!(machine("without nx").cpu, "max,nx=off");
        assert!(machine("without nx").layout.pae && !machine("without pae").layout.pae);
        assert_eq!(lanes.len(), 13);
        assert_eq!(layouts(&base).len(), 6);
        assert!(formats(&base)[0].machine.layout.pae && !formats(&base)[1].machine.layout.pae);
        let names: Vec<String> = sizes(&base).into_iter().map(|lane| lane.name).collect();
        assert_eq!(names[..2], ["2level memory 32M", "2level memory 3583M"]);
        assert_eq!(names[2..], ["pae memory 32M", "pae memory 16384M"]);
    }
}

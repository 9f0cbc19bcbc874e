//! `status`: what `stat` says and more, for people.

use super::statm::code_pages;
use super::{PAGE_KIB, Subject, state_name};
use crate::text::{Text, add, name_of};
use sys::Result;
use sys::abi::process::RLIMIT_SIGPENDING;
use sys::abi::statistics::{ProcessDetails, SpaceStatistics, ThreadStatistics};

/// All capabilities of Linux 6.1.
const ALL_CAPABILITIES: u64 = (1 << 41) - 1;

/// Writes the lines.
pub fn status(of: &Subject<'_>, text: &mut Text) -> Result<()> {
    let (process, thread) = (of.details()?, of.thread()?);
    let own = of.tid.and(thread);
    text.add_bytes(b"Name:\t");
    add_name(text, name_of(&own.map_or(process.name, |thread| thread.name)));
    let id = of.tid.unwrap_or(process.pid);
    let state = of.state(id, own.map_or(process.state, |thread| thread.state));
    add!(text, "\nUmask:\t{:04o}\n", { process.umask });
    add!(text, "State:\t{} ({})\n", char::from(state), state_name(state));
    add!(text, "Tgid:\t{}\nNgid:\t0\nPid:\t{id}\n", { process.pid });
    let tracer = thread.map_or(0, |thread| thread.tracer);
    add!(text, "PPid:\t{}\nTracerPid:\t{tracer}\n", { process.parent });
    ids(text, "Uid", process.users);
    ids(text, "Gid", process.groups);
    add!(text, "FDSize:\t{}\nGroups:\t", { process.descriptor_places });
    let groups = process.supplementary;
    let count = usize::try_from(process.supplementary_count).unwrap_or(usize::MAX);
    for group in groups.iter().take(count) {
        add!(text, "{group} ");
    }
    if count == 0 {
        text.add_bytes(b" ");
    }
    let (group, session) = (process.group, process.session);
    add!(text, "\nNStgid:\t{}\nNSpid:\t{id}\n", { process.pid });
    add!(text, "NSpgid:\t{group}\nNSsid:\t{session}\n");
    if process.space.exists != 0 {
        memory(text, &process.space);
    }
    add!(text, "Threads:\t{}\n", process.threads.max(1));
    signals(text, &process, thread);
    let privileged = process.users.get(1) == Some(&0);
    let capabilities = if privileged { ALL_CAPABILITIES } else { 0 };
    for (set, value) in [
        ("Inh", 0),
        ("Prm", capabilities),
        ("Eff", capabilities),
        ("Bnd", ALL_CAPABILITIES),
        ("Amb", 0),
    ] {
        add!(text, "Cap{set}:\t{value:016x}\n");
    }
    text.add_bytes(b"NoNewPrivs:\t0\nSeccomp:\t0\nSeccomp_filters:\t0\n");
    // Nothing is done about what CPUs execute in advance.
    text.add_bytes(b"Speculation_Store_Bypass:\tvulnerable\n");
    text.add_bytes(b"SpeculationIndirectBranch:\talways enabled\n");
    text.add_bytes(b"Cpus_allowed:\t1\nCpus_allowed_list:\t0\n");
    text.add_bytes(b"Mems_allowed:\t1\nMems_allowed_list:\t0\n");
    let used = own.map_or(process.used, |thread| thread.used);
    add!(text, "voluntary_ctxt_switches:\t{}\n", { used.voluntary_switches });
    add!(text, "nonvoluntary_ctxt_switches:\t{}\n", { used.forced_switches });
    Ok(())
}

/// Adds a name, written as in C where it would look like the end of its line.
fn add_name(text: &mut Text, name: &[u8]) {
    for byte in name {
        match byte {
            b'\n' => text.add_bytes(b"\\n"),
            b'\\' => text.add_bytes(b"\\\\"),
            byte => text.add_bytes(&[*byte]),
        }
    }
}

fn ids(text: &mut Text, label: &str, [real, effective, saved, filesystem]: [u32; 4]) {
    add!(text, "{label}:\t{real}\t{effective}\t{saved}\t{filesystem}\n");
}

fn memory(text: &mut Text, space: &SpaceStatistics) {
    let resident = space.resident_private + space.resident_file + space.resident_shared;
    let code = code_pages(space);
    for (label, pages) in [
        ("VmPeak", space.peak_total),
        ("VmSize", space.total),
        ("VmLck", space.locked),
        ("VmPin", 0),
        ("VmHWM", space.peak_resident),
        ("VmRSS", resident),
        ("RssAnon", space.resident_private),
        ("RssFile", space.resident_file),
        ("RssShmem", space.resident_shared),
        ("VmData", space.data),
        ("VmStk", space.stack),
        ("VmExe", code),
        ("VmLib", space.executable.saturating_sub(code)),
        ("VmPTE", space.page_tables),
        ("VmSwap", space.swapped),
        ("HugetlbPages", 0),
    ] {
        add!(text, "{label}:\t{:8} kB\n", u64::from(pages) * u64::from(PAGE_KIB));
    }
    text.add_bytes(b"CoreDumping:\t0\nTHP_enabled:\t0\n");
}

fn signals(text: &mut Text, process: &ProcessDetails, thread: Option<ThreadStatistics>) {
    let limit = process.limits.get(RLIMIT_SIGPENDING as usize).map_or(u64::MAX, |it| it.current);
    let (pending, blocked) = thread.map_or((0, 0), |thread| (thread.pending, thread.blocked));
    add!(text, "SigQ:\t{}/{limit}\n", { process.signals_kept });
    for (label, set) in [
        ("SigPnd", pending),
        ("ShdPnd", process.pending),
        ("SigBlk", blocked),
        ("SigIgn", process.ignored),
        ("SigCgt", process.caught),
    ] {
        add!(text, "{label}:\t{set:016x}\n");
    }
}

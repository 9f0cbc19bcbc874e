//! `stat`: everything about a process on one line of numbers.

use super::{PAGE, Subject};
use crate::text::{Text, add, name_of};
use sys::Result;
use sys::abi::process::RLIMIT_RSS;

/// Signals that the line has bits for.
const OLD_SIGNALS: u64 = 0x7fff_ffff;
const NORMAL_PRIORITY: i32 = 20;

/// Writes the line.
pub fn stat(of: &Subject<'_>, text: &mut Text) -> Result<()> {
    let (process, thread) = (of.details()?, of.thread()?);
    let own = of.tid.and(thread);
    let used = match own {
        Some(thread) if !of.is_whole => thread.used,
        _ => process.used,
    };
    let state = own.map_or(process.state, |thread| thread.state);
    let name = own.map_or(process.name, |thread| thread.name);
    let id = of.tid.unwrap_or(process.pid);
    let state = of.state(id, state);
    add!(text, "{id} (");
    text.add_bytes(name_of(&name));
    add!(
        text,
        ") {} {} {} {} {} {} 0 ",
        char::from(state),
        { process.parent },
        { process.group },
        { process.session },
        { process.terminal },
        { process.terminal_group },
    );
    let children = process.children;
    add!(
        text,
        "{} {} {} {} {} {} {} {} ",
        { used.minor_faults },
        { children.minor_faults },
        { used.major_faults },
        { children.major_faults },
        { used.user_ticks },
        { used.kernel_ticks },
        { children.user_ticks },
        { children.kernel_ticks },
    );
    let space = process.space;
    let resident = space.resident_private + space.resident_file + space.resident_shared;
    let rss_limit = process.limits.get(RLIMIT_RSS as usize).map_or(u64::MAX, |it| it.current);
    let rss_limit = u32::try_from(rss_limit).unwrap_or(u32::MAX);
    let started = own.map_or(process.started, |thread| thread.started);
    add!(
        text,
        "{} {} {} 0 {started} {} {resident} {rss_limit} ",
        NORMAL_PRIORITY + process.nice,
        { process.nice },
        // A zombie is still one thread.
        process.threads.max(1),
        u64::from(space.total) * u64::from(PAGE),
    );
    // Who may not look gets no addresses.
    let shown = |address: u32| if of.may_look { address } else { 0 };
    let exists = space.exists != 0;
    let (code, end) = match (exists, of.may_look) {
        (false, _) => (0, 0),
        (true, false) => (1, 1),
        (true, true) => (space.start_code, space.end_code),
    };
    let (blocked, pending) = thread.map_or((0, 0), |thread| (thread.blocked, thread.pending));
    // Of many threads, nobody can say.
    let is_waiting = state != b'R' && of.may_look && (!of.is_whole || process.threads < 2);
    add!(
        text,
        "{code} {end} {} 0 0 {} {} {} {} {} 0 0 {} {} 0 0 0 0 0 ",
        shown(space.start_stack),
        pending & OLD_SIGNALS,
        blocked & OLD_SIGNALS,
        process.ignored & OLD_SIGNALS,
        process.caught & OLD_SIGNALS,
        u32::from(is_waiting),
        if own.is_some() && id != process.pid { -1 } else { process.exit_signal },
        thread.map_or(0, |thread| thread.processor),
    );
    add!(
        text,
        "{} {} {} {} {} {} {} {}\n",
        shown(space.start_data),
        shown(space.end_data),
        shown(space.start_heap),
        shown(space.start_arguments),
        shown(space.end_arguments),
        shown(space.start_environment),
        shown(space.end_environment),
        if of.may_look { process.exit_status } else { 0 },
    );
    Ok(())
}

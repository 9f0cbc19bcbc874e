//! Who called a function with a failpoint: one level up from the failpoint's own.

use crate::symbols::{Frame, Frames};

/// What decides about a passage, in the place of the failpoint.
const MACHINERY: [&str; 2] = ["kernel::failpoint::", "kernel::arch::i386::aside::"];
/// What stands between the failpoints of memory, or of copies, and whoever wants any.
const SHIMS: [&str; 9] = [
    "__rust",
    "__rustc::",
    "alloc::",
    "core::",
    "hashbrown::",
    "[",
    "kernel::mm::frames::",
    "kernel::mm::heap::",
    "kernel::mm::user::",
];

/// The place that a path leads from to the function that holds its failpoint: function, file and line. In
/// one that is too short for that, as far as it goes. `None`: there is no path.
pub fn caller(frames: &mut Frames, calls: &[u32]) -> Option<String> {
    let mut path = path(frames, calls).into_iter();
    let own = path.next()?;
    let mut last = None;
    for frame in path.filter(|frame| is_other(frame, &own)) {
        if !is_shim(&frame.function) {
            return Some(named(&frame));
        }
        last = Some(frame);
    }
    Some(named(&last.unwrap_or(own)))
}

/// The functions that lead to a failpoint, its own first, one for each address.
pub fn functions(frames: &mut Frames, calls: &[u32]) -> Vec<String> {
    let function = |call: &u32| match frames.at(*call).last() {
        Some(frame) => frame.function.clone(),
        None => String::new(),
    };
    calls.iter().map(function).collect()
}

/// Also those that are inlined, without the machinery of failpoints.
fn path(frames: &mut Frames, calls: &[u32]) -> Vec<Frame> {
    let at = |call: &u32| match &*frames.at(*call) {
        [] => vec![Frame { function: format!("{call:#010x}"), place: String::new() }],
        known => known.to_vec(),
    };
    let all = calls.iter().flat_map(at);
    all.skip_while(|frame| starts_with_any(&frame.function, &MACHINERY)).collect()
}

/// A closure is a part of its function.
fn is_other(frame: &Frame, own: &Frame) -> bool {
    fn outer(function: &str) -> &str {
        function.split("::{closure").next().unwrap_or(function)
    }
    outer(&frame.function) != outer(&own.function)
}

fn is_shim(function: &str) -> bool {
    starts_with_any(function, &SHIMS)
}

/// Of a path, or of the type that a method is of: `<alloc::vec::Vec<u8>>::reserve`.
fn starts_with_any(function: &str, starts: &[&str]) -> bool {
    let inner = function.trim_start_matches(['<', '&', '*']);
    starts.iter().any(|start| function.starts_with(start) || inner.starts_with(start))
}

fn named(frame: &Frame) -> String {
    match &frame.place[..] {
        "" => frame.function.clone(),
        place => format!("{} at {place}", frame.function),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAP: &[(&str, &str)] = &[
        ("kernel::arch::i386::aside::call", "kernel/src/arch/i386/aside.rs:45"),
        ("<kernel::failpoint::site::Site>::fails", "kernel/src/failpoint/site.rs:77"),
        ("<kernel::mm::heap::Heap as core::alloc::global::GlobalAlloc>::alloc", "heap.rs:71"),
        ("__rustc::__rust_alloc", "heap.rs:26"),
    ];

    fn frames() -> Frames {
        Frames::known(&[
            (1, HEAP),
            (2, &[("alloc::alloc::alloc", "a.rs:1"), ("<alloc::vec::Vec<u8>>::grow", "v.rs:2")]),
            (3, &[("kernel::file::open", "open.rs:3"), ("kernel::syscall::open", "s.rs:4")]),
            (4, &[("<kernel::file::Pipe as core::ops::Drop>::drop", "pipe.rs:5")]),
            (
                10,
                &[("<kernel::failpoint::site::Site>::fails", "site.rs:1"), ("kernel::a", "a.rs:9")],
            ),
            (11, &[("kernel::a::{closure#0}", "a.rs:20"), ("kernel::b", "b.rs:3")]),
        ])
    }

    #[test]
    fn shims_are_nobodys_callers() {
        let (mut frames, heap) = (frames(), |calls: &[u32]| caller(&mut frames(), calls));
        assert_eq!(heap(&[1, 2, 3, 4]).as_deref(), Some("kernel::file::open at open.rs:3"));
        let dropped = "<kernel::file::Pipe as core::ops::Drop>::drop at pipe.rs:5";
        assert_eq!(caller(&mut frames, &[1, 4, 3]).as_deref(), Some(dropped));
        // As far as the path goes.
        assert_eq!(heap(&[1, 2]).as_deref(), Some("<alloc::vec::Vec<u8>>::grow at v.rs:2"));
        assert_eq!(heap(&[]), None);
    }

    #[test]
    fn a_functions_own_frames_are_not_its_callers() {
        assert_eq!(caller(&mut frames(), &[10, 11]).as_deref(), Some("kernel::b at b.rs:3"));
        assert_eq!(caller(&mut frames(), &[10]).as_deref(), Some("kernel::a at a.rs:9"));
    }

    #[test]
    fn what_has_no_name_is_an_address() {
        assert_eq!(caller(&mut frames(), &[0xc0, 0xc1]).as_deref(), Some("0x000000c1"));
        assert_eq!(
            functions(&mut frames(), &[1, 3, 0xc0]),
            ["__rustc::__rust_alloc", "kernel::syscall::open", ""]
        );
    }
}

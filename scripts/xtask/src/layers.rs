//! The layers of the kernel: a module imports from its own layer and from those below.

/// Module path prefixes and their layer; the longest prefix that fits counts. `sync` and `mm` have
/// parts on several layers.
const LAYERS: &[(&str, u8)] = &[
    ("arch", 0),
    ("result", 0),
    ("cpu", 1),
    ("failpoint", 1),
    ("failpoint::decide", 3),
    ("failpoint::none", 3),
    ("failpoint::injected", 3),
    ("failpoint::pressure", 3),
    ("failpoint::thread", 3),
    ("irq", 1),
    ("sync", 1),
    ("log", 1),
    ("nmi", 1),
    ("mm", 2),
    // kmap that may sleep.
    ("mm::kmap::pkmap", 3),
    ("mm::access", 4),
    ("mm::advise", 4),
    ("mm::layout", 4),
    ("mm::lock", 4),
    ("mm::space", 4),
    ("mm::statistics", 4),
    ("mm::map", 4),
    ("mm::populate", 4),
    ("mm::unmap", 4),
    ("mm::protect", 4),
    ("mm::remap", 4),
    ("mm::brk", 4),
    ("mm::fork", 4),
    ("mm::fallocate", 4),
    ("mm::fault", 4),
    ("mm::exit", 4),
    ("mm::filemap", 4),
    ("mm::object", 4),
    ("mm::observe", 4),
    ("mm::rmap", 4),
    ("mm::poke", 4),
    ("mm::remote", 4),
    ("mm::user", 4),
    ("mm::vdso", 4),
    ("task", 3),
    ("sync::completion", 3),
    ("sync::mutex", 3),
    ("sync::rw_lock", 3),
    ("sync::wait_queue", 3),
    ("time", 3),
    ("ipc", 3),
    ("file", 5),
    ("ipc::call", 5),
    ("ipc::child", 5),
    ("ipc::exchange", 5),
    ("ipc::frames", 5),
    ("ipc::handle", 5),
    ("ipc::io_ports", 5),
    ("ipc::lease", 5),
    ("ipc::supervisor", 5),
    ("process", 5),
    ("syscall", 6),
    ("trap", 6),
    ("init", 7),
    ("main", 7),
    ("panic", 7),
    ("crash", 7),
    ("ktest", 7),
];

/// Modules that may use something from above: who, what, and the reason is beside it.
const EXCEPTIONS: &[(&str, &str)] = &[
    // Chips and tables lie behind locks, and locks switch interrupts off.
    ("arch", "sync"),
    // The entry code hands the processor's events to their handlers.
    ("arch::i386::entry", "nmi"),
    ("arch::i386::entry", "trap"),
    // And calls handlers of system calls, and looks for work on the way out, without a detour.
    ("arch::i386::entry", "syscall"),
    ("arch::i386::entry", "cpu"),
    ("arch::i386::entry", "task"),
    // A trap without an answer is where a panic begins.
    ("trap", "panic"),
];

/// Whether `path` is `prefix` or something in it.
fn within(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// The layer of a module path such as `mm::fault::stack`.
pub fn layer(path: &str) -> Option<u8> {
    if path.ends_with("::ktest") || path.ends_with("_ktest") {
        return layer("ktest");
    }
    LAYERS
        .iter()
        .filter(|(prefix, _)| within(path, prefix))
        .max_by_key(|(prefix, _)| prefix.len())
        .map(|(_, layer)| *layer)
}

/// The module of a file below `kernel/src`: `mm/fault.rs` and `mm/fault/mod.rs` are `mm::fault`.
pub fn module(file: &str) -> String {
    let path = file.strip_suffix(".rs").unwrap_or(file);
    let path = path.strip_suffix("/mod").unwrap_or(path);
    path.replace('/', "::")
}

/// Every `crate::` path that a source text names, tests and comments left out.
pub fn imports(source: &str) -> Vec<String> {
    let mut text = String::new();
    for line in source.lines() {
        if line.trim_start().starts_with("#[cfg(test)]") {
            break;
        }
        text.push_str(line.split("//").next().unwrap_or_default());
        text.push(' ');
    }
    let mut found = Vec::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find("crate::") {
        let before = rest.get(..at).and_then(|before| before.chars().last());
        rest = rest.get(at + "crate::".len()..).unwrap_or_default();
        if before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '$') {
            tree(rest, "", &mut found);
        }
    }
    found
}

/// Reads one path or `{…}` list behind `prefix`; what is left of `text`.
fn tree<'a>(text: &'a str, prefix: &str, found: &mut Vec<String>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = tree(rest, prefix, found).trim_start();
            match rest.strip_prefix(',') {
                Some(more) if !more.trim_start().starts_with('}') => rest = more,
                Some(more) => return more.trim_start().strip_prefix('}').unwrap_or(more),
                None => return rest.strip_prefix('}').unwrap_or(rest),
            }
        }
    }
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let path = match (prefix, name) {
        ("", name) => name.to_owned(),
        (prefix, "" | "self") => prefix.to_owned(),
        (prefix, name) => format!("{prefix}::{name}"),
    };
    match rest.strip_prefix("::") {
        Some(below) if !below.starts_with('<') => tree(below, &path, found),
        _ => {
            found.push(path);
            // `as name`
            let rest = rest.trim_start();
            match rest.strip_prefix("as ") {
                Some(renamed) => renamed
                    .trim_start()
                    .trim_start_matches(|c: char| c.is_alphanumeric() || c == '_'),
                None => rest,
            }
        }
    }
}

/// What a file imports from above its own layer, and modules that no layer knows.
pub fn violations(file: &str, source: &str) -> Vec<String> {
    let module = module(file);
    let Some(own) = layer(&module) else {
        return vec![format!(
            "kernel/src/{file}: no layer knows this module (scripts/xtask/src/layers.rs)"
        )];
    };
    let allowed = |path: &str| {
        EXCEPTIONS.iter().any(|(who, what)| within(&module, who) && within(path, what))
    };
    let above = |path: &String| layer(path).is_some_and(|layer| layer > own) && !allowed(path);
    let mut paths = imports(source);
    paths.retain(above);
    paths.sort();
    paths.dedup();
    let line = |path: String| {
        let layer = layer(&path).unwrap_or_default();
        format!("kernel/src/{file}: layer {own} must not use crate::{path} of layer {layer}")
    };
    paths.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_is_about_a_module() {
        let top = crate::workspace::root().join("kernel/src");
        for (prefix, _) in LAYERS {
            let path = top.join(prefix.replace("::", "/"));
            assert!(path.is_dir() || path.with_extension("rs").is_file(), "{prefix}");
        }
        for (who, what) in EXCEPTIONS {
            assert!(layer(who).is_some() && layer(what).is_some(), "{who} {what}");
        }
    }

    #[test]
    fn the_longest_prefix_decides() {
        assert_eq!(layer("mm::frames"), Some(2));
        assert_eq!(layer("mm::fault::stack"), Some(4));
        assert_eq!(layer("mm::faulty"), Some(2));
        assert_eq!(layer("ipc::port"), Some(3));
        assert_eq!(layer("attic"), None);
        assert_eq!(layer("task::ktest"), Some(7), "tests may use whatever is above");
        assert_eq!(layer("mm::races_ktest"), Some(7));
    }

    #[test]
    fn nested_imports_are_unfolded() {
        let source = "use crate::{arch::cpu, mm::{self, fault::{decide as d, Fault},}, task::*};\n\
                      fn f() { crate::syscall::enter(); my_crate::x(); } // crate::panic\n\
                      #[cfg(test)]\nmod tests { use crate::main; }";
        let found = imports(source);
        assert_eq!(
            found,
            ["arch::cpu", "mm", "mm::fault::decide", "mm::fault::Fault", "task", "syscall::enter"]
        );
    }

    #[test]
    fn an_import_from_above_is_a_violation() {
        let found = violations("mm/frames.rs", "use crate::mm::fault::decide;\nuse crate::log;");
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("layer 2 must not use crate::mm::fault::decide of layer 4"));
        assert_eq!(violations("mm/fault.rs", "use crate::mm::frames;"), [""; 0]);
        assert_eq!(violations("attic.rs", "").len(), 1);
        let upward = "use crate::trap::on_fault;";
        assert_eq!(violations("arch/i386/entry.rs", upward), [""; 0]);
        assert_eq!(violations("arch/i386/pic.rs", upward).len(), 1);
    }
}

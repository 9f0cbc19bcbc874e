//! What `strace` and `faults` print, to the letter.

use crate::child;
use crate::harness::only_on_folio;
use crate::scratch::Scratch;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;
use sys::abi::file::O_WRONLY;
use sys::abi::process::FUTEX_WAKE;
use sys::abi::signal::SIGINT;
use sys::abi::socket::{AF_UNIX, SOCK_STREAM, function};
use sys::abi::terminal::FIONREAD;
use sys::abi::{UserMutPtr, UserPtr};
use sys::command::Command;
use sys::file::File;
use sys::ipc::{Level, raise_level};
use sys::process::kill;
use sys::syscall::{pointer, pointer_mut};
use sys::time;
use sys::wait::Status;

tests![
    strace_prints_these_lines,
    strace_shows_only_what_is_wanted,
    strace_follows_children,
    strace_attaches_to_who_runs_already,
    strace_looks_where_arguments_point,
    faults_prints_a_line_for_each,
    faults_follows_children_into_other_programs,
    programs_that_cannot_be_run_have_a_status,
];

const STRACE: &str = "/bin/strace";
const FAULTS: &str = "/bin/faults";

/// Lets servers answer, as they do to programs.
fn as_programs() {
    only_on_folio("abi::trace");
    raise_level(Level::PROGRAM).expect("level");
}

/// Starts a program with its output thrown away and its own file elsewhere.
fn start(program: &str, output: &str, arguments: &[&str]) -> i32 {
    as_programs();
    let null = File::open_with("/dev/null", O_WRONLY, 0).expect("/dev/null");
    let mut command = Command::new(program);
    command.arg("-o").arg(output).stdout(null.fd()).stderr(null.fd());
    for argument in arguments {
        command.arg(*argument);
    }
    command.spawn().expect("fork")
}

fn contents(path: &str) -> String {
    String::from_utf8(sys::file::read(path).expect("read")).expect("text")
}

/// How a program ended, and what it left in its own file.
fn run(program: &str, arguments: &[&str]) -> (Status, String) {
    let output = Scratch::path("output");
    let pid = start(program, output.as_str(), arguments);
    (child::wait(pid), contents(output.as_str()))
}

/// The text with addresses, the number of variables and process ids replaced by words.
fn masked(text: &str) -> String {
    let mut masked = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let found =
            [("0x", "ADDRESS"), ("/* ", "/* N"), ("[pid ", "[pid N"), ("Process ", "Process N")]
                .into_iter()
                .find(|(start, _)| rest.starts_with(start));
        match found {
            Some((start, word)) => {
                masked.push_str(word);
                let is_part = |c: char| c.is_ascii_hexdigit() || c == ' ' && start == "[pid ";
                rest = rest[start.len()..].trim_start_matches(is_part);
            }
            None => {
                let next = rest.chars().next().unwrap_or_default();
                masked.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
    }
    masked
}

pub fn strace_prints_these_lines() {
    let (status, text) = run(STRACE, &["/bin/echo", "-n", "hi"]);
    let expected = r#"execve("/bin/echo", ["/bin/echo", "-n", "hi"], ADDRESS /* N vars */) = 0
mmap2(NULL, 1048576, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ADDRESS
write(1, "hi", 2)                       = 2
exit_group(0)                           = ?
+++ exited with 0 +++
"#;
    assert_eq!((status, masked(&text).as_str()), (Status::Exited(0), expected));
}

pub fn strace_shows_only_what_is_wanted() {
    let (_, text) = run(STRACE, &["-e", "trace=write", "/bin/echo", "-n", "hi"]);
    assert_eq!(text, "write(1, \"hi\", 2)                       = 2\n+++ exited with 0 +++\n");
    let (_, counted) = run(STRACE, &["-c", "/bin/echo", "hi"]);
    assert!(
        counted.lines().last().is_some_and(|line| line.ends_with(" 3           total")),
        "{counted}"
    );
}

pub fn strace_follows_children() {
    let calls = ["-fe", "trace=execve,exit_group", "/bin/sh", "-c", "/bin/echo hi; exit 3"];
    let (status, text) = run(STRACE, &calls);
    // The shell does not make these calls until its child has ended.
    let expected = r#"execve("/bin/sh", ["/bin/sh", "-c", "/bin/echo hi; exit 3"], ADDRESS /* N vars */) = 0
strace: Process N attached
[pid N] execve("/bin/echo", ["/bin/echo", "hi"], ADDRESS /* N vars */) = 0
[pid N] exit_group(0)               = ?
[pid N] +++ exited with 0 +++
--- SIGCHLD
exit_group(3)                           = ?
+++ exited with 3 +++
"#;
    let without_details: Vec<&str> =
        text.lines().map(|line| line.split(" {si_signo=").next().unwrap_or_default()).collect();
    let text = masked(&(without_details.join("\n") + "\n"));
    assert_eq!((status, text.as_str()), (Status::Exited(3), expected));
}

pub fn strace_attaches_to_who_runs_already() {
    as_programs();
    for is_interrupted in [false, true] {
        let output = Scratch::path("attached");
        let path = output.as_str();
        let has_begun = || sys::file::stat(path).is_ok_and(|stat| { stat.size } > 0);
        let target = child::start(|| {
            while !has_begun() {
                time::sleep(Duration::from_millis(5));
            }
            // Nobody looks on any more, or somebody does.
            time::sleep(Duration::from_millis(300));
            7
        });
        let strace =
            start(STRACE, path, &["-e", "nanosleep,exit_group", "-p", &target.to_string()]);
        while is_interrupted && !has_begun() {
            time::sleep(Duration::from_millis(5));
        }
        if is_interrupted {
            kill(strace, SIGINT).expect("kill");
        }
        assert_eq!(child::wait(strace), Status::Exited(0));
        assert_eq!(child::wait(target), Status::Exited(7));
        let text = contents(path);
        let sleeps = "nanosleep({tv_sec=0, tv_nsec=5000000}, ADDRESS) = 0\n";
        // Nobody waits for the end of what is under way.
        assert!(is_interrupted || masked(&text).contains(sleeps), "{text}");
        assert!(text.starts_with("nanosleep("), "{text}");
        let end = "exit_group(7)                           = ?\n+++ exited with 7 +++\n";
        assert_eq!(text.ends_with(end), !is_interrupted, "{text}");
    }
}

pub fn strace_looks_where_arguments_point() {
    as_programs();
    let output = Scratch::path("pointed");
    let path = output.as_str();
    let target = child::start(|| {
        while !sys::file::stat(path).is_ok_and(|stat| { stat.size } > 0) {
            time::sleep(Duration::from_millis(5));
        }
        let socket = call!(socket(AF_UNIX, SOCK_STREAM, 0)).expect("socket");
        let address = b"\x01\0/there/is/none\0";
        let words = [socket, pointer(address), address.len() as u32];
        let _ = call!(socketcall(function::CONNECT, UserPtr::new(pointer(&words))));
        let (read, write) = sys::file::pipe().expect("pipe");
        write.write_all(b"abc").expect("write");
        let (fd, mut available) = (read.fd().0, 0u32);
        call!(ioctl(fd, FIONREAD, pointer_mut(&mut available))).expect("ioctl");
        let (word, garbage) = (UserMutPtr::new(pointer_mut(&mut available)), UserPtr::new(3));
        call!(futex(word, FUTEX_WAKE, 1, garbage, UserMutPtr::NULL, 7)).expect("futex");
        0
    });
    let wanted = "trace=nanosleep,connect,ioctl,futex";
    let strace = start(STRACE, path, &["-e", wanted, "-p", &target.to_string()]);
    assert_eq!((child::wait(strace), child::wait(target)), (Status::Exited(0), Status::Exited(0)));
    let text = masked(&contents(path));
    assert!(text.contains("\nconnect("), "{text}");
    for line in [
        ", {sa_family=AF_UNIX, sun_path=\"/there/is/none\"}, 17) = -1 ENOENT (",
        ", FIONREAD, [3]) ",
        "\nfutex(ADDRESS, FUTEX_WAKE, 1) ",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
}

pub fn faults_prints_a_line_for_each() {
    let (_, text) = run(FAULTS, &["/bin/echo", "hi"]);
    let (lines, summary) = text.split_once("\n\n").expect("a summary");
    let count = lines.lines().count() - 1;
    assert!(count > 2, "{text}");
    assert!(lines.lines().skip(1).all(|line| line.starts_with("0x")), "{text}");
    assert!(lines.contains(" exec   cached page") && lines.contains(" write  new page"), "{text}");
    let all = summary.lines().last().unwrap_or_default();
    let mut words = all.split_ascii_whitespace();
    assert_eq!(
        (words.next(), words.next()),
        (Some("all"), Some(count.to_string().as_str())),
        "{text}"
    );
}

pub fn faults_follows_children_into_other_programs() {
    let (status, text) = run(FAULTS, &["-f", "/bin/sh", "-c", "/bin/echo hi; exit 3"]);
    assert_eq!(status, Status::Exited(3));
    let is_childs = |line: &&str| line.starts_with("[pid ");
    let (childs, own): (Vec<&str>, Vec<&str>) =
        text.lines().filter(|line| line.contains("0x")).partition(is_childs);
    assert!(own.iter().any(|line| line.contains(" /bin/sh+0x")), "{text}");
    assert!(!own.iter().any(|line| line.contains(" /bin/echo+0x")), "{text}");
    // A shell at first, and then never again.
    let is_echo = |line: &&str| line.contains(" /bin/echo+0x");
    let begin = childs.iter().position(is_echo).expect("the program's faults");
    let (before, after) = childs.split_at(begin);
    assert!(before.iter().any(|line| line.contains(" /bin/sh+0x")), "{text}");
    assert!(!after.iter().any(|line| line.contains(" /bin/sh+0x")), "{text}");
}

/// As of a shell.
pub fn programs_that_cannot_be_run_have_a_status() {
    let (_name, plain) = Scratch::file("plain", b"no program");
    drop(plain);
    for tool in [STRACE, FAULTS] {
        assert_eq!(run(tool, &["there-is-no-such-program"]).0, Status::Exited(127));
        assert_eq!(run(tool, &["/there/is/no/such"]).0, Status::Exited(127));
        assert_eq!(run(tool, &[_name.as_str()]).0, Status::Exited(126));
        let pid = start(tool, "/there/is/no/folder", &["/bin/echo"]);
        assert_eq!(child::wait(pid), Status::Exited(125));
    }
}

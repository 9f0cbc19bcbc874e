//! Whole lines, and the table.

use crate::argument::Kind;
use crate::memory::Memory;
use crate::region::Regions;
use crate::report::Report;
use crate::table::{self, FOLIO, LINUX};
use crate::{fault, number};
use abi::signal::{CLD_EXITED, Siginfo};
use abi::trace::{Call, Event, FAULT_CACHED, FAULT_IN_KERNEL, Fault, What};
use std::format;
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

/// A few bytes at 0x1000; nothing else is there.
struct Bytes(Vec<u8>);

const BASE: u32 = 0x1000;

impl Memory for Bytes {
    fn read(&self, address: u32, to: &mut [u8]) -> usize {
        let Some(at) = address.checked_sub(BASE) else { return 0 };
        let there = self.0.get(at as usize..).unwrap_or_default();
        let count = there.len().min(to.len());
        to[..count].copy_from_slice(&there[..count]);
        count
    }
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn number_of(name: &str) -> (u32, u32) {
    let (vector, call) = table::all().find(|(_, call)| call.name == name).expect("a call");
    (vector, call.number)
}

fn call(name: &str, arguments: &[u32], result: u32) -> Call {
    let (table, number) = number_of(name);
    let mut registers = [0; 6];
    registers[..arguments.len()].copy_from_slice(arguments);
    Call { table, number, registers, result, cycles: 7 }
}

/// The line of one call by one thread.
fn line(name: &str, arguments: &[u32], result: u32, memory: Vec<u8>) -> String {
    let (mut report, memory) = (Report::default(), Bytes(memory));
    let call = call(name, arguments, result);
    for what in [What::CallEntered(call), What::CallLeft(call)] {
        report.event(&Event::new(5, 5, &what), &memory, &|_| true);
    }
    report.take().trim_end().to_string()
}

fn failed(errno: i32) -> u32 {
    (-errno).cast_unsigned()
}

#[test]
fn every_number_of_the_tables_means_something() {
    for (_, call) in table::all() {
        for parameter in call.parameters {
            if matches!(parameter.kind, Kind::Signed | Kind::Unsigned) {
                let format = number::format(call.name, parameter.name);
                assert!(format.is_some(), "{}: {}", call.name, parameter.name);
            }
        }
    }
}

#[test]
fn every_structure_of_linuxs_table_has_a_look() {
    for (_, call) in table::all().filter(|(vector, _)| *vector == LINUX) {
        for parameter in call.parameters {
            if let Kind::Input(shape) | Kind::Output(shape) = parameter.kind {
                assert!(shape().is_some(), "{}: {}", call.name, parameter.name);
            }
        }
    }
}

#[test]
fn the_usual_calls() {
    let hello = b"hello\n\0\x1b7\"".to_vec();
    let aligned = "write(1, \"hello\\n\", 6)                  = 6";
    assert_eq!(line("write", &[1, BASE, 6], 6, hello.clone()), aligned);
    assert_eq!(
        line("read", &[0, BASE, 99], 10, hello.clone()),
        "read(0, \"hello\\n\\0\\0337\\\"\", 99)         = 10"
    );
    assert_eq!(
        line("read", &[0, BASE, 99], failed(4), hello),
        "read(0, 0x1000, 99)                     = -1 EINTR (Interrupted system call)"
            .replace("Interrupted system call", abi::Errno::EINTR.description())
    );
    assert_eq!(
        line("openat", &[(-100i32).cast_unsigned(), BASE, 0o2000000, 0], 3, b"/etc/x\0".to_vec()),
        "openat(AT_FDCWD, \"/etc/x\", O_RDONLY|O_CLOEXEC) = 3"
    );
    assert_eq!(
        line("open", &[BASE, 0o1101, 0o644], failed(2), b"f\0".to_vec()),
        "open(\"f\", O_WRONLY|O_CREAT|O_TRUNC, 0644) = -1 ENOENT (No such file or directory)"
            .replace("No such file or directory", abi::Errno::ENOENT.description())
    );
    assert_eq!(
        line("mmap2", &[0, 8192, 3, 0x22, u32::MAX, 0], 0xb7f0_0000, vec![]),
        "mmap2(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0xb7f00000"
    );
    assert_eq!(
        line("wait4", &[u32::MAX, BASE, 1, 0], 9, words(&[0x300])),
        "wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 3}], WNOHANG, NULL) = 9"
    );
    assert_eq!(
        line("execve", &[BASE, BASE + 12, BASE + 20], 0, {
            let mut memory = b"/bin/ls\0-l\0\0".to_vec();
            memory.extend(words(&[BASE + 8, 0, BASE, BASE, 0]));
            memory
        }),
        "execve(\"/bin/ls\", [\"-l\"], 0x1014 /* 2 vars */) = 0"
    );
}

#[test]
fn structures() {
    assert_eq!(
        line("nanosleep", &[BASE, 0], failed(516), words(&[1, 500])),
        "nanosleep({tv_sec=1, tv_nsec=500}, NULL) = ? ERESTART_RESTARTBLOCK (Interrupted by signal)"
    );
    let nap = words(&[1, 500]);
    let left = "{tv_sec=1, tv_nsec=500}) = ? ERESTART_RESTARTBLOCK (Interrupted by signal)";
    let slept = line("nanosleep", &[BASE, BASE], 0, nap.clone());
    assert_eq!(slept, "nanosleep({tv_sec=1, tv_nsec=500}, 0x1000) = 0");
    assert!(line("nanosleep", &[BASE, BASE], failed(516), nap).ends_with(left));
    assert_eq!(
        line("rt_sigaction", &[2, BASE, 0, 8], 0, words(&[1, 0x1000_0000, 0, 0, 0])),
        "rt_sigaction(SIGINT, {sa_handler=SIG_IGN, sa_mask=[], sa_flags=SA_RESTART}, NULL, 8) = 0"
    );
    assert_eq!(
        line("rt_sigprocmask", &[0, BASE, 0, 8], 0, words(&[0x0001_0000 | 2, 0])),
        "rt_sigprocmask(SIG_BLOCK, [INT CHLD], NULL, 8) = 0"
    );
    assert_eq!(
        line("rt_sigprocmask", &[2, BASE, 0, 8], 0, words(&[!2, !0])),
        "rt_sigprocmask(SIG_SETMASK, ~[INT], NULL, 8) = 0"
    );
    let mut stat = vec![0; 96];
    stat[16..20].copy_from_slice(&0o100_644u32.to_le_bytes());
    stat[44..52].copy_from_slice(&1234u64.to_le_bytes());
    assert_eq!(
        line("fstat64", &[3, BASE], 0, stat),
        "fstat64(3, {st_mode=S_IFREG|0644, st_size=1234, ...}) = 0"
    );
    let mut vector = words(&[BASE + 16, 3, BASE + 19, 2]);
    vector.extend(b"abcde");
    assert_eq!(
        line("writev", &[1, BASE, 2], 5, vector),
        "writev(1, [{iov_base=\"abc\", iov_len=3}, {iov_base=\"de\", iov_len=2}], 2) = 5"
    );
    let mut messages = words(&[0, 0, BASE + 64, 1, 0, 0, 0, 2]);
    messages.extend(words(&[0, 0, 8, 1, 0, 0, 0, 0]));
    messages.extend(words(&[BASE + 72, 8]));
    messages.extend(b"abcdefgh");
    let first = "[{msg_hdr={msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base=\"ab\", iov_len=8}], \
        msg_iovlen=1, msg_controllen=0, msg_flags=0}, msg_len=2}]";
    assert_eq!(
        line("recvmmsg", &[3, BASE, 2, 0x1_0000, 0], 1, messages.clone()),
        format!("recvmmsg(3, {first}, 2, MSG_WAITFORONE, NULL) = 1")
    );
    let sent = line("sendmmsg", &[3, BASE, 2, 0], 1, messages);
    assert!(sent.contains("iov_base=\"abcdefgh\""), "{sent}");
    assert_eq!(
        line("poll", &[BASE, 1, 100], 1, words(&[4, 1])),
        "poll([{fd=4, events=POLLIN}], 1, 100)   = 1"
    );
    assert_eq!(
        line("prlimit64", &[0, 3, 0, BASE], 0, words(&[8 << 20, 0, !0, !0])),
        "prlimit64(0, RLIMIT_STACK, NULL, {rlim_cur=8192*1024, rlim_max=RLIM_INFINITY}) = 0"
    );
    assert_eq!(
        line("pipe2", &[BASE, 0o2000000], 0, words(&[3, 4])),
        "pipe2([3, 4], O_CLOEXEC)                = 0"
    );
    assert_eq!(
        line("fcntl64", &[3, 2, 1], 0, vec![]),
        "fcntl64(3, F_SETFD, FD_CLOEXEC)         = 0"
    );
    assert_eq!(
        line("fcntl64", &[3, 1, 99], 1, vec![]),
        "fcntl64(3, F_GETFD)                     = 1"
    );
    assert_eq!(
        line("fcntl64", &[3, 13, BASE], 0, words(&[1, 5, 0, 6, 0, 0])),
        "fcntl64(3, F_SETLK64, {l_type=F_WRLCK, l_whence=SEEK_SET, l_start=5, l_len=6}) = 0"
    );
}

#[test]
fn flags_of_threads_and_processes() {
    let clone = |flags| line("clone", &[flags, 0, 0, 0, 0], 9, vec![]);
    assert!(clone(17).starts_with("clone(SIGCHLD, "), "{}", clone(17));
    assert!(clone(0).starts_with("clone(0, "), "{}", clone(0));
    assert!(clone(0x0010_0111).starts_with("clone(CLONE_VM|CLONE_PARENT_SETTID|SIGCHLD, "));
    assert!(clone(0x8080_2000).starts_with("clone(CLONE_PTRACE|CLONE_UNTRACED|CLONE_IO, "));
    let wide = |value: u64| value.to_le_bytes();
    let arguments = [0x1_0000_0100, 0, 0x10, 0x20, 17, 0x1000, 0x2000, 0x30, 0, 0, 0].map(wide);
    assert_eq!(
        line("clone3", &[BASE, 88], 9, arguments.as_flattened().to_vec()),
        "clone3({flags=CLONE_VM|CLONE_CLEAR_SIGHAND, child_tid=0x10, parent_tid=0x20, \
         exit_signal=SIGCHLD, stack=0x1000, stack_size=0x2000, tls=0x30}, 88) = 9"
    );
}

#[test]
fn what_cannot_be_read_is_an_address() {
    assert_eq!(
        line("open", &[8, 0, 0], failed(14), vec![]).split(" = ").next(),
        Some("open(0x8, O_RDONLY)                    ")
    );
    assert!(line("nanosleep", &[8, 0], failed(14), vec![]).starts_with("nanosleep(0x8, NULL)"));
    assert!(line("write", &[1, 8, 5], failed(14), vec![]).starts_with("write(1, 0x8, 5)"));
    assert!(line("execve", &[8, 8, 8], failed(14), vec![]).starts_with("execve(0x8, 0x8, 0x8)"));
    let unterminated = line("unlink", &[BASE], 0, b"abc".to_vec());
    assert!(unterminated.starts_with("unlink(0x1000)"), "{unterminated}");
}

#[test]
fn own_calls_and_unknown_ones() {
    assert_eq!(line("port_create", &[9], 3, vec![]), "folio:port_create(9)                    = 3");
    let unknown =
        Call { table: LINUX, number: 222, registers: [1, 2, 3, 4, 5, 6], ..Call::default() };
    let mut report = Report::default();
    report.event(&Event::new(1, 1, &What::CallEntered(unknown)), &Bytes(vec![]), &|_| true);
    assert_eq!(report.take(), "syscall_0xde(0x1, 0x2, 0x3, 0x4, 0x5, 0x6");
    assert!(table::find(FOLIO, 9999).is_none());
}

#[test]
fn socketcall_is_the_call_that_it_stands_for() {
    let path = b"\x01\x00/tmp/socket\0";
    let mut memory = words(&[4, BASE + 12, 14]);
    memory.extend(path);
    let connect = "connect(4, {sa_family=AF_UNIX, sun_path=\"/tmp/socket\"}, 14) = 0";
    assert_eq!(line("socketcall", &[3, BASE], 0, memory), connect);
    assert_eq!(line("connect", &[4, BASE, 14], 0, path.to_vec()), connect);
    assert_eq!(
        line("socketcall", &[1, BASE], 3, words(&[1, 0x80001, 0])),
        "socket(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0) = 3"
    );
    let mut memory = words(&[3, BASE + 16, 2, 0]);
    memory.extend(b"hi");
    assert_eq!(
        line("socketcall", &[9, BASE], 2, memory),
        "sendto(3, \"hi\", 2, 0, NULL, 0)          = 2"
    );
    assert_eq!(
        line("socketcall", &[5, BASE], 5, words(&[3, 0, 0])),
        "accept4(3, NULL, NULL, 0)               = 5"
    );
    // What cannot be read, and what there is not.
    assert!(line("socketcall", &[1, 8], failed(14), vec![]).starts_with("socketcall(SYS_SOCKET, "));
    assert!(line("socketcall", &[0, BASE], failed(22), words(&[0])).starts_with("socketcall("));
    assert!(line("socketcall", &[21, BASE], failed(22), words(&[0])).starts_with("socketcall("));
}

#[test]
fn who_wants_a_call_sees_it_in_socketcall_too() {
    let memory = Bytes(words(&[3, 5]));
    for (wanted, lines) in [("listen", 1), ("socketcall", 1), ("bind", 0)] {
        let mut report = Report::default();
        let call = call("socketcall", &[4, BASE], 0);
        for what in [What::CallEntered(call), What::CallLeft(call)] {
            report.event(&Event::new(5, 5, &what), &memory, &|name| name == wanted);
        }
        assert_eq!(report.take().lines().count(), lines, "{wanted}");
    }
}

#[test]
fn functions_of_socketcall_have_the_calls_that_flags_name() {
    for (function, name) in crate::flags::SOCKET_CALL {
        let memory = Bytes(words(&[0; 6]));
        let (vector, number) = number_of("socketcall");
        let registers = [*function, BASE, 0, 0, 0, 0];
        let meant = crate::socket::unfolded(vector, number, registers, &memory);
        let (number, _) = meant.expect("a call");
        let call = table::find(LINUX, number).expect("a call").name;
        let name = name.trim_start_matches("SYS_").to_lowercase();
        let is_short = matches!((&*name, call), ("send", "sendto") | ("recv", "recvfrom"));
        assert!(name == call || is_short || (name == "accept" && call == "accept4"), "{name}");
    }
}

#[test]
fn addresses_of_sockets() {
    let bind = |length, bytes: &[u8]| line("bind", &[3, BASE, length], 0, bytes.to_vec());
    assert_eq!(bind(2, b"\x01\0garbage"), "bind(3, {sa_family=AF_UNIX}, 2)         = 0");
    let hidden = "bind(3, {sa_family=AF_UNIX, sun_path=@\"a\\0b\"}, 6) = 0";
    assert_eq!(bind(6, b"\x01\0\0a\0b and more"), hidden);
    assert_eq!(bind(16, b"\x02\0\0\0"), "bind(3, {sa_family=0x2}, 16)            = 0");
    // How long it is stands in memory.
    let mut told = words(&[5]);
    told.extend(b"\x01\0/a\0garbage");
    assert_eq!(
        line("getsockname", &[3, BASE + 4, BASE], 0, told.clone()),
        "getsockname(3, {sa_family=AF_UNIX, sun_path=\"/a\"}, [5]) = 0"
    );
    let refused = line("getsockname", &[3, BASE + 4, BASE], failed(9), told);
    assert!(refused.starts_with("getsockname(3, 0x1004, 0x1000)"), "{refused}");
    let mut message = words(&[BASE + 28, 5, 0, 0, 0, 0, 0]);
    message.extend(b"\x01\0/a\0");
    let sent = line("sendmsg", &[3, BASE, 0], 0, message);
    let name = "sendmsg(3, {msg_name={sa_family=AF_UNIX, sun_path=\"/a\"}, msg_namelen=5, ";
    assert!(sent.starts_with(name), "{sent}");
}

#[test]
fn what_ioctls_answer() {
    let ioctl = |command, result, memory| line("ioctl", &[0, command, BASE], result, memory);
    let group = ioctl(0x540f, 0, words(&[42]));
    assert_eq!(group, "ioctl(0, TIOCGPGRP, [42])               = 0");
    assert_eq!(ioctl(0x541b, 0, words(&[9])), "ioctl(0, FIONREAD, [9])                 = 0");
    assert!(ioctl(0x541b, failed(25), words(&[9])).starts_with("ioctl(0, FIONREAD, 0x1000) "));
    assert_eq!(
        ioctl(0x5413, 0, words(&[80 << 16 | 24, 0])),
        "ioctl(0, TIOCGWINSZ, {ws_row=24, ws_col=80, ws_xpixel=0, ws_ypixel=0}) = 0"
    );
    let mut terminal = words(&[0x500, 5, 0xbf, 0x8a3b]);
    terminal.resize(36, 0);
    assert_eq!(
        ioctl(0x5401, 0, terminal.clone()),
        "ioctl(0, TCGETS, {c_iflag=0x500, c_oflag=0x5, c_cflag=0xbf, c_lflag=0x8a3b, ...}) = 0"
    );
    assert!(ioctl(0x5402, failed(5), terminal).starts_with("ioctl(0, TCSETS, {c_iflag=0x500, "));
    assert!(ioctl(0x5410, 0, words(&[7])).starts_with("ioctl(0, TIOCSPGRP, [7]) "));
}

#[test]
fn a_futex_takes_what_its_operation_does() {
    let futex = |operation, memory| {
        line("futex", &[8, operation, 1, BASE, 9, 5], 0, memory)
            .split_once(" = ")
            .map(|(call, _)| call.trim_end().to_string())
            .expect("a result")
    };
    let time = || words(&[1, 500]);
    assert_eq!(futex(0x81, time()), "futex(0x8, FUTEX_WAKE_PRIVATE, 1)");
    assert_eq!(futex(0x80, time()), "futex(0x8, FUTEX_WAIT_PRIVATE, 1, {tv_sec=1, tv_nsec=500})");
    assert_eq!(futex(3, time()), "futex(0x8, FUTEX_REQUEUE, 1, 4096, 0x9)");
    assert_eq!(futex(4, time()), "futex(0x8, FUTEX_CMP_REQUEUE, 1, 4096, 0x9, 5)");
    assert_eq!(futex(9, time()), "futex(0x8, FUTEX_WAIT_BITSET, 1, {tv_sec=1, tv_nsec=500}, 0x5)");
    assert_eq!(futex(10, time()), "futex(0x8, FUTEX_WAKE_BITSET, 1, 0x5)");
}

#[test]
fn calls_of_fault_injection() {
    let plan = line("fault_create", &[BASE], 1, vec![]);
    assert_eq!(plan, "folio:fault_create(0x1000)              = 1");
    assert_eq!(
        line("fault_set_thread", &[0, 7, 1, 1], 0, vec![]),
        "folio:fault_set_thread(0, 7, FAULT_THREAD_MARK, 1) = 0"
    );
    let taken = line("fault_take_memory", &[0b110, 64], 900, vec![]);
    assert_eq!(taken, "folio:fault_take_memory(0x6, 64)        = 900");
}

#[test]
fn no_table_is_left_out() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../libsys/abi/src/syscall");
    let mut tables = 0;
    for item in std::fs::read_dir(folder).expect("the folder of the tables").flatten() {
        let source = std::fs::read_to_string(item.path()).expect("a source");
        for name in source.lines().filter_map(|line| line.strip_prefix("macro_rules! for_each_")) {
            let name = name.trim_end_matches(" {");
            let expanded = format!("abi::for_each_{name}!(");
            assert!(include_str!("table.rs").contains(&expanded), "for_each_{name}");
            tables += 1;
        }
    }
    assert!(tables >= 8, "{tables}");
}

#[test]
fn lines_of_several_threads_do_not_mix() {
    let (mut report, memory) = (Report::default(), Bytes(b"xy".to_vec()));
    let mut tell = |tid, what| report.event(&Event::new(tid, 5, &what), &memory, &|_| true);
    let read = call("read", &[0, BASE, 2], 2);
    let exit = call("exit_group", &[3], 0);
    tell(5, What::CallEntered(read));
    tell(6, What::Started { by: 5 });
    tell(6, What::CallEntered(exit));
    tell(6, What::Ended { status: 0x300 });
    tell(5, What::CallLeft(read));
    tell(5, What::Signal(Siginfo::child(CLD_EXITED, 6, 0, 3, 0, 0)));
    tell(5, What::CallEntered(read));
    tell(5, What::Ended { status: 9 });
    let expected = "\
read(0,  <unfinished ...>
strace: Process 6 attached
[pid     6] exit_group(3)               = ?
[pid     6] +++ exited with 3 +++
<... read resumed>\"xy\", 2)              = 2
--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=6, si_uid=0, si_status=3, si_utime=0, si_stime=0} ---
read(0,  <unfinished ...>)              = ?
+++ killed by SIGKILL +++
";
    assert_eq!(report.take(), expected);
}

#[test]
fn calls_nobody_wants_are_not_shown() {
    let mut report = Report::default();
    let read = call("read", &[0, 0, 0], 0);
    for what in [What::CallEntered(read), What::CallLeft(read), What::Ended { status: 0 }] {
        report.event(&Event::new(5, 5, &what), &Bytes(vec![]), &|name| name != "read");
    }
    assert_eq!(report.take(), "+++ exited with 0 +++\n");
}

#[test]
fn a_faults_region_comes_from_the_maps() {
    let maps = b"08048000-0804a000 r-xp 00001000 00:0c 12       /bin/a b\xff\n\
        0804b000-0804c000 rw-p 00000000 00:00 0 \nbff00000-c0000000 rw-p 0 0:0 0 [stack]\n?\n";
    let fault = |address, start, end| Fault { address, start, end, ..Fault::default() };
    let mut regions = Regions::default();
    let mut name = |fault| regions.name(5, &fault, || maps.to_vec());
    let file = fault(0x0804_9123, 0x0804_8000, 0x0804_a000);
    assert_eq!(name(file), "/bin/a b\\xff+0x2000");
    assert_eq!(name(fault(0x0804_b000, 0x0804_b000, 0x0804_c000)), "[anon]");
    assert_eq!(name(fault(0xbfff_0000, 0xbff0_0000, 0xc000_0000)), "[stack]");
    assert_eq!(name(fault(0x1000, 0x1000, 0x2000)), "[mapped]", "another area by now");
    let shown = Fault {
        kind: FAULT_CACHED,
        frame: 0x1234,
        zone: 2,
        around: 7,
        cycles: 4321,
        flags: FAULT_IN_KERNEL,
        ..file
    };
    assert_eq!(
        fault::line(&shown, "/bin/a"),
        "0x08049123 read   cached page +7          0x1234  HighMem     4321  /bin/a (by the kernel)"
    );
}

#[test]
fn another_program_has_other_regions() {
    let fault = Fault { address: 0x1000, start: 0x1000, end: 0x2000, ..Fault::default() };
    let maps = |program: &str| format!("1000-2000 r-xp 00000000 00:0c 12 {program}\n").into_bytes();
    let mut regions = Regions::default();
    assert_eq!(regions.name(5, &fault, || maps("/bin/a")), "/bin/a+0x0");
    assert_eq!(regions.name(5, &fault, || maps("/bin/b")), "/bin/a+0x0", "not looked at again");
    regions.forget(6);
    regions.forget(5);
    assert_eq!(regions.name(5, &fault, || maps("/bin/b")), "/bin/b+0x0");
    assert_eq!(regions.name(6, &fault, || maps("/bin/c")), "/bin/c+0x0");
}

//! What calls made with arbitrary arguments find: things of this process, so that whatever succeeds
//! changes nothing that another test or another program sees.

use crate::calls::Parameter;
use crate::child;
use crate::fault::{PAGE, map, poke, poke_word, unmap};
use crate::harness::on_folio;
use core::time::Duration;
use sys::abi::epoll::{EPOLL_CTL_ADD, EpollEvent};
use sys::abi::file::{Iovec, Statfs64};
use sys::abi::memory::PROT_READ;
use sys::abi::poll::POLLOUT;
use sys::abi::process::{RLIMIT_AS, RLIMIT_CORE, Rlimit, WEXITED, WNOHANG};
use sys::abi::signal::{SIGKILL, SIGUSR1, SignalSet};
use sys::abi::socket::{AF_UNIX, SO_RCVTIMEO, SOCK_STREAM, SOL_SOCKET};
use sys::abi::time::{CLOCK_MONOTONIC, ITIMER_REAL, Itimerval, Timeval};
use sys::abi::trace::TRACE_CALLS;
use sys::abi::{UserMutPtr, UserPtr, UserStr};
use sys::directory;
use sys::file::File;
use sys::io::Fd;
use sys::ipc::{Frames, IoPorts, Level, Port};
use sys::process;
use sys::signal::{Action, set_action};
use sys::statistics::StatisticsRight;
use sys::syscall::{input, output, pointer};
use sys::trace::Tracer;
use sys::wait::Status;

/// Names that may come to lie in the directory, in an order in which they can go.
const NAMES: [&str; 7] = ["d/a", "a", "b", "d/b", "d", "f", "l"];

/// A directory to work in, and what lies there. It goes away with this value.
pub struct Directory(crate::scratch::Scratch);

impl Directory {
    pub fn new(name: &str) -> Self {
        let directory = crate::scratch::Scratch::directory(name);
        sys::directory::create(directory.join("d"), 0o755).expect("mkdir");
        let link = directory.join("l\0");
        let file = File::create(directory.join("f")).expect("a file");
        file.write_all(&[7; 5000]).expect("write");
        let paths =
            [UserStr::new(pointer(b"f\0".as_slice())), UserStr::new(pointer(link.as_bytes()))];
        call!(symlink(paths[0], paths[1])).expect("symlink");
        Self(directory)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = call!(umask(0o022));
        // A call may have put one directory into another.
        for _ in 0..3 {
            for name in NAMES {
                let path = self.0.join(name);
                let _ = directory::remove_file(&path);
                let _ = directory::remove(&path);
            }
        }
    }
}

/// What arguments can name.
pub struct Scene {
    pub own: i32,
    /// A page of zeros that can be written.
    pub buffer: u32,
    /// A page that can only be read.
    pub read_only: u32,
    /// The last bytes of a page before a hole.
    pub edge: u32,
    /// Nothing is mapped there.
    pub hole: u32,
    pub file: u32,
    pub descriptors: [u32; 6],
    /// One that the process has made.
    timer: u32,
    timerfd: u32,
    /// An `epoll` that always finds something.
    instance: u32,
    /// One of a pair, with something to read.
    socket: u32,
    /// Where a vector of one buffer lies.
    vector: u32,
    handles: Option<Handles>,
    traced: i32,
}

/// Handles for things of Folio's own, one of each kind that a pointer may come with.
struct Handles {
    port: Port,
    frames: Frames,
    io_ports: IoPorts,
    tracer: Tracer,
    right: StatisticsRight,
}

/// An I/O port that a machine of today does nothing about.
const UNUSED_PORT: u16 = 0x80;

impl Handles {
    fn new() -> Self {
        Self {
            port: Port::new(Level::PROGRAM).expect("a port"),
            frames: Frames::new(1).expect("frames"),
            io_ports: IoPorts::new(UNUSED_PORT, 1).expect("I/O ports"),
            tracer: Tracer::new(0).expect("a tracer"),
            right: StatisticsRight::new().expect("the right"),
        }
    }

    fn named(&self, name: &str) -> Option<u32> {
        Some(match name {
            "port" | "handle" => self.port.0.raw(),
            "frames" => self.frames.0.raw(),
            "ports" => self.io_ports.0.raw(),
            "tracer" => self.tracer.0.raw(),
            "right" => self.right.0.raw(),
            _ => return None,
        })
    }
}

impl Scene {
    /// Sets up this process, which should be a child without a future: it works in `directory`, has
    /// a group, a limited address space and none of its parent's descriptors.
    pub fn enter(directory: &Directory) -> Self {
        let _ = process::set_group(0, 0);
        sys::directory::set_current(directory.0.as_str()).expect("chdir");
        let null = File::open_with("/dev/null", sys::abi::file::O_RDWR, 0).expect("/dev/null");
        for standard in 0..2 {
            sys::file::duplicate_to(null.fd(), Fd(standard)).expect("dup2");
        }
        let file = File::open_with("f", sys::abi::file::O_RDWR, 0).expect("a file");
        let folder = File::open("d").expect("a directory");
        let (read, write) = sys::file::pipe().expect("pipe2");
        let descriptors =
            [null, file, folder, read, write].map(|file| file.into_fd().0.cast_unsigned());
        let start = map(4);
        for byte in 0..PAGE {
            poke(start + PAGE + byte, 0);
        }
        let vector = start + PAGE - size_of::<Iovec>() as u32;
        poke_word(vector, start + PAGE);
        poke_word(vector + 4, 4);
        call!(mprotect(start, PAGE, PROT_READ)).expect("mprotect");
        unmap(start + 3 * PAGE, 1);
        Self {
            own: process::id(),
            buffer: start + PAGE,
            read_only: start,
            edge: start + 3 * PAGE - 3,
            hole: start + 3 * PAGE,
            file: descriptors[1],
            descriptors: [
                descriptors[0],
                descriptors[1],
                descriptors[2],
                descriptors[3],
                descriptors[4],
                u32::MAX,
            ],
            timer: timer(),
            timerfd: call!(timerfd_create(CLOCK_MONOTONIC, 0)).expect("timerfd_create"),
            instance: instance(descriptors[4]),
            socket: socket(),
            vector,
            handles: on_folio().then(Handles::new),
            traced: 0,
        }
    }

    /// Has a child traced, which makes a call whenever it is resumed.
    pub fn trace_somebody(&mut self) {
        let Some(handles) = &self.handles else { return };
        let own = self.own;
        self.traced = child::start(|| {
            while process::parent_id() == own {}
            0
        });
        handles.tracer.attach(self.traced, TRACE_CALLS).expect("trace_attach");
    }

    /// Makes sure that there is something for `trace_next` to tell.
    pub fn resume_traced(&self) {
        if let Some(handles) = self.handles.as_ref().filter(|_| self.traced != 0) {
            // At first it goes on by itself.
            let _ = handles.tracer.resume(self.traced);
        }
    }

    /// A handle for what a parameter of a call of Folio's is named after.
    pub fn handle(&self, call: &str, name: &str) -> Option<u32> {
        match (call, name) {
            ("io_ports_read", "port") => Some(UNUSED_PORT.into()),
            _ => self.handles.as_ref()?.named(name),
        }
    }

    /// An honest value for an argument.
    pub fn good(&self, call: &str, parameter: &Parameter) -> u32 {
        use crate::calls::Kind;
        const FILE: &[u8] = b"f\0";
        const LINK: &[u8] = b"l\0";
        match (parameter.kind, parameter.name) {
            (Kind::Text, "path") if call.starts_with("readlink") => pointer(LINK),
            (Kind::Text, _) => pointer(FILE),
            // The default one.
            (Kind::Pointer, "event") if call == "timer_create" => 0,
            // The one it is connected to.
            (Kind::Pointer, "address") if call == "sendto" => 0,
            (Kind::Pointer, "local" | "remote") => self.vector,
            (Kind::Pointer, _) => self.buffer,
            (Kind::Number, "fd") => match call {
                // A regular file cannot be waited for.
                "epoll_ctl" => self.descriptors[3],
                "getdents" | "getdents64" => self.descriptors[2],
                "bind" | "connect" | "getsockopt" | "setsockopt" | "getsockname"
                | "getpeername" => self.socket,
                "sendto" | "sendmsg" | "sendmmsg" | "recvfrom" | "recvmsg" | "recvmmsg"
                | "recvmmsg_time64" => self.socket,
                _ if call.starts_with("timerfd_") => self.timerfd,
                _ => self.file,
            },
            (Kind::Number, "input" | "output" | "old" | "new") => self.file,
            (Kind::Number, "directory" | "old_directory" | "new_directory") => {
                sys::abi::file::AT_FDCWD.cast_unsigned()
            }
            (Kind::Number, "pid" | "tid" | "id") => self.own.cast_unsigned(),
            (Kind::Number, "set_size") => 8,
            (Kind::Number, "length") if call == "sendto" => 16,
            (Kind::Number, "options") if call == "waitid" => WEXITED | WNOHANG,
            // Number 0 is of time, which would be over.
            (Kind::Number, "resource") => RLIMIT_CORE,
            (Kind::Number, "level") => SOL_SOCKET.cast_unsigned(),
            (Kind::Number, "option") if call == "setsockopt" => SO_RCVTIMEO.cast_unsigned(),
            (Kind::Number, "size") if call.contains("statfs64") => size_of::<Statfs64>() as u32,
            (Kind::Number, "address") if matches!(call, "mincore" | "area_usage") => self.buffer,
            (Kind::Number, "signal") if call.ends_with("sigaction") => SIGUSR1.cast_unsigned(),
            (Kind::Number, "signal") => 0,
            (Kind::Number, "timer") => self.timer,
            (Kind::Number, "instance") => self.instance,
            (Kind::Number | Kind::Wide, name) => self.handle(call, name).unwrap_or(0),
        }
    }

    /// Ends a child that a call made: it must not go on with what its parent does.
    pub fn stop_copies(&self) {
        if process::id() != self.own {
            process::exit(0);
        }
    }
}

fn timer() -> u32 {
    let mut timer = 0;
    call!(timer_create(CLOCK_MONOTONIC, UserPtr::NULL, output(&mut timer))).expect("timer_create");
    timer.cast_unsigned()
}

fn socket() -> u32 {
    let mut pair = [0; 2];
    call!(socketpair(AF_UNIX, SOCK_STREAM, 0, output(&mut pair))).expect("socketpair");
    Fd(pair[1]).write(b"here").expect("write");
    pair[0].cast_unsigned()
}

fn instance(ready: u32) -> u32 {
    let instance = call!(epoll_create1(0)).expect("epoll_create1");
    let event = EpollEvent { events: POLLOUT.into(), data: 0 };
    let (epoll, fd) = (instance.cast_signed(), ready.cast_signed());
    call!(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, input(&event))).expect("epoll_ctl");
    instance
}

/// Interrupts every call that waits, again and again.
pub fn interrupt_waits() {
    extern "C" fn nothing(_: i32) {}
    let signal = sys::abi::signal::SIGALRM;
    // SAFETY: the handler does nothing.
    let set = unsafe { set_action(signal, Action::Handler(nothing), 0, SignalSet::EMPTY) };
    set.expect("rt_sigaction");
    let period = Timeval { sec: 0, usec: 20_000 };
    let timer = Itimerval { interval: period, value: period };
    call!(setitimer(ITIMER_REAL, input(&timer), UserMutPtr::NULL)).expect("setitimer");
}

/// Lets this process have no more than so much address space.
pub fn limit_memory(bytes: u32) {
    let limit = Rlimit { cur: bytes, max: bytes };
    call!(setrlimit(RLIMIT_AS, input(&limit))).expect("setrlimit");
}

/// Waits for the end of a child with a group of its own, at most some seconds; then it is killed,
/// and in any case what is left of its group.
pub fn wait_bounded(pid: i32, seconds: u64) -> Status {
    let start = sys::time::now();
    let status = loop {
        match process::wait(pid, WNOHANG) {
            Ok(Some((_, status))) => break status,
            _ if sys::time::now() - start > Duration::from_secs(seconds) => {
                let _ = process::kill(pid, SIGKILL);
                break child::wait(pid);
            }
            _ => sys::time::sleep(Duration::from_millis(1)),
        }
    };
    let _ = process::kill(-pid, SIGKILL);
    status
}

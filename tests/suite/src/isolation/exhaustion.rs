//! Programs that take all they can: what they may take is bounded, and others go on.

use super::end::End;
use super::other_user::{drop_privileges, is_root};
use super::table::Table;
use crate::child;
use crate::fault::*;
use crate::harness::on_folio;
use alloc::vec::Vec;
use sys::Errno;
use sys::abi::memory::PROT_NONE;
use sys::abi::process::*;
use sys::abi::signal::*;
use sys::abi::socket::{AF_UNIX, SOCK_STREAM};
use sys::abi::time::CLOCK_MONOTONIC;
use sys::ipc::{Frames, Level, Port, Rights, raise_level};
use sys::process;
use sys::syscall::{input, output};
use sys::wait::Status;

/// Takes until it is refused; by what.
fn until_refused(mut take: impl FnMut() -> sys::Result<u32>) -> End {
    (0..1_000_000).find_map(|_| take().err()).map_or(End::Nothing, End::Error)
}

fn limit(resource: u32, value: u32) {
    let limit = Rlimit { cur: value, max: value };
    call!(setrlimit(resource, input(&limit))).expect("setrlimit");
}

/// Whether somebody else can still do a bit of everything.
fn others_go_on() -> bool {
    let status = child::run(|| {
        let page = map(16);
        (0..16).for_each(|number| poke(page + number * PAGE, 1));
        let (read, write) = sys::file::pipe().expect("pipe2");
        write.write_all(&[7; 5000]).expect("write");
        read.read(&mut [0; 5000]).expect("read");
        let others: Vec<i32> = (0..4).map(|_| child::start(|| 0)).collect();
        let ended = others.into_iter().all(|pid| child::wait(pid) == Status::Exited(0));
        let frames = !on_folio() || Frames::new(4).is_ok();
        i32::from(!(ended && frames))
    });
    status == Status::Exited(0)
}

/// An attack during which, and after which, others go on: in the state in which it was refused it
/// waits until they have shown it.
fn meanwhile(attack: impl FnOnce() -> End) -> End {
    let (ready, tell) = sys::file::pipe().expect("pipe2");
    let (gate, key) = sys::file::pipe().expect("pipe2");
    let (told, answer) = sys::file::pipe().expect("pipe2");
    let pid = child::start(|| {
        let _ = process::set_group(0, 0);
        let end = attack();
        let errno = if let End::Error(errno) = end { errno.number() as u8 } else { 0 };
        tell.write_all(&[errno]).expect("write");
        let _ = gate.read(&mut [0]);
        drop(answer);
        0
    });
    let mut errno = [0];
    let has_told = ready.read(&mut errno) == Ok(1);
    let go_on = others_go_on();
    let _ = key.write_all(b"x");
    let _ = process::kill(-pid, SIGKILL);
    child::wait(pid);
    drop(told);
    match sys::abi::errno::decode(0u32.wrapping_sub(errno[0].into())) {
        _ if !(has_told && go_on && others_go_on()) => End::Through(1),
        Err(errno) => End::Error(errno),
        Ok(_) => End::Nothing,
    }
}

pub fn who_takes_everything_takes_it_from_nobody() {
    let mut table = Table::default();
    table.row("open all descriptors", "RLIMIT_NOFILE", Errno::EMFILE.into(), || {
        meanwhile(|| until_refused(|| call!(dup(0))))
    });
    table.row("fill all pipes", "RLIMIT_NOFILE, and 16 pages each", Errno::EMFILE.into(), || {
        meanwhile(|| {
            limit(RLIMIT_NOFILE, 200);
            until_refused(fill_a_pipe)
        })
    });
    table.row(
        "fill all sockets",
        "RLIMIT_NOFILE, and SO_SNDBUF each",
        Errno::EMFILE.into(),
        || {
            meanwhile(|| {
                limit(RLIMIT_NOFILE, 100);
                until_refused(fill_a_socket)
            })
        },
    );
    table.row("map all addresses", "RLIMIT_AS", Errno::ENOMEM.into(), || {
        meanwhile(|| {
            limit(RLIMIT_AS, 64 << 20);
            until_refused(|| call!(mmap2(0, 1 << 20, RW, PRIVATE, -1, 0)))
        })
    });
    table.row("fill all memory it may have", "RLIMIT_AS", Errno::ENOMEM.into(), || {
        meanwhile(|| {
            limit(RLIMIT_AS, 32 << 20);
            until_refused(|| {
                let start = call!(mmap2(0, 16 * PAGE, RW, PRIVATE, -1, 0))?;
                (0..16).for_each(|page| poke(start + page * PAGE, 1));
                Ok(0)
            })
        })
    });
    table.row("grow the heap", "RLIMIT_DATA", Errno::ENOMEM.into(), || {
        meanwhile(|| {
            limit(RLIMIT_DATA, 16 << 20);
            until_refused(|| call!(mmap2(0, 1 << 20, RW, PRIVATE, -1, 0)))
        })
    });
    table.row("make all areas", "as many as Linux allows", Errno::ENOMEM.into(), || {
        meanwhile(many_areas)
    });
    privileged(&mut table);
    if on_folio() {
        of_folio(&mut table);
    }
    table.finish();
}

fn fill_a_pipe() -> sys::Result<u32> {
    let (read, write) = sys::file::pipe()?;
    call!(fcntl64(write.fd().0, sys::abi::file::F_SETFL, sys::abi::file::O_NONBLOCK))?;
    while write.write(&[1; 4096]).is_ok() {}
    core::mem::forget((read, write));
    Ok(0)
}

fn fill_a_socket() -> sys::Result<u32> {
    let mut pair = [0; 2];
    call!(socketpair(AF_UNIX, SOCK_STREAM, 0, output(&mut pair)))?;
    call!(fcntl64(pair[0], sys::abi::file::F_SETFL, sys::abi::file::O_NONBLOCK))?;
    while sys::io::Fd(pair[0]).write(&[1; 4096]).is_ok() {}
    Ok(0)
}

/// Every other page of a mapping has other rights.
fn many_areas() -> End {
    let pages = 140_000;
    let start = match call!(mmap2(0, pages * PAGE, PROT_NONE, PRIVATE, -1, 0)) {
        Ok(start) => start,
        Err(errno) => return errno.into(),
    };
    let mut page = 0;
    until_refused(|| {
        page += 2;
        if page >= pages {
            return Err(Errno::E2BIG);
        }
        call!(mprotect(start + page * PAGE, PAGE, RW))
    })
}

/// What binds only those who may not do everything.
fn privileged(table: &mut Table) {
    if !is_root() {
        return table.not_tried("take all that a user may have", "only root becomes another user");
    }
    table.row("make all processes", "RLIMIT_NPROC", Errno::EAGAIN.into(), || {
        meanwhile(|| {
            limit(RLIMIT_NPROC, 12);
            drop_privileges();
            until_refused(|| match process::fork()? {
                process::Fork::Parent(pid) => Ok(pid.cast_unsigned()),
                process::Fork::Child => loop {
                    let _ = call!(pause());
                },
            })
        })
    });
    table.row("have all signals wait", "RLIMIT_SIGPENDING", Errno::EAGAIN.into(), || {
        meanwhile(|| {
            limit(RLIMIT_SIGPENDING, 100);
            drop_privileges();
            sys::signal::change_mask(SIG_BLOCK, SignalSet::of(SIGRTMIN)).expect("rt_sigprocmask");
            let info = Siginfo { code: SI_QUEUE, ..Siginfo::default() };
            until_refused(|| call!(rt_sigqueueinfo(process::id(), SIGRTMIN, input(&info))))
        })
    });
    table.row("make all timers", "RLIMIT_SIGPENDING", Errno::EAGAIN.into(), || {
        meanwhile(|| {
            limit(RLIMIT_SIGPENDING, 100);
            drop_privileges();
            let mut timer = 0;
            let none = sys::abi::UserPtr::NULL;
            until_refused(|| call!(timer_create(CLOCK_MONOTONIC, none, output(&mut timer))))
        })
    });
    table.row("lock all memory", "RLIMIT_MEMLOCK", Errno::ENOMEM.into(), || {
        meanwhile(|| {
            limit(RLIMIT_MEMLOCK, 1 << 20);
            drop_privileges();
            until_refused(|| {
                let start = map(16);
                call!(mlock(start, 16 * PAGE))
            })
        })
    });
}

fn of_folio(table: &mut Table) {
    table.row("make all handles", "1024 for each process", Errno::EMFILE.into(), || {
        meanwhile(|| {
            raise_level(Level::PROGRAM).expect("level");
            let port = Port::new(Level::PROGRAM).expect("a port");
            until_refused(|| port.0.duplicate(Rights::CALL).map(sys::ipc::Handle::into_raw))
        })
    });
    table.row("make all ports", "1024 handles for each process", Errno::EMFILE.into(), || {
        meanwhile(|| {
            raise_level(Level::PROGRAM).expect("level");
            until_refused(|| Port::new(Level::PROGRAM).map(|port| port.0.into_raw()))
        })
    });
}

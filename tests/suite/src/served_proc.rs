//! `/proc`, as far as it is the same on Linux: what walks and calls make of it. What its files say is
//! tested beside the server.

use crate::child;
use crate::harness::only_as_root;
use crate::procfs::as_program;
use crate::scratch::Scratch;
use crate::threads;
use alloc::format;
use alloc::string::String;
use sys::abi::UserMutPtr;
use sys::abi::file::*;
use sys::abi::memory::{MAP_PRIVATE, PROT_READ};
use sys::abi::poll::{POLLIN, Pollfd};
use sys::abi::process::{CLONE_SIGHAND, CLONE_THREAD, CLONE_VM};
use sys::file::{self, File, SeekFrom};
use sys::path::CPath;
use sys::syscall::{output, pointer_mut};
use sys::wait::Status;
use sys::{Errno, Result, directory, process};

tests![
    the_links_to_oneself_lead_to_the_caller,
    a_process_that_ends_takes_its_directory_along,
    names_in_it_cannot_be_changed,
    its_files_do_what_they_can,
    a_working_directory_in_it_works,
    descriptors_are_opened_again_by_their_links,
    programs_and_directories_are_reached_by_their_links,
    after_exec_they_are_the_executing_threads,
    who_may_not_look_does_not_see,
    it_is_listed_with_all_processes,
];

const PROC_SUPER_MAGIC: u32 = 0x9fa0;

fn path(text: &str) -> CPath {
    CPath::new(text).expect("a path")
}

fn open(name: &str, flags: u32) -> Result<File> {
    File::open_with(name, flags, 0o644)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn ino(name: &str) -> Result<u64> {
    file::stat(name).map(|stat| stat.ino)
}

pub fn the_links_to_oneself_lead_to_the_caller() {
    as_program(|| {
        let own = format!("{}", process::id());
        assert_eq!(directory::read_link("/proc/self").map(|link| text(&link)), Ok(own.clone()));
        let thread = directory::read_link("/proc/thread-self").map(|link| text(&link));
        assert_eq!(thread, Ok(format!("{own}/task/{own}")));
        assert_eq!(ino("/proc/self/"), ino(&format!("/proc/{own}")));
        let read = |name: &str| file::read(name).map(|bytes| text(&bytes));
        let name = |name: String| read(&name).unwrap().split(' ').next().map(String::from);
        assert_eq!(name(String::from("/proc/self/stat")), Some(own.clone()));
        assert_eq!(name(format!("/proc/{own}/task/{own}/stat")), Some(own));
        assert_eq!(ino("/proc/0"), Err(Errno::ENOENT));
        assert_eq!(ino("/proc/self/none"), Err(Errno::ENOENT));
        assert_eq!(ino("/proc/self/stat/x"), Err(Errno::ENOTDIR));
        assert_eq!(open("/proc/self", O_RDONLY | O_NOFOLLOW).err(), Some(Errno::ELOOP));
        assert_eq!(open("/proc/version", O_RDONLY | O_DIRECTORY).err(), Some(Errno::ENOTDIR));
    });
}

pub fn a_process_that_ends_takes_its_directory_along() {
    as_program(|| {
        let (reader, writer) = file::pipe().expect("pipe");
        let pid = child::start(|| {
            let _ = reader.read(&mut [0]);
            0
        });
        let name = format!("/proc/{pid}");
        let stat = File::open(format!("{name}/stat")).expect("open");
        let folder = open(&name, O_RDONLY | O_DIRECTORY).expect("open");
        assert!(stat.read(&mut [0; 10]).is_ok_and(|count| count == 10));
        writer.write_all(b"x").expect("write");
        child::wait(pid);
        assert_eq!(ino(&name), Err(Errno::ENOENT));
        assert_eq!(stat.read_at(&mut [0; 10], 0), Err(Errno::ESRCH));
        let relative = call!(openat(folder.fd().0, path("stat").as_user(), O_RDONLY, 0));
        assert!(matches!(relative, Err(Errno::ENOENT | Errno::ESRCH)), "{relative:?}");
    });
}

pub fn names_in_it_cannot_be_changed() {
    only_as_root();
    as_program(|| {
        let own = Scratch::file("proc-names", b"x").0;
        let (version, none) = (path("/proc/version"), path("/proc/none"));
        let (uptime, own) = (path("/proc/uptime"), path(own.as_str()));
        let mkdir = |path: &CPath| call!(mkdir(path.as_user(), 0o755));
        let unlink = |path: &CPath| call!(unlink(path.as_user()));
        let link = |old: &CPath, new: &CPath| call!(link(old.as_user(), new.as_user()));
        let rename = |old: &CPath, new: &CPath| call!(rename(old.as_user(), new.as_user()));
        let away = path("/tmp/suite-proc-away");
        assert_eq!((mkdir(&none), mkdir(&version)), (Err(Errno::ENOENT), Err(Errno::EEXIST)));
        assert_eq!((unlink(&none), unlink(&version)), (Err(Errno::ENOENT), Err(Errno::EPERM)));
        assert_eq!(call!(rmdir(version.as_user())), Err(Errno::ENOTDIR));
        assert_eq!(call!(rmdir(path("/proc/self/fd").as_user())), Err(Errno::EPERM));
        assert_eq!(
            (link(&own, &none), link(&own, &version)),
            (Err(Errno::ENOENT), Err(Errno::EEXIST))
        );
        assert_eq!(
            (link(&version, &away), rename(&version, &away)),
            (Err(Errno::EXDEV), Err(Errno::EXDEV))
        );
        assert_eq!(
            (rename(&version, &none), rename(&version, &uptime)),
            (Err(Errno::ENOENT), Err(Errno::EPERM))
        );
        assert_eq!(open("/proc/none", O_WRONLY | O_CREAT).err(), Some(Errno::ENOENT));
        assert_eq!(open("/proc/version", O_WRONLY | O_CREAT | O_EXCL).err(), Some(Errno::EEXIST));
    });
}

pub fn its_files_do_what_they_can() {
    as_program(|| {
        let file = open("/proc/version", O_RDONLY).expect("open");
        let fd = file.fd().0;
        let mut all = [0; 256];
        let length = file.read(&mut all).expect("read");
        assert_eq!(file.read(&mut [0; 10]), Ok(0));
        let mut part = [0; 4];
        assert_eq!((file.read_at(&mut part, 2), &part[..]), (Ok(4), &all[2..6]));
        assert_eq!(file.seek(SeekFrom::Start(3)), Ok(3));
        assert_eq!((file.read(&mut part), &part[..]), (Ok(4), &all[3..7]));
        assert_eq!(file.read_at(&mut all, 1 << 40), Ok(0));
        let stat = file.stat().expect("fstat64");
        assert_eq!((stat.size, stat.mode), (0, S_IFREG | 0o444));
        assert!(length > 10);
        assert!(call!(mmap2(0, 4096, PROT_READ, MAP_PRIVATE, fd, 0)).is_err());
        let mut polled = Pollfd { fd, events: POLLIN, revents: 0 };
        assert_eq!(call!(poll(output(&mut polled), 1, 0)), Ok(1));
        let mut figures = Statfs64::default();
        let size = size_of::<Statfs64>() as u32;
        assert_eq!(call!(fstatfs64(fd, size, output(&mut figures))), Ok(0));
        assert_eq!((figures.kind, figures.namelen), (PROC_SUPER_MAGIC, 255));
        assert_ne!(file::stat("/").map(|stat| stat.dev), Ok(stat.dev));
        let folder = open("/proc/self", O_RDONLY | O_DIRECTORY).expect("open");
        assert_eq!(folder.read(&mut part), Err(Errno::EISDIR));
        assert!(call!(access(path("/proc/version").as_user(), R_OK)).is_ok());
        assert_eq!(call!(access(path("/proc/version").as_user(), X_OK)), Err(Errno::EACCES));
    });
}

pub fn a_working_directory_in_it_works() {
    as_program(|| {
        directory::set_current("/proc/self/task").expect("chdir");
        let own = process::id();
        let here = directory::current().map(|path| text(&path));
        assert_eq!(here, Ok(format!("/proc/{own}/task")));
        assert_eq!(ino("../stat"), ino("/proc/self/stat"));
        assert_eq!(ino(".."), ino("/proc/self"));
        directory::set_current("../../..").expect("chdir");
        assert_eq!(directory::current().map(|path| text(&path)), Ok(String::from("/")));
        assert_eq!(ino("/proc/self/../../proc/./version"), ino("/proc/version"));
    });
}

pub fn descriptors_are_opened_again_by_their_links() {
    as_program(|| {
        let (scratch, file) = Scratch::file("proc-fd", b"contents");
        let link = |file: &File| format!("/proc/self/fd/{}", file.fd().0);
        let name = directory::read_link(link(&file)).map(|link| text(&link));
        assert_eq!(name, Ok(String::from(scratch.as_str())));
        let again = open(&link(&file), O_RDONLY).expect("open");
        let mut bytes = [0; 20];
        // The other description is at the end.
        assert_eq!(again.read(&mut bytes), Ok(8));
        assert_eq!(
            file::stat(link(&file)).map(|stat| { stat.ino }),
            file.stat().map(|stat| { stat.ino })
        );
        assert!(file::lstat(link(&file)).is_ok_and(|stat| stat.mode & S_IFMT == S_IFLNK));
        drop(scratch);
        assert_eq!(open(&link(&file), O_RDONLY).and_then(|file| file.read(&mut bytes)), Ok(8));
        let (reader, writer) = file::pipe().expect("pipe");
        let other = open(&link(&reader), O_WRONLY).expect("open");
        other.write_all(b"through").expect("write");
        assert_eq!(reader.read(&mut bytes), Ok(7));
        let name = text(&directory::read_link(link(&writer)).expect("readlink"));
        assert!(name.starts_with("pipe:[") && name.ends_with(']'), "{name}");
        let mut pair = [0; 2];
        assert_eq!(call!(socketpair(1, 1, 0, UserMutPtr::new(pointer_mut(&mut pair)))), Ok(0));
        assert_eq!(open(&format!("/proc/self/fd/{}", pair[0]), O_RDONLY).err(), Some(Errno::ENXIO));
        assert_eq!(ino("/proc/self/fd/999"), Err(Errno::ENOENT));
        let null = open("/dev/null", O_RDWR).expect("open");
        assert!(open(&link(&null), O_WRONLY).is_ok_and(|file| file.write(b"x") == Ok(1)));
        assert_eq!(ino(&format!("/dev/fd/{}", null.fd().0)), ino("/dev/null"));
    });
}

pub fn programs_and_directories_are_reached_by_their_links() {
    as_program(|| {
        directory::set_current("/tmp").expect("chdir");
        assert_eq!(directory::read_link("/proc/self/cwd").as_deref(), Ok(&b"/tmp"[..]));
        assert_eq!(directory::read_link("/proc/self/root").as_deref(), Ok(&b"/"[..]));
        assert_eq!(ino("/proc/self/cwd"), ino("/tmp"));
        assert_eq!(ino("/proc/self/root/tmp/.."), ino("/"));
        let program = directory::read_link("/proc/self/exe").expect("readlink");
        assert_eq!(
            file::stat("/proc/self/exe").map(|stat| { stat.ino }),
            file::stat(&program).map(|stat| { stat.ino })
        );
        // It can be executed by that name.
        let pid = child::start(|| {
            let why = process::exec("/proc/self/exe", &[b"suite", b"--list"], &[]);
            i32::from(why.number())
        });
        assert_eq!(child::wait(pid), Status::Exited(0));
        assert_eq!(call!(chmod(path("/proc/self/stat").as_user(), 0o600)), Err(Errno::EPERM));
    });
}

pub fn after_exec_they_are_the_executing_threads() {
    extern "C" fn executes(_: u32) -> i32 {
        directory::set_current("/tmp").expect("chdir");
        let own = sys::env::args().next().expect("argument 0");
        panic!("{:?}", process::exec(own, &[own, b"--child", b"directory"], &[]))
    }
    as_program(|| {
        let shares_nothing_else = CLONE_VM | CLONE_SIGHAND | CLONE_THREAD;
        threads::clone(shares_nothing_else, executes, 0, 0).expect("clone");
        loop {
            let _ = call!(pause());
        }
    });
}

pub fn who_may_not_look_does_not_see() {
    only_as_root();
    as_program(|| {
        let owner = process::id();
        let fd = File::open("/dev/null").expect("open").into_fd();
        let ended = child::run(|| {
            assert_eq!(call!(setgid32(1000)), Ok(0));
            assert_eq!(call!(setuid32(1000)), Ok(0));
            let folder = format!("/proc/{owner}/fd");
            assert_eq!(open(&folder, O_RDONLY | O_DIRECTORY).err(), Some(Errno::EACCES));
            assert_eq!(ino(&format!("{folder}/{}", fd.0)), Err(Errno::EACCES));
            for name in ["exe", "cwd", "root"] {
                let link = format!("/proc/{owner}/{name}");
                assert_eq!(directory::read_link(&link).err(), Some(Errno::EACCES), "{name}");
                assert_eq!(ino(&link), Err(Errno::EACCES), "{name}");
            }
            assert_eq!(open("/proc/version", O_WRONLY).err(), Some(Errno::EACCES));
            assert_eq!(call!(unlink(path("/proc/version").as_user())), Err(Errno::EACCES));
            assert!(ino(&format!("/proc/{owner}/stat")).is_ok());
            0
        });
        assert_eq!(ended, Status::Exited(0));
    });
}

pub fn it_is_listed_with_all_processes() {
    as_program(|| {
        let own = format!("{}", process::id());
        let entries = directory::entries("/proc").expect("getdents64");
        let kind = |name: &str| {
            entries.iter().find(|entry| entry.name == name.as_bytes()).map(|entry| entry.kind)
        };
        assert_eq!(
            (kind("."), kind(".."), kind("self")),
            (Some(DT_DIR), Some(DT_DIR), Some(DT_LNK))
        );
        assert_eq!((kind(&own), kind("version")), (Some(DT_DIR), Some(DT_REG)));
        let pids = entries.iter().filter_map(|entry| text(&entry.name).parse::<u32>().ok());
        assert!(pids.is_sorted());
        let tasks = directory::entries("/proc/self/task").expect("getdents64");
        assert!(tasks.iter().any(|entry| entry.name == own.as_bytes()) && tasks.len() == 3);
    });
}

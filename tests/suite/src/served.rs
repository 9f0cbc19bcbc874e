//! Files that a server answers for, honestly and otherwise. The server is `tests/assist`.

use crate::child;
use crate::harness::only_on_folio;
use crate::scratch::Scratch;
use crate::threads;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use assist::files::*;
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;
use sys::abi::file::*;
use sys::abi::memory::{MAP_PRIVATE, PROT_READ};
use sys::abi::signal::SIGKILL;
use sys::abi::{UserMutPtr, UserPtr};
use sys::file::{self, File, SeekFrom};
use sys::ipc::{Level, raise_level};
use sys::path::CPath;
use sys::process::{self, Fork};
use sys::syscall::pointer_mut;
use sys::wait::Status;
use sys::{Errno, Result, directory, time};

tests![
    contents_and_attributes_are_the_servers,
    long_transfers_come_in_pieces,
    only_the_memory_that_is_there_is_lent,
    what_is_read_arrives_where_it_was_asked_for_whoever_forks,
    paths_lead_in_out_and_through,
    a_working_directory_may_be_the_servers,
    a_listing_comes_in_pieces_of_any_size,
    names_stay_as_they_are,
    permissions_are_checked_on_both_sides,
    a_link_may_lead_to_what_a_process_has,
    what_files_of_servers_cannot_do,
    a_server_that_lies_gives_its_clients_an_io_error,
    the_next_server_answers_for_the_same_files,
    a_client_of_a_server_that_hangs_can_be_killed,
    they_can_be_locked,
];

/// Runs a test as a program that the server may be called by.
pub fn as_program(test: fn()) {
    only_on_folio("reference microkernel §3, files");
    if file::stat("/etc/services/files.conf").is_err() {
        skip!("this archive has no service with files");
    }
    let ended = child::run(|| {
        raise_level(Level::PROGRAM).expect("level");
        test();
        0
    });
    assert_eq!(ended, Status::Exited(0));
}

pub fn at(name: &str) -> String {
    format!("{MOUNT_POINT}/{name}")
}

fn open(name: &str, flags: u32) -> Result<File> {
    File::open_with(at(name), flags, 0o644)
}

pub fn path(text: &str) -> CPath {
    CPath::new(text).expect("a path")
}

pub fn change(directory: &str) -> Result<u32> {
    call!(chdir(path(directory).as_user()))
}

pub fn contents_and_attributes_are_the_servers() {
    as_program(|| {
        let file = open(HELLO, O_RDONLY).expect("open");
        let mut bytes = [0; 100];
        assert_eq!(file.read(&mut bytes), Ok(HELLO_TEXT.len()));
        assert_eq!(bytes.get(..HELLO_TEXT.len()), Some(HELLO_TEXT));
        assert_eq!(file.read(&mut bytes), Ok(0));
        assert_eq!(file.seek(SeekFrom::End(-7)), Ok(HELLO_TEXT.len() as u64 - 7));
        assert_eq!(file.read(&mut bytes), Ok(7));
        let stat = file::stat(at(HELLO)).expect("stat64");
        assert_eq!((stat.size, stat.mode, stat.mtime), (20, S_IFREG | 0o444, 1_000_000_000));
        assert_eq!(file.stat().map(|stat| stat.ino), Ok(stat.ino));
        let (root, above) = (file::stat(MOUNT_POINT), file::stat("/"));
        let (root, above) = (root.expect("the root"), above.expect("above"));
        assert_eq!(({ root.dev }, { root.ino }), (stat.dev, 1));
        assert_ne!({ above.dev }, stat.dev);
        // It has no size that an offset could count from.
        let long = open(LONG, O_RDONLY).expect("open");
        assert_eq!(long.seek(SeekFrom::End(0)), Err(Errno::EINVAL));
        assert_eq!(long.seek(SeekFrom::Start(199_990)), Ok(199_990));
        assert_eq!(long.read(&mut bytes), Ok(10));
    });
}

pub fn long_transfers_come_in_pieces() {
    as_program(|| {
        let expected: Vec<u8> = (0..LONG_BYTES).map(long_byte).collect();
        let (file, sink) = (open(LONG, O_RDONLY), open(SINK, O_WRONLY | O_TRUNC));
        let (file, sink) = (file.expect("open"), sink.expect("open"));
        let (mut all, mut buffer) = (Vec::new(), vec![0; LONG_BYTES as usize]);
        loop {
            match file.read(&mut buffer).expect("read") {
                0 => break,
                count => {
                    // So many pages are lent at once.
                    assert!(count <= 16 * 4096);
                    all.extend_from_slice(&buffer[..count]);
                }
            }
        }
        assert!(all == expected, "the wrong bytes");
        sink.write_all(&expected).expect("write");
        assert_eq!(sink.write(b"not the right bytes"), Err(Errno::EBADMSG));
        // Several buffers at once.
        let mut parts = [[0; 10], [0; 10], [0; 10]];
        let vector = parts
            .each_mut()
            .map(|part| Iovec { base: UserMutPtr::new(pointer_mut(part)), len: 10 });
        let vector = UserPtr::new(sys::syscall::pointer(&vector));
        assert_eq!(call!(preadv(file.fd().0, vector, 3, 100)), Ok(30));
        assert_eq!(parts.concat(), expected[100..130]);
    });
}

pub fn only_the_memory_that_is_there_is_lent() {
    as_program(|| {
        let file = open(LONG, O_RDONLY).expect("open");
        let start = crate::fault::map(2);
        crate::fault::unmap(start + 4096, 1);
        let read =
            |address: u32, count| call!(pread64(file.fd().0, UserMutPtr::new(address), count, 0));
        assert_eq!(read(start + 4000, 200), Ok(96));
        assert_eq!(read(start + 4096, 1), Err(Errno::EFAULT));
        assert_eq!(read(start, 0), Ok(0));
        assert_eq!(read(0xffff_f000, 1), Err(Errno::EFAULT));
        let sink = open(SINK, O_WRONLY).expect("open");
        let write = |address| call!(pwrite64(sink.fd().0, UserPtr::new(address), 10, 0));
        assert_eq!(write(start + 4096), Err(Errno::EFAULT));
        crate::fault::unmap(start, 1);
    });
}

/// The file and the page for [`read_slowly`].
static SLOW_READ: [AtomicU32; 2] = [const { AtomicU32::new(0) }; 2];

extern "C" fn read_slowly(_: u32) -> i32 {
    let [fd, page] = SLOW_READ.each_ref().map(|word| word.load(SeqCst));
    let read = call!(read(fd.cast_signed(), UserMutPtr::new(page), HELLO_TEXT.len() as u32));
    (read != Ok(HELLO_TEXT.len() as u32)).into()
}

pub fn what_is_read_arrives_where_it_was_asked_for_whoever_forks() {
    as_program(|| {
        let slow = open(SLOW, O_RDONLY).expect("open");
        let page = crate::fault::map(1);
        crate::fault::poke(page + 100, 1);
        SLOW_READ[0].store(slow.fd().0.cast_unsigned(), SeqCst);
        SLOW_READ[1].store(page, SeqCst);
        let reader = threads::spawn(read_slowly, 0);
        time::sleep(Duration::from_millis(30));
        let child = child::start(|| {
            time::sleep(Duration::from_millis(150));
            let [text, mark] = [0, 100].map(|place| crate::fault::peek(page + place));
            i32::from(text) * 16 + i32::from(mark)
        });
        // The page was the child's, too, and this made a copy of it.
        crate::fault::poke(page + 100, 2);
        reader.join();
        assert_eq!(
            (0..20).map(|place| crate::fault::peek(page + place)).collect::<Vec<_>>(),
            HELLO_TEXT
        );
        assert_eq!(crate::fault::peek(page + 100), 2);
        assert_eq!(child::wait(child), Status::Exited(1));
        crate::fault::unmap(page, 1);
    });
}

pub fn paths_lead_in_out_and_through() {
    as_program(|| {
        let ino = |path: &str| file::stat(path).map(|stat| stat.ino);
        let inner = ino("/mnt/dir/inner").expect("inner");
        for path in [
            "/mnt/link",
            "/mnt//dir///inner",
            "/mnt/dir/./deep/../inner",
            "/mnt/dir/deep/up",
            "/mnt/../mnt/dir/inner",
            "/mnt/dir/../../mnt/link",
            "/tmp/../mnt/dir/deep/../../link",
        ] {
            assert_eq!(ino(path), Ok(inner), "{path}");
        }
        let above = file::stat("/").expect("/");
        let up = file::stat("/mnt/dir/../..").expect("up");
        assert_eq!(({ up.dev }, { up.ino }), (above.dev, above.ino));
        for (path, error) in [
            ("/mnt/none", Errno::ENOENT),
            ("/mnt/none/x", Errno::ENOENT),
            ("/mnt/hello/", Errno::ENOTDIR),
            ("/mnt/hello/x", Errno::ENOTDIR),
            ("/mnt/hello/..", Errno::ENOTDIR),
            ("/mnt/link/", Errno::ENOTDIR),
        ] {
            assert_eq!(ino(path), Err(error), "{path}");
        }
        assert_eq!(open("link", O_RDONLY | O_NOFOLLOW).err(), Some(Errno::ELOOP));
        assert_eq!(open(HELLO, O_RDONLY | O_DIRECTORY).err(), Some(Errno::ENOTDIR));
        assert_eq!(open("dir", O_WRONLY).err(), Some(Errno::EISDIR));
        assert_eq!(open("new", O_WRONLY | O_CREAT).err(), Some(Errno::ENOENT));
        assert_eq!(open(HELLO, O_RDONLY | O_CREAT | O_EXCL).err(), Some(Errno::EEXIST));
        assert_eq!(directory::read_link("/mnt/link").as_deref(), Ok(&b"dir/inner"[..]));
        let place = open(HELLO, O_PATH).expect("O_PATH");
        assert_eq!(place.read(&mut [0]), Err(Errno::EBADF));
        assert!(place.stat().is_ok_and(|stat| stat.size == 20));
        // Relative to a descriptor.
        let dir = open("dir", O_RDONLY | O_DIRECTORY).expect("open");
        let relative = |text: &str| {
            call!(openat(dir.fd().0, path(text).as_user(), O_RDONLY | O_CLOEXEC, 0))
                .map(|fd| File::from_fd(sys::io::Fd(fd.cast_signed())))
        };
        for path in ["inner", "deep/up", "../link", "../../mnt/link"] {
            assert_eq!(
                relative(path).and_then(|file| file.stat()).map(|stat| { stat.ino }),
                Ok(inner)
            );
        }
    });
}

pub fn a_working_directory_may_be_the_servers() {
    as_program(|| {
        change("/mnt/dir/deep").expect("chdir");
        assert_eq!(directory::current().as_deref(), Ok(&b"/mnt/dir/deep"[..]));
        assert_eq!(file::stat("../inner").map(|stat| stat.mode), Ok(S_IFREG | 0o444));
        change("../..").expect("chdir");
        assert_eq!(directory::current().as_deref(), Ok(&b"/mnt"[..]));
        change("..").expect("chdir");
        assert_eq!(directory::current().as_deref(), Ok(&b"/"[..]));
        assert_eq!(change("/mnt/hello"), Err(Errno::ENOTDIR));
        let dir = open("dir", O_RDONLY | O_DIRECTORY).expect("open");
        assert_eq!(call!(fchdir(dir.fd().0)), Ok(0));
        assert_eq!(directory::current().as_deref(), Ok(&b"/mnt/dir"[..]));
        // A child inherits it; a new root keeps the way up closed.
        let ended = child::run(|| {
            assert_eq!(call!(chroot(path("/mnt/dir").as_user())), Ok(0));
            assert_eq!(directory::current().as_deref(), Ok(&b"/"[..]));
            assert_eq!(file::stat("deep/../../../hello").err(), Some(Errno::ENOENT));
            assert_eq!(file::stat("/deep/up").map(|stat| stat.mode), Ok(S_IFREG | 0o444));
            assert_eq!(file::stat("/../../inner").map(|stat| stat.mode), Ok(S_IFREG | 0o444));
            0
        });
        assert_eq!(ended, Status::Exited(0));
    });
}

pub fn a_listing_comes_in_pieces_of_any_size() {
    as_program(|| {
        let list = |size: u32| {
            let dir = open("", O_RDONLY | O_DIRECTORY).expect("open");
            let (mut names, mut buffer) = (Vec::new(), vec![0u8; size as usize]);
            loop {
                let to = UserMutPtr::new(pointer_mut(buffer.as_mut_slice()));
                match call!(getdents64(dir.fd().0, to, size)).expect("getdents64") {
                    0 => return names,
                    count => {
                        let mut rest = &buffer[..count as usize];
                        while let Some((entry, behind)) = Dirent64::read(rest) {
                            names.push((entry.name.to_vec(), entry.kind));
                            rest = behind;
                        }
                    }
                }
            }
        };
        let all = list(32768);
        assert_eq!(all.first(), Some(&(b".".to_vec(), DT_DIR)));
        assert!(all.contains(&(HELLO.into(), DT_REG)) && all.contains(&(b"link".to_vec(), DT_LNK)));
        for size in [48, 100, 1000] {
            assert_eq!(list(size), all, "{size}");
        }
        let dir = open("dir", O_RDONLY | O_DIRECTORY).expect("open");
        let mut buffer = [0u8; 23];
        let to = UserMutPtr::new(pointer_mut(&mut buffer));
        assert_eq!(call!(getdents64(dir.fd().0, to, 23)), Err(Errno::EINVAL));
        assert_eq!(dir.read(&mut buffer), Err(Errno::EISDIR));
    });
}

pub fn names_stay_as_they_are() {
    as_program(|| {
        let own = Scratch::file("served-names", b"x").0;
        let (old, none) = (path("/mnt/hello"), path("/mnt/none"));
        let (dir, own) = (path("/mnt/dir"), path(own.as_str()));
        let mkdir = |path: &CPath| call!(mkdir(path.as_user(), 0o755));
        let unlink = |path: &CPath| call!(unlink(path.as_user()));
        let rmdir = |path: &CPath| call!(rmdir(path.as_user()));
        let link = |old: &CPath, new: &CPath| call!(link(old.as_user(), new.as_user()));
        let rename = |old: &CPath, new: &CPath| call!(rename(old.as_user(), new.as_user()));
        assert_eq!((mkdir(&none), mkdir(&old)), (Err(Errno::ENOENT), Err(Errno::EEXIST)));
        assert_eq!((unlink(&none), unlink(&old)), (Err(Errno::ENOENT), Err(Errno::EPERM)));
        assert_eq!((unlink(&dir), rmdir(&old)), (Err(Errno::EISDIR), Err(Errno::ENOTDIR)));
        assert_eq!((rmdir(&dir), rmdir(&path("/mnt"))), (Err(Errno::EPERM), Err(Errno::EROFS)));
        assert_eq!((link(&own, &none), link(&own, &old)), (Err(Errno::ENOENT), Err(Errno::EEXIST)));
        assert_eq!(link(&old, &path("/tmp/served-new")), Err(Errno::EXDEV));
        assert_eq!(rename(&old, &path("/tmp/served-new")), Err(Errno::EXDEV));
        assert_eq!(
            (rename(&old, &none), rename(&old, &dir)),
            (Err(Errno::ENOENT), Err(Errno::EPERM))
        );
        assert_eq!(call!(symlink(own.as_user(), none.as_user())), Err(Errno::ENOENT));
        assert_eq!(call!(truncate(path("/mnt/sink").as_user(), 7)), Ok(0));
        assert_eq!(call!(truncate(old.as_user(), 7)), Err(Errno::EPERM));
        assert_eq!(call!(chmod(old.as_user(), 0o600)), Err(Errno::EPERM));
        assert_eq!(call!(utimes(old.as_user(), UserPtr::NULL)), Err(Errno::EPERM));
    });
}

pub fn permissions_are_checked_on_both_sides() {
    as_program(|| {
        assert_eq!(open(CAREFUL, O_RDWR).err(), Some(Errno::EBUSY));
        assert!(open(CAREFUL, O_RDONLY).is_ok() && open("closed/file", O_RDONLY).is_ok());
        // What root opens for writing need not be writable.
        let file = open(HELLO, O_WRONLY).expect("open");
        assert_eq!(file.write(b"x"), Err(Errno::EIO));
        let ended = child::run(|| {
            assert_eq!(call!(setuid32(1000)), Ok(0));
            for name in ["closed/file", "closed/none", "closed/.", "closed/.."] {
                assert_eq!(file::stat(at(name)).err(), Some(Errno::EACCES), "{name}");
            }
            assert_eq!(open(HELLO, O_WRONLY).err(), Some(Errno::EACCES));
            assert_eq!(open("closed", O_RDONLY).err(), Some(Errno::EACCES));
            assert_eq!(call!(access(path("/mnt/sink").as_user(), R_OK | W_OK)), Ok(0));
            assert_eq!(call!(access(path("/mnt/hello").as_user(), W_OK)), Err(Errno::EACCES));
            assert_eq!(call!(unlink(path("/mnt/hello").as_user())), Err(Errno::EACCES));
            0
        });
        assert_eq!(ended, Status::Exited(0));
    });
}

pub fn a_link_may_lead_to_what_a_process_has() {
    as_program(|| {
        let own = process::id();
        let executable = directory::read_link("/mnt/exe").expect("readlink");
        assert!(executable.ends_with(b"/suite"), "{}", executable.escape_ascii());
        assert_eq!(
            file::stat("/mnt/exe").map(|stat| { stat.ino }),
            file::stat(&executable).map(|stat| { stat.ino })
        );
        change("/tmp").expect("chdir");
        assert_eq!(directory::read_link("/mnt/cwd").as_deref(), Ok(&b"/tmp"[..]));
        assert_eq!(
            file::stat("/mnt/cwd/../tmp/.").map(|stat| { stat.ino }),
            file::stat("/tmp").map(|stat| { stat.ino })
        );
        assert_eq!(file::stat("/mnt/root/mnt/hello").map(|stat| { stat.size }), Ok(20));
        assert_eq!(file::stat("/mnt/nobody").err(), Some(Errno::ENOENT));
        assert_eq!(file::stat("/mnt/fd").err(), Some(Errno::ENOENT));
        // A file that has lost its name.
        let name = format!("/tmp/served-{own}");
        let file = File::open_with(&name, O_RDWR | O_CREAT, 0o600).expect("open");
        file.write_all(b"still here").expect("write");
        directory::remove_file(&name).expect("unlink");
        let magic = |file: &File| {
            assert_eq!(call!(dup2(file.fd().0, MAGIC_DESCRIPTOR as i32)), Ok(MAGIC_DESCRIPTOR));
        };
        magic(&file);
        let mut bytes = [0; 20];
        let again = open("fd", O_RDONLY).expect("open");
        assert_eq!((again.read(&mut bytes), bytes.get(..5)), (Ok(10), Some(&b"still"[..])));
        assert_eq!(open("fd", O_RDONLY | O_NOFOLLOW).err(), Some(Errno::ELOOP));
        assert_eq!(file::stat("/mnt/fd/").err(), Some(Errno::ENOTDIR));
        assert!(file::lstat("/mnt/fd").is_ok_and(|stat| stat.mode & S_IFMT == S_IFLNK));
        // A pipe: another description of it.
        let (reader, writer) = file::pipe().expect("pipe");
        magic(&reader);
        let other = open("fd", O_WRONLY).expect("open");
        drop(writer);
        other.write_all(b"through").expect("write");
        assert_eq!(reader.read(&mut bytes), Ok(7));
        drop(other);
        assert_eq!(reader.read(&mut bytes), Ok(0));
        let text = directory::read_link("/mnt/fd").expect("readlink");
        assert!(text.starts_with(b"pipe:["), "{}", text.escape_ascii());
        assert!(file::stat("/mnt/fd").is_ok_and(|stat| stat.mode & S_IFMT == S_IFIFO));
        // Not so a socket.
        let mut pair = [0; 2];
        let to = UserMutPtr::new(pointer_mut(&mut pair));
        assert_eq!(call!(socketpair(1, 1, 0, to)), Ok(0));
        magic(&File::from_fd(sys::io::Fd(pair[0])));
        assert_eq!(open("fd", O_RDONLY).err(), Some(Errno::ENXIO));
        assert!(open("fd", O_PATH).is_ok());
    });
}

pub fn what_files_of_servers_cannot_do() {
    as_program(|| {
        let file = open(HELLO, O_RDONLY).expect("open");
        let fd = file.fd().0;
        assert_eq!(call!(mmap2(0, 4096, PROT_READ, MAP_PRIVATE, fd, 0)), Err(Errno::ENODEV));
        let (arguments, environment) = ([UserPtr::<u8>::NULL; 1], [UserPtr::<u8>::NULL; 1]);
        let (arguments, environment) =
            (sys::syscall::pointer(&arguments), sys::syscall::pointer(&environment));
        let executed = call!(execve(
            path("/mnt/hello").as_user(),
            UserPtr::new(arguments),
            UserPtr::new(environment)
        ));
        assert_eq!(executed, Err(Errno::EACCES));
        assert_eq!(call!(fsync(fd)), Ok(0));
        assert_eq!(call!(fallocate(fd, 0, 0, 1)), Err(Errno::EBADF));
        let copy = Scratch::file("served-copy", b"").1;
        let nothing = UserMutPtr::NULL;
        assert_eq!(call!(sendfile64(copy.fd().0, fd, nothing, 10)), Err(Errno::EINVAL));
        let mut figures = Statfs64::default();
        let (size, to) = (size_of::<Statfs64>() as u32, sys::syscall::output(&mut figures));
        assert_eq!(call!(statfs64(path("/mnt/hello").as_user(), size, to)), Ok(0));
        assert_eq!((figures.bsize, figures.namelen), (4096, 255));
    });
}

pub fn a_server_that_lies_gives_its_clients_an_io_error() {
    as_program(|| {
        for name in [
            NO_TYPE,
            LATE_NANOSECONDS,
            NEGATIVE_SIZE,
            LINK_AS_FILE,
            CONSUMES_NOTHING,
            CONSUMES_HALF,
            CONSUMES_TOO_MUCH,
            NUL_TEXT,
            NO_TEXT,
            LONG_TEXT,
            STRANGE_LINK,
        ] {
            assert_eq!(file::stat(at(name)).err(), Some(Errno::EIO), "{name}");
            assert_eq!(open(name, O_RDONLY).err(), Some(Errno::EIO), "{name}");
            let below = file::stat(at(&format!("{name}/below"))).err();
            assert_eq!(below, Some(Errno::EIO), "{name}");
        }
        for name in [READS_TOO_MUCH, FEW_WORDS] {
            let file = open(name, O_RDWR).expect("open");
            assert_eq!(file.read(&mut [0; 10]), Err(Errno::EIO), "{name}");
            assert_eq!(file.write(&[0; 10]), Err(Errno::EIO), "{name}");
        }
        for name in [SLASHED_NAMES, BROKEN_RECORDS, NEGATIVE_POSITIONS, HUGE_LISTING] {
            assert_eq!(directory::entries(at(name)).err(), Some(Errno::EIO), "{name}");
        }
        assert!(open(HELLO, O_RDONLY).is_ok());
    });
}

pub fn the_next_server_answers_for_the_same_files() {
    as_program(|| {
        let (hello, crash) = (open(HELLO, O_RDONLY), open(CRASH, O_RDONLY));
        let (hello, crash) = (hello.expect("open"), crash.expect("open"));
        change("/mnt/dir/deep").expect("chdir");
        for _ in 0..3 {
            // Whichever server it is, one that survives this comes.
            assert_eq!(crash.read(&mut [0; 10]), Ok(0));
            assert_eq!(hello.seek(SeekFrom::Start(6)), Ok(6));
            let mut bytes = [0; 4];
            assert_eq!((hello.read(&mut bytes), &bytes), (Ok(4), b"from"));
            assert_eq!(directory::current().as_deref(), Ok(&b"/mnt/dir/deep"[..]));
            let server = sys::service::list().find(|entry| entry.name.as_str() == "files");
            let server = server.expect("the service").pid;
            if server != 0 {
                process::kill(server.cast_signed(), SIGKILL).expect("kill");
            }
        }
    });
}

pub fn a_client_of_a_server_that_hangs_can_be_killed() {
    as_program(|| {
        let hang = open(HANG, O_RDONLY).expect("open");
        let Fork::Parent(pid) = process::fork().expect("fork") else {
            let _ = hang.read(&mut [0; 10]);
            process::exit(0);
        };
        time::sleep(Duration::from_millis(50));
        process::kill(pid, SIGKILL).expect("kill");
        assert_eq!(
            process::wait(pid, 0).map(|ended| ended.map(|(_, status)| status)),
            Ok(Some(Status::Signaled(SIGKILL)))
        );
        // The supervisor sees that it does not answer, and somebody else does.
        let mut bytes = [0; 5];
        let hello = open(HELLO, O_RDONLY).expect("open");
        assert_eq!((hello.read(&mut bytes), &bytes), (Ok(5), b"Hello"));
    });
}

pub fn they_can_be_locked() {
    as_program(|| {
        let lock = |file: &File, operation| call!(flock(file.fd().0, operation | LOCK_NB));
        let (first, second) = (open(HELLO, O_RDONLY).expect("open"), open(HELLO, O_RDONLY));
        let (second, other) = (second.expect("open"), open(LONG, O_RDONLY).expect("open"));
        assert_eq!((lock(&first, LOCK_EX), lock(&other, LOCK_EX)), (Ok(0), Ok(0)));
        assert_eq!(lock(&second, LOCK_SH), Err(Errno::EAGAIN));
        drop(first);
        assert_eq!(lock(&second, LOCK_SH), Ok(0));
    });
}

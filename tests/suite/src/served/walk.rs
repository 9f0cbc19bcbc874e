//! Paths that lead to the server's files, through them and out again.

use super::program::*;
use crate::child;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use assist::files::*;
use sys::abi::UserMutPtr;
use sys::abi::file::*;
use sys::file::{self, File};
use sys::process;
use sys::syscall::pointer_mut;
use sys::wait::Status;
use sys::{Errno, directory};

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

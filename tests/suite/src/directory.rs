//! Names: directories, links, paths.

use crate::scratch::Scratch;
use alloc::vec::Vec;
use sys::Errno;
use sys::abi::file::*;
use sys::directory::{self, Entry};
use sys::file::{self, File};
use sys::path::CPath;

tests![
    a_new_directory_has_two_names,
    entries_say_type_and_number,
    many_names_come_in_pieces,
    names_can_be_removed_while_listing,
    only_empty_directories_go,
    paths_are_walked_strictly,
    long_paths_are_refused_at_4096_bytes,
    renaming_moves_and_replaces,
    renaming_can_refuse_or_swap,
    a_link_is_the_same_file,
    symbolic_links_lead_elsewhere,
    symbolic_links_to_directories_and_nowhere,
    forty_links_and_no_more,
    the_working_directory,
    a_child_changes_only_its_own_directory,
    a_removed_working_directory_has_no_path,
    paths_relative_to_a_descriptor,
    only_directories_open_as_such,
    creating_what_exists_is_eexist,
    the_boot_archive_is_read_only,
];

fn names(path: &str) -> Vec<Vec<u8>> {
    let mut names: Vec<_> =
        directory::entries(path).expect("getdents64").into_iter().map(|entry| entry.name).collect();
    names.sort();
    names
}

fn touch(path: &str) {
    File::create(path).expect("open");
}

pub fn a_new_directory_has_two_names() {
    let folder = Scratch::directory("new");
    assert_eq!(names(folder.as_str()), [&b"."[..], b".."]);
    let stat = file::stat(folder.as_str()).expect("stat64");
    assert_eq!(stat.mode & S_IFMT, S_IFDIR);
    assert_eq!(stat.mode & 0o777, 0o755);
}

pub fn entries_say_type_and_number() {
    let folder = Scratch::directory("types");
    touch(&folder.join("file"));
    directory::create(folder.join("sub"), 0o700).expect("mkdir");
    directory::symlink("file", folder.join("link")).expect("symlink");
    let entries = directory::entries(folder.as_str()).expect("getdents64");
    let kind = |name: &[u8]| {
        let entry: &Entry = entries.iter().find(|entry| entry.name == name).expect("an entry");
        let stat = file::lstat(folder.join(core::str::from_utf8(name).unwrap())).expect("lstat64");
        assert_eq!(entry.ino, stat.ino);
        entry.kind
    };
    assert_eq!((kind(b"file"), kind(b"sub"), kind(b"link")), (DT_REG, DT_DIR, DT_LNK));
    for name in ["file", "link"] {
        directory::remove_file(folder.join(name)).expect("unlink");
    }
    directory::remove(folder.join("sub")).expect("rmdir");
}

pub fn many_names_come_in_pieces() {
    let folder = Scratch::directory("many");
    for index in 0..300 {
        touch(&folder.join(&alloc::format!("a-rather-long-name-{index}")));
    }
    assert_eq!(names(folder.as_str()).len(), 302);
    // With a buffer for one entry at a time, each name comes once.
    let open = File::open_with(folder.as_str(), O_RDONLY | O_DIRECTORY, 0).expect("open");
    let mut buffer = [0u8; 56];
    let mut seen = Vec::new();
    loop {
        let target = sys::abi::UserMutPtr::new(sys::syscall::pointer_mut(&mut buffer));
        match call!(getdents64(open.fd().0, target, 56)).expect("getdents64") {
            0 => break,
            count => {
                let mut rest = &buffer[..count as usize];
                while let Some((entry, next)) = Dirent64::read(rest) {
                    seen.push(entry.name.to_vec());
                    rest = next;
                }
            }
        }
    }
    seen.sort();
    assert_eq!(seen, names(folder.as_str()));
    let target = sys::abi::UserMutPtr::new(sys::syscall::pointer_mut(&mut buffer));
    open.seek(sys::file::SeekFrom::Start(0)).expect("_llseek");
    assert_eq!(call!(getdents64(open.fd().0, target, 10)), Err(Errno::EINVAL));
    for index in 0..300 {
        let name = folder.join(&alloc::format!("a-rather-long-name-{index}"));
        directory::remove_file(name).expect("unlink");
    }
}

pub fn names_can_be_removed_while_listing() {
    let folder = Scratch::directory("removing");
    for index in 0..50 {
        touch(&folder.join(&alloc::format!("{index}")));
    }
    for entry in directory::entries(folder.as_str()).expect("getdents64") {
        if entry.kind == DT_REG {
            let name = core::str::from_utf8(&entry.name).expect("a name");
            directory::remove_file(folder.join(name)).expect("unlink");
        }
    }
    assert_eq!(names(folder.as_str()).len(), 2);
}

pub fn only_empty_directories_go() {
    let folder = Scratch::directory("full");
    touch(&folder.join("file"));
    assert_eq!(directory::remove(folder.as_str()), Err(Errno::ENOTEMPTY));
    assert_eq!(directory::remove_file(folder.as_str()), Err(Errno::EISDIR));
    assert_eq!(directory::remove(folder.join("file")), Err(Errno::ENOTDIR));
    directory::remove_file(folder.join("file")).expect("unlink");
    assert_eq!(directory::remove(folder.as_str()), Ok(()));
    assert_eq!(directory::remove(folder.as_str()), Err(Errno::ENOENT));
    assert_eq!(directory::remove("/tmp/."), Err(Errno::EINVAL));
}

pub fn paths_are_walked_strictly() {
    let folder = Scratch::directory("walk");
    touch(&folder.join("file"));
    let missing = |path: &str| File::open(folder.join(path)).err();
    assert_eq!(missing("none"), Some(Errno::ENOENT));
    assert_eq!(missing("none/file"), Some(Errno::ENOENT));
    assert_eq!(missing("file/none"), Some(Errno::ENOTDIR));
    assert_eq!(missing("file/"), Some(Errno::ENOTDIR));
    assert_eq!(missing("file/.."), Some(Errno::ENOTDIR));
    assert_eq!(missing("none/../file"), Some(Errno::ENOENT));
    assert_eq!(missing("./file"), None);
    assert_eq!(missing(".//file"), None);
    assert_eq!(File::open("").err(), Some(Errno::ENOENT));
    let long = alloc::string::String::from_utf8(alloc::vec![b'n'; 256]).expect("text");
    assert_eq!(missing(&long), Some(Errno::ENAMETOOLONG));
    assert_eq!(missing(&long[..255]), Some(Errno::ENOENT));
    directory::remove_file(folder.join("file")).expect("unlink");
}

pub fn long_paths_are_refused_at_4096_bytes() {
    let mut path = alloc::vec![b'/'; 4095];
    assert!(File::open(&path).is_ok());
    path.push(b'/');
    path.push(0);
    let address = sys::abi::UserStr::new(sys::syscall::pointer(path.as_slice()));
    assert_eq!(call!(open(address, 0, 0)), Err(Errno::ENAMETOOLONG));
}

pub fn renaming_moves_and_replaces() {
    let folder = Scratch::directory("rename");
    let (a, b) = (folder.join("a"), folder.join("b"));
    touch(&a);
    let number = file::stat(&a).expect("stat64").ino;
    directory::rename(&a, &b).expect("rename");
    assert_eq!(file::stat(&a).err(), Some(Errno::ENOENT));
    assert_eq!(file::stat(&b).expect("stat64").ino, number);
    touch(&a);
    directory::rename(&b, &a).expect("rename");
    assert_eq!(file::stat(&a).expect("stat64").ino, number);
    // A name and itself: nothing happens.
    assert_eq!(directory::rename(&a, &a), Ok(()));
    assert_eq!(directory::rename(&b, &a), Err(Errno::ENOENT));
    directory::create(&b, 0o755).expect("mkdir");
    assert_eq!(directory::rename(&a, &b), Err(Errno::EISDIR));
    assert_eq!(directory::rename(&b, &a), Err(Errno::ENOTDIR));
    // A directory does not go into itself.
    assert_eq!(directory::rename(&b, folder.join("b/c")), Err(Errno::EINVAL));
    directory::remove(&b).expect("rmdir");
    directory::remove_file(&a).expect("unlink");
}

pub fn renaming_can_refuse_or_swap() {
    let folder = Scratch::directory("rename2");
    let (a, b) = (folder.join("a"), folder.join("b"));
    touch(&a);
    touch(&b);
    let numbers = || (file::stat(&a).expect("a").ino, file::stat(&b).expect("b").ino);
    let (first, second) = numbers();
    let (path_a, path_b) = (CPath::new(&a).expect("a path"), CPath::new(&b).expect("a path"));
    let rename =
        |flags| call!(renameat2(AT_FDCWD, path_a.as_user(), AT_FDCWD, path_b.as_user(), flags));
    assert_eq!(rename(RENAME_NOREPLACE), Err(Errno::EEXIST));
    assert_eq!(rename(RENAME_EXCHANGE), Ok(0));
    assert_eq!(numbers(), (second, first));
    assert_eq!(rename(RENAME_EXCHANGE | RENAME_NOREPLACE), Err(Errno::EINVAL));
    assert_eq!(rename(0x80), Err(Errno::EINVAL));
    directory::remove_file(&a).expect("unlink");
    directory::remove_file(&b).expect("unlink");
}

pub fn a_link_is_the_same_file() {
    let folder = Scratch::directory("link");
    let (a, b) = (folder.join("a"), folder.join("b"));
    File::create(&a).expect("open").write_all(b"text").expect("write");
    directory::link(&a, &b).expect("link");
    let (one, two) = (file::stat(&a).expect("stat64"), file::stat(&b).expect("stat64"));
    assert_eq!(one.ino, two.ino);
    assert_eq!((one.nlink, two.nlink), (2, 2));
    directory::remove_file(&a).expect("unlink");
    assert_eq!(file::read(&b).as_deref(), Ok(&b"text"[..]));
    assert_eq!(file::stat(&b).expect("stat64").nlink, 1);
    touch(&a);
    assert_eq!(directory::link(&a, &b), Err(Errno::EEXIST));
    assert_eq!(directory::link(folder.as_str(), folder.join("c")), Err(Errno::EPERM));
    directory::remove_file(&a).expect("unlink");
    directory::remove_file(&b).expect("unlink");
}

pub fn symbolic_links_lead_elsewhere() {
    let folder = Scratch::directory("symlink");
    let (target, link) = (folder.join("target"), folder.join("link"));
    File::create(&target).expect("open").write_all(b"text").expect("write");
    directory::symlink("target", &link).expect("symlink");
    assert_eq!(file::read(&link).as_deref(), Ok(&b"text"[..]));
    assert_eq!(directory::read_link(&link).as_deref(), Ok(&b"target"[..]));
    assert_eq!(file::lstat(&link).expect("lstat64").mode & S_IFMT, S_IFLNK);
    assert_eq!(file::lstat(&link).expect("lstat64").size, 6);
    assert_eq!(file::stat(&link).expect("stat64").mode & S_IFMT, S_IFREG);
    let nofollow = File::open_with(&link, O_RDONLY | O_NOFOLLOW, 0);
    assert_eq!(nofollow.err(), Some(Errno::ELOOP));
    assert_eq!(directory::read_link(&target).err(), Some(Errno::EINVAL));
    // Removing the link leaves the target.
    directory::remove_file(&link).expect("unlink");
    assert!(file::stat(&target).is_ok());
    directory::remove_file(&target).expect("unlink");
}

pub fn symbolic_links_to_directories_and_nowhere() {
    let folder = Scratch::directory("symlink2");
    directory::create(folder.join("sub"), 0o755).expect("mkdir");
    touch(&folder.join("sub/file"));
    directory::symlink("sub", folder.join("link")).expect("symlink");
    assert!(file::stat(folder.join("link/file")).is_ok());
    // `..` of a directory reached by a link is the directory's own parent.
    assert!(file::stat(folder.join("link/../sub/file")).is_ok());
    directory::symlink("nowhere", folder.join("broken")).expect("symlink");
    assert_eq!(File::open(folder.join("broken")).err(), Some(Errno::ENOENT));
    // Creating through a broken link makes its target.
    touch(&folder.join("broken"));
    assert!(file::stat(folder.join("nowhere")).is_ok());
    let exclusive = File::open_with(folder.join("broken"), O_RDWR | O_CREAT | O_EXCL, 0o600);
    assert_eq!(exclusive.err(), Some(Errno::EEXIST));
    directory::symlink("loop", folder.join("loop")).expect("symlink");
    assert_eq!(File::open(folder.join("loop")).err(), Some(Errno::ELOOP));
    assert_eq!(directory::remove(folder.join("link")), Err(Errno::ENOTDIR));
    for name in ["sub/file", "link", "broken", "nowhere", "loop"] {
        directory::remove_file(folder.join(name)).expect("unlink");
    }
    directory::remove(folder.join("sub")).expect("rmdir");
}

pub fn forty_links_and_no_more() {
    let folder = Scratch::directory("forty");
    touch(&folder.join("0"));
    for index in 1..=41 {
        let target = alloc::format!("{}", index - 1);
        directory::symlink(target, folder.join(&alloc::format!("{index}"))).expect("symlink");
    }
    assert!(File::open(folder.join("40")).is_ok());
    assert_eq!(File::open(folder.join("41")).err(), Some(Errno::ELOOP));
    for index in 0..=41 {
        directory::remove_file(folder.join(&alloc::format!("{index}"))).expect("unlink");
    }
}

pub fn the_working_directory() {
    let folder = Scratch::directory("cwd");
    directory::set_current(folder.as_str()).expect("chdir");
    assert_eq!(directory::current().as_deref(), Ok(folder.as_str().as_bytes()));
    touch("here");
    assert!(file::stat(folder.join("here")).is_ok());
    assert_eq!(directory::set_current("here"), Err(Errno::ENOTDIR));
    assert_eq!(directory::set_current("none"), Err(Errno::ENOENT));
    directory::create("sub", 0o755).expect("mkdir");
    directory::set_current("sub").expect("chdir");
    directory::set_current("..").expect("chdir");
    assert_eq!(directory::current().as_deref(), Ok(folder.as_str().as_bytes()));
    let mut small = [0u8; 4];
    let target = sys::abi::UserMutPtr::new(sys::syscall::pointer_mut(&mut small));
    assert_eq!(call!(getcwd(target, 4)), Err(Errno::ERANGE));
    let root = File::open_with("/", O_RDONLY | O_DIRECTORY, 0).expect("open");
    assert_eq!(call!(fchdir(root.fd().0)), Ok(0));
    assert_eq!(directory::current().as_deref(), Ok(&b"/"[..]));
    directory::set_current("..").expect("chdir");
    assert_eq!(directory::current().as_deref(), Ok(&b"/"[..]));
    directory::remove_file(folder.join("here")).expect("unlink");
    directory::remove(folder.join("sub")).expect("rmdir");
}

pub fn a_child_changes_only_its_own_directory() {
    let before = directory::current().expect("getcwd");
    let status = crate::child::run(|| {
        directory::set_current("/tmp").expect("chdir");
        0
    });
    assert_eq!(status, sys::wait::Status::Exited(0));
    assert_eq!(directory::current(), Ok(before));
}

pub fn a_removed_working_directory_has_no_path() {
    let folder = Scratch::directory("gone");
    directory::set_current(folder.as_str()).expect("chdir");
    directory::remove(folder.as_str()).expect("rmdir");
    assert_eq!(directory::current().err(), Some(Errno::ENOENT));
    assert_eq!(File::create("file").err(), Some(Errno::ENOENT));
}

pub fn paths_relative_to_a_descriptor() {
    let folder = Scratch::directory("at");
    let open = File::open_with(folder.as_str(), O_RDONLY | O_DIRECTORY, 0).expect("open");
    let fd = open.fd().0;
    let path = |name: &str| CPath::new(name).expect("a path");
    assert_eq!(call!(mkdirat(fd, path("sub").as_user(), 0o755)), Ok(0));
    let flags = O_RDWR | O_CREAT;
    let file = call!(openat(fd, path("sub/file").as_user(), flags, 0o644)).expect("openat");
    assert_eq!(call!(close(file.cast_signed())), Ok(0));
    assert!(file::stat(folder.join("sub/file")).is_ok());
    assert_eq!(call!(faccessat(fd, path("sub/file").as_user(), F_OK)), Ok(0));
    let result = call!(linkat(fd, path("sub/file").as_user(), fd, path("other").as_user(), 0));
    assert_eq!(result, Ok(0));
    assert_eq!(call!(symlinkat(path("other").as_user(), fd, path("link").as_user())), Ok(0));
    let mut buffer = [0u8; 16];
    let target = sys::abi::UserMutPtr::new(sys::syscall::pointer_mut(&mut buffer));
    assert_eq!(call!(readlinkat(fd, path("link").as_user(), target, 16)), Ok(5));
    let result = call!(renameat(fd, path("other").as_user(), fd, path("third").as_user()));
    assert_eq!(result, Ok(0));
    assert_eq!(call!(unlinkat(fd, path("sub").as_user(), 0)), Err(Errno::EISDIR));
    assert_eq!(call!(unlinkat(fd, path("third").as_user(), AT_REMOVEDIR)), Err(Errno::ENOTDIR));
    for name in ["third", "link", "sub/file"] {
        assert_eq!(call!(unlinkat(fd, path(name).as_user(), 0)), Ok(0));
    }
    assert_eq!(call!(unlinkat(fd, path("sub").as_user(), AT_REMOVEDIR)), Ok(0));
    assert_eq!(call!(openat(999, path("x").as_user(), 0, 0)), Err(Errno::EBADF));
    assert!(call!(openat(999, path("/tmp").as_user(), 0, 0)).is_ok());
    let (pipe, _end) = sys::file::pipe().expect("pipe2");
    assert_eq!(call!(openat(pipe.fd().0, path("x").as_user(), 0, 0)), Err(Errno::ENOTDIR));
}

pub fn only_directories_open_as_such() {
    let (name, _file) = Scratch::file("nodir", b"");
    let open = File::open_with(name.as_str(), O_RDONLY | O_DIRECTORY, 0);
    assert_eq!(open.err(), Some(Errno::ENOTDIR));
}

pub fn creating_what_exists_is_eexist() {
    assert_eq!(directory::create("/tmp", 0o755), Err(Errno::EEXIST));
    assert_eq!(directory::create("/", 0o755), Err(Errno::EEXIST));
    assert_eq!(directory::symlink("x", "/tmp"), Err(Errno::EEXIST));
    assert_eq!(directory::create("/tmp/none/sub", 0o755), Err(Errno::ENOENT));
}

pub fn the_boot_archive_is_read_only() {
    crate::harness::only_on_folio("ARCHITECTURE.md, What is on top: the boot archive");
    let name = sys::env::args().next().expect("argument 0");
    assert_eq!(File::open_with(name, O_RDWR, 0).err(), Some(Errno::EROFS));
    assert_eq!(File::create("/bin/new").err(), Some(Errno::EROFS));
    assert_eq!(directory::remove_file(name), Err(Errno::EROFS));
    assert_eq!(directory::create("/new", 0o755), Err(Errno::EROFS));
}

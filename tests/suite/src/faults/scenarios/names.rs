//! Directories and names.

use crate::faults::files::{self, Made};
use crate::faults::{Outcome, child, join};
use alloc::format;
use sys::Errno;
use sys::abi::UserMutPtr;
use sys::abi::file::*;
use sys::directory;
use sys::file::{self, File};
use sys::path::CPath;
use sys::syscall::pointer_mut;

pub fn names_come_and_go() -> Outcome {
    let place = Made::directory("names")?;
    let (one, two, three) = (place.join("one"), place.join("two"), place.join("three"));
    drop(File::create(&one)?);
    directory::rename(&one, &two)?;
    directory::symlink("two", &three)?;
    assert_eq!(directory::read_link(&three)?, b"two");
    assert_eq!(directory::entries(place.as_str())?.len(), 4);
    file::stat(&three)?;
    directory::remove_file(&three)?;
    directory::remove_file(&two)?;
    assert_eq!(directory::entries(place.as_str())?.len(), 2);
    directory::remove(place.as_str())?;
    Ok(())
}

pub fn a_file_has_two_names() -> Outcome {
    let (name, file) = Made::file("first")?;
    let other = files::path("second");
    directory::link(name.as_str(), &other)?;
    let other = Made::at(other);
    assert_eq!(file.stat()?.nlink, 2);
    file.write_all(b"the same")?;
    directory::remove_file(name.as_str())?;
    let mut bytes = [0; 16];
    let read = File::open(other.as_str())?.read(&mut bytes)?;
    assert_eq!(&bytes[..read], b"the same");
    directory::remove_file(other.as_str())?;
    // It is still there for who has it open.
    assert_eq!((file.stat()?.nlink, file.read_at(&mut bytes, 0)?), (0, 8));
    Ok(())
}

pub fn a_directory_is_listed_in_pieces() -> Outcome {
    let place = Made::directory("listed")?;
    for number in 0..8 {
        directory::create(place.join(&format!("entry-{number}")), 0o755)?;
    }
    let open = File::open_with(place.as_str(), O_RDONLY | O_DIRECTORY, 0)?;
    let (mut count, mut buffer) = (0, [0u8; 100]);
    loop {
        let to = UserMutPtr::new(pointer_mut(&mut buffer));
        let length = call!(getdents64(open.fd().0, to, 100))?;
        let mut rest = &buffer[..length as usize];
        while let Some((_, behind)) = Dirent64::read(rest) {
            (count, rest) = (count + 1, behind);
        }
        if length == 0 {
            break;
        }
    }
    assert_eq!(count, 10);
    for number in 0..8 {
        directory::remove(place.join(&format!("entry-{number}")))?;
    }
    Ok(())
}

pub fn names_change_places() -> Outcome {
    let (one, first) = Made::file("one")?;
    let (two, second) = Made::file("two")?;
    first.write_all(b"1")?;
    second.write_all(b"2")?;
    let paths = [CPath::new(one.as_str())?, CPath::new(two.as_str())?];
    let [old, new] = paths.each_ref().map(CPath::as_user);
    call!(renameat2(AT_FDCWD, old, AT_FDCWD, new, RENAME_EXCHANGE))?;
    assert_eq!(file::stat(one.as_str())?.ino, second.stat()?.ino);
    match call!(renameat2(AT_FDCWD, old, AT_FDCWD, new, RENAME_NOREPLACE)) {
        Err(Errno::EEXIST) => {}
        other => return Err(other.expect_err("it is there").into()),
    }
    call!(rename(old, new))?;
    assert_eq!(second.stat()?.nlink, 1);
    assert_eq!(first.stat()?.nlink, 0);
    Ok(())
}

pub fn a_working_directory_changes() -> Outcome {
    let place = Made::directory("working")?;
    directory::set_current(place.as_str())?;
    directory::create("inner", 0o755)?;
    let inner = File::open_with("inner", O_RDONLY | O_DIRECTORY, 0)?;
    call!(fchdir(inner.fd().0))?;
    assert!(directory::current()?.ends_with(b"-working/inner"));
    let path = CPath::new("../../bin/hello")?;
    match call!(faccessat(AT_FDCWD, path.as_user(), F_OK)) {
        Err(Errno::ENOENT) => {}
        other => return Err(other.expect_err("no such file").into()),
    }
    drop(inner);
    directory::set_current("..")?;
    directory::remove("inner")?;
    directory::set_current("/")?;
    Ok(())
}

pub fn a_root_changes() -> Outcome {
    let place = Made::directory("root")?;
    directory::create(place.join("inside"), 0o755)?;
    let pid = child(|| {
        call!(chroot(CPath::new(place.as_str())?.as_user()))?;
        directory::set_current("/")?;
        assert_eq!(directory::current()?, b"/");
        file::stat("/../inside/..")?;
        match file::stat("/bin/hello") {
            Err(Errno::ENOENT) => Ok(()),
            other => Err(other.map(drop).expect_err("it is outside").into()),
        }
    })?;
    let ended = join(pid);
    directory::remove(place.join("inside"))?;
    ended
}

//! Mounting and unmounting. What is mounted is the server of `tests/assist`.

use crate::child;
use crate::scratch::Scratch;
use crate::served::{as_program, at, change, path};
use alloc::format;
use assist::files::{HELLO, MOUNT_POINT};
use sys::abi::UserPtr;
use sys::abi::file::*;
use sys::file::{self, File};
use sys::wait::Status;
use sys::{Errno, Result, directory};

tests![
    it_is_for_the_privileged_and_in_order,
    a_removed_directory_is_no_place_for_it,
    a_detached_tree_goes_with_its_last_user,
    an_unused_mount_expires,
    a_root_inside_is_where_paths_begin,
];

fn mount(target: &str, kind: &str) -> Result<u32> {
    let (target, kind) = (path(target), path(kind));
    call!(mount(kind.as_user(), target.as_user(), kind.as_user(), 0, UserPtr::NULL))
}

fn umount(target: &str, flags: u32) -> Result<u32> {
    call!(umount2(path(target).as_user(), flags))
}

pub fn it_is_for_the_privileged_and_in_order() {
    as_program(|| {
        let place = Scratch::directory("mount");
        let file = Scratch::file("mount-file", b"").0;
        assert_eq!(mount(place.as_str(), "no-such-type"), Err(Errno::ENODEV));
        assert_eq!(mount("/tmp/none/none", "test"), Err(Errno::ENOENT));
        assert_eq!(mount(file.as_str(), "test"), Err(Errno::ENOTDIR));
        assert_eq!(mount(MOUNT_POINT, "test"), Err(Errno::EBUSY));
        assert_eq!(umount(place.as_str(), 0), Err(Errno::EINVAL));
        assert_eq!(umount("/mnt/dir", 0), Err(Errno::EINVAL));
        assert_eq!(mount(place.as_str(), "test"), Ok(0));
        let there = file::stat(place.join(HELLO)).expect("stat64");
        let first = file::stat(at(HELLO)).expect("stat64");
        assert_eq!({ there.ino }, first.ino);
        assert_ne!({ there.dev }, first.dev);
        assert_eq!(directory::remove(place.as_str()), Err(Errno::EBUSY));
        {
            let _open = File::open(place.join(HELLO)).expect("open");
            assert_eq!(umount(place.as_str(), 0), Err(Errno::EBUSY));
        }
        let ended = child::run(|| {
            assert_eq!(call!(setuid32(1000)), Ok(0));
            assert_eq!(mount("/tmp", "test"), Err(Errno::EPERM));
            assert_eq!(umount(MOUNT_POINT, 0), Err(Errno::EPERM));
            0
        });
        assert_eq!(ended, Status::Exited(0));
        assert_eq!(umount(place.as_str(), 0), Ok(0));
        assert_eq!(file::stat(place.join(HELLO)).err(), Some(Errno::ENOENT));
    });
}

pub fn a_removed_directory_is_no_place_for_it() {
    as_program(|| {
        let place = Scratch::directory("mount-removed");
        change(place.as_str()).expect("chdir");
        directory::remove(place.as_str()).expect("rmdir");
        assert_eq!(mount(".", "test"), Err(Errno::ENOENT));
        change("/").expect("chdir");
    });
}

pub fn a_detached_tree_goes_with_its_last_user() {
    as_program(|| {
        let place = Scratch::directory("mount-detached");
        assert_eq!(mount(place.as_str(), "test"), Ok(0));
        let open = File::open(place.join(HELLO)).expect("open");
        change(&place.join("dir")).expect("chdir");
        assert_eq!(umount(place.as_str(), MNT_DETACH), Ok(0));
        assert_eq!(umount(place.as_str(), MNT_DETACH), Err(Errno::EINVAL));
        // Its place is free.
        assert_eq!(file::stat(place.join(HELLO)).err(), Some(Errno::ENOENT));
        assert_eq!(mount(place.as_str(), "test"), Ok(0));
        assert_eq!(umount(place.as_str(), 0), Ok(0));
        assert_eq!(directory::remove(place.as_str()), Ok(()));
        // Who is inside stays there.
        assert_eq!(open.read(&mut [0; 5]), Ok(5));
        let ino = |path: &str| file::stat(path).map(|stat| stat.ino);
        let inner = ino("/mnt/dir/inner").expect("inner");
        for path in ["inner", "../link", "deep/../../../link"] {
            assert_eq!(ino(path), Ok(inner), "{path}");
        }
        assert_eq!(directory::current().as_deref(), Ok(&b"(unreachable)/dir"[..]));
        change("../..").expect("chdir");
        assert_eq!(directory::current().as_deref(), Ok(&b"(unreachable)/"[..]));
        assert_eq!(umount(".", 0), Err(Errno::EINVAL));
        change("/").expect("chdir");
        drop(open);
    });
}

pub fn an_unused_mount_expires() {
    as_program(|| {
        let place = Scratch::directory("mount-expiring");
        let expire = || umount(place.as_str(), MNT_EXPIRE);
        assert_eq!(mount(place.as_str(), "test"), Ok(0));
        assert_eq!(umount(place.as_str(), MNT_EXPIRE | MNT_DETACH), Err(Errno::EINVAL));
        {
            let _open = File::open(place.join(HELLO)).expect("open");
            assert_eq!(expire(), Err(Errno::EBUSY));
        }
        assert_eq!(expire(), Err(Errno::EAGAIN));
        // That uses it.
        assert!(file::stat(place.join(HELLO)).is_ok());
        assert_eq!((expire(), expire()), (Err(Errno::EAGAIN), Ok(0)));
    });
}

pub fn a_root_inside_is_where_paths_begin() {
    as_program(|| {
        let seen_from = |root: &str, working: &str, expected: &str| {
            let ended = child::run(|| {
                change(working).expect("chdir");
                call!(chroot(path(root).as_user())).expect("chroot");
                let seen = directory::current().expect("getcwd");
                assert_eq!(core::str::from_utf8(&seen), Ok(expected), "{working} from {root}");
                0
            });
            assert_eq!(ended, Status::Exited(0));
        };
        seen_from("/mnt/dir", "/mnt/dir", "/");
        seen_from("/mnt/dir", "/mnt/dir/deep", "/deep");
        seen_from("/mnt", "/mnt/dir/deep", "/dir/deep");
        seen_from("/mnt/dir/deep", "/mnt/dir", "(unreachable)/mnt/dir");
        seen_from("/mnt/dir", "/tmp", "(unreachable)/tmp");
        seen_from("/tmp", "/", "(unreachable)/");
        let place = Scratch::directory("mount-root");
        assert_eq!(mount(place.as_str(), "test"), Ok(0));
        // The same tree twice.
        let elsewhere = format!("(unreachable){}/deep", place.join("dir"));
        seen_from("/mnt/dir", &place.join("dir/deep"), &elsewhere);
        assert_eq!(umount(place.as_str(), 0), Ok(0));
    });
}

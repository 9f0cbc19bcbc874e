//! Files that a server answers for: `tests/assist`.

use crate::fault::PAGE;
use crate::faults::files::Made;
use crate::faults::{Failure, Outcome, whole, without_faults};
use assist::files::*;
use sys::abi::UserPtr;
use sys::abi::file::*;
use sys::file::{self, File};
use sys::memory::Mapping;
use sys::path::CPath;
use sys::{Errno, directory};

fn at(name: &str) -> alloc::string::String {
    alloc::format!("{MOUNT_POINT}/{name}")
}

pub fn a_file_is_read() -> Outcome {
    let file = File::open(at(HELLO))?;
    let mut bytes = [0; 64];
    let read = file.read(&mut bytes)?;
    assert_eq!(bytes[..read], HELLO_TEXT[..read]);
    whole(read, HELLO_TEXT.len())?;
    assert_eq!(file.stat()?.size, HELLO_TEXT.len() as i64);
    assert_eq!(file::stat(at("dir/deep/up"))?.ino, file::stat(at("link"))?.ino);
    assert_eq!(directory::read_link(at("link"))?, b"dir/inner");
    Ok(())
}

pub fn long_transfers_come_in_pieces() -> Outcome {
    const MUCH: u32 = 20 * PAGE;
    let (file, sink) = (File::open(at(LONG))?, File::open_with(at(SINK), O_WRONLY, 0)?);
    let memory = Mapping::anonymous(MUCH)?;
    // SAFETY: nobody else has the mapping.
    let bytes = unsafe { core::slice::from_raw_parts_mut(memory.as_mut_ptr(), MUCH as usize) };
    let mut all = 0;
    while all < bytes.len() {
        match file.read(&mut bytes[all..])? {
            0 => return Err(Failure::Short),
            read => all += read,
        }
    }
    assert!(bytes.iter().zip(0..).all(|(byte, at)| *byte == long_byte(at)));
    sink.write_all(bytes)?;
    Ok(())
}

pub fn a_directory_is_listed() -> Outcome {
    let names = directory::entries(MOUNT_POINT)?;
    assert!(names.iter().any(|entry| entry.name == HELLO.as_bytes()));
    directory::set_current(at("dir/deep"))?;
    assert_eq!(directory::current()?, at("dir/deep").into_bytes());
    directory::set_current("/")?;
    Ok(())
}

pub fn a_server_dies_over_a_read() -> Outcome {
    // Every other server of the service does.
    let file = File::open(at(CRASH))?;
    let mut bytes = [0; 8];
    assert_eq!(file.read(&mut bytes)?, 0);
    Ok(())
}

/// A mount that goes away with this value.
struct Mounted(Made);

impl Mounted {
    fn new(name: &str) -> sys::Result<Self> {
        let place = Made::directory(name)?;
        let (target, kind) = (CPath::new(place.as_str())?, CPath::new("test")?);
        let (target, kind) = (target.as_user(), kind.as_user());
        call!(mount(kind, target, kind, 0, UserPtr::NULL))?;
        Ok(Self(place))
    }

    fn umount(&self, flags: u32) -> sys::Result<()> {
        call!(umount2(CPath::new(self.0.as_str())?.as_user(), flags)).map(drop)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = without_faults(|| self.umount(MNT_DETACH));
    }
}

pub fn a_tree_is_mounted() -> Outcome {
    let place = Mounted::new("mounted")?;
    let file = File::open(place.0.join(HELLO))?;
    match place.umount(0) {
        Err(Errno::EBUSY) => {}
        other => return Err(other.expect_err("a file is open").into()),
    }
    drop(file);
    place.umount(0)?;
    match file::stat(place.0.join(HELLO)) {
        Err(Errno::ENOENT) => Ok(()),
        other => Err(other.map(drop).expect_err("nothing is there").into()),
    }
}

pub fn a_detached_tree_goes_with_its_last_user() -> Outcome {
    let place = Mounted::new("detached")?;
    let file = File::open(place.0.join(HELLO))?;
    directory::set_current(place.0.join("dir"))?;
    place.umount(MNT_DETACH)?;
    let mut bytes = [0; 64];
    let read = file.read(&mut bytes)?;
    assert_eq!(bytes[..read], HELLO_TEXT[..read]);
    whole(read, HELLO_TEXT.len())?;
    assert_eq!(directory::current()?, b"(unreachable)/dir");
    directory::set_current("/")?;
    Ok(())
}

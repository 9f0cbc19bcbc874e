//! Pipes with a name.

use crate::child;
use crate::scratch::Scratch;
use sys::Errno;
use sys::abi::file::*;
use sys::abi::poll::*;
use sys::file::{self, File};
use sys::path::CPath;
use sys::syscall::output;
use sys::wait::Status;

tests![
    both_ends_wait_for_each_other,
    opening_without_waiting,
    one_description_can_be_both_ends,
    what_nobody_read_is_gone_with_the_last_end,
    it_looks_like_a_fifo,
];

fn fifo(name: &str) -> Scratch {
    let scratch = Scratch::path(name);
    let path = CPath::new(scratch.as_str()).expect("a path");
    assert_eq!(call!(mknod(path.as_user(), S_IFIFO | 0o600, 0)), Ok(0));
    scratch
}

fn open(name: &Scratch, flags: u32) -> Result<File, Errno> {
    File::open_with(name.as_str(), flags, 0)
}

pub fn both_ends_wait_for_each_other() {
    let name = fifo("fifo");
    let pid = child::start(|| {
        open(&name, O_WRONLY).expect("open").write_all(b"through").expect("write");
        0
    });
    let reader = open(&name, O_RDONLY).expect("open");
    let mut bytes = [0; 16];
    let mut count = 0;
    // The writer may write and go in one.
    loop {
        match reader.read(&mut bytes[count..]).expect("read") {
            0 => break,
            more => count += more,
        }
    }
    assert_eq!(&bytes[..count], b"through");
    assert_eq!(child::wait(pid), Status::Exited(0));
}

pub fn opening_without_waiting() {
    let name = fifo("fifo-nonblock");
    assert_eq!(open(&name, O_WRONLY | O_NONBLOCK).err(), Some(Errno::ENXIO));
    let reader = open(&name, O_RDONLY | O_NONBLOCK).expect("open");
    assert_eq!(reader.read(&mut [0; 4]), Ok(0), "no writer is the end");
    let writer = open(&name, O_WRONLY | O_NONBLOCK).expect("open");
    assert_eq!(reader.read(&mut [0; 4]), Err(Errno::EAGAIN));
    writer.write_all(b"abc").expect("write");
    assert_eq!(reader.read(&mut [0; 4]), Ok(3));
    drop(writer);
    assert_eq!(reader.read(&mut [0; 4]), Ok(0));
}

pub fn one_description_can_be_both_ends() {
    let name = fifo("fifo-both");
    let both = open(&name, O_RDWR).expect("open");
    both.write_all(b"self").expect("write");
    let mut poll = Pollfd { fd: both.fd().0, events: POLLIN | POLLOUT, revents: 0 };
    assert_eq!(call!(poll(output(&mut poll), 1, 0)), Ok(1));
    assert_eq!({ poll.revents }, POLLIN | POLLOUT);
    let mut bytes = [0; 8];
    assert_eq!(both.read(&mut bytes), Ok(4));
    assert_eq!(&bytes[..4], b"self");
}

pub fn what_nobody_read_is_gone_with_the_last_end() {
    let name = fifo("fifo-lost");
    let both = open(&name, O_RDWR).expect("open");
    both.write_all(b"lost").expect("write");
    drop(both);
    let both = open(&name, O_RDWR | O_NONBLOCK).expect("open");
    assert_eq!(both.read(&mut [0; 8]), Err(Errno::EAGAIN));
}

pub fn it_looks_like_a_fifo() {
    let name = fifo("fifo-stat");
    let stat = file::stat(name.as_str()).expect("stat64");
    assert_eq!({ stat.mode }, S_IFIFO | 0o600);
    let both = open(&name, O_RDWR).expect("open");
    let open_stat = both.stat().expect("fstat64");
    assert_eq!(({ open_stat.ino }, { open_stat.mode }), ({ stat.ino }, { stat.mode }));
    assert_eq!(both.seek(file::SeekFrom::Start(0)), Err(Errno::ESPIPE));
}

//! Bytes that go to and fro.

use super::program::*;
use crate::child;
use crate::fault::{map, peek, poke, unmap};
use crate::threads;
use alloc::vec;
use alloc::vec::Vec;
use assist::files::*;
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;
use sys::abi::file::*;
use sys::abi::{UserMutPtr, UserPtr};
use sys::file::{self, SeekFrom};
use sys::syscall::pointer_mut;
use sys::wait::Status;
use sys::{Errno, time};

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
        let start = map(2);
        unmap(start + 4096, 1);
        let read =
            |address: u32, count| call!(pread64(file.fd().0, UserMutPtr::new(address), count, 0));
        assert_eq!(read(start + 4000, 200), Ok(96));
        assert_eq!(read(start + 4096, 1), Err(Errno::EFAULT));
        assert_eq!(read(start, 0), Ok(0));
        assert_eq!(read(0xffff_f000, 1), Err(Errno::EFAULT));
        let sink = open(SINK, O_WRONLY).expect("open");
        let write = |address| call!(pwrite64(sink.fd().0, UserPtr::new(address), 10, 0));
        assert_eq!(write(start + 4096), Err(Errno::EFAULT));
        unmap(start, 1);
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
        let page = map(1);
        poke(page + 100, 1);
        SLOW_READ[0].store(slow.fd().0.cast_unsigned(), SeqCst);
        SLOW_READ[1].store(page, SeqCst);
        let reader = threads::spawn(read_slowly, 0);
        time::sleep(Duration::from_millis(30));
        let child = child::start(|| {
            time::sleep(Duration::from_millis(150));
            let [text, mark] = [0, 100].map(|place| peek(page + place));
            i32::from(text) * 16 + i32::from(mark)
        });
        // The page was the child's, too, and this made a copy of it.
        poke(page + 100, 2);
        reader.join();
        assert_eq!((0..20).map(|place| peek(page + place)).collect::<Vec<_>>(), HELLO_TEXT);
        assert_eq!(peek(page + 100), 2);
        assert_eq!(child::wait(child), Status::Exited(1));
        unmap(page, 1);
    });
}

//! Pipes.

use crate::faults::{Outcome, child, join, whole};
use sys::abi::file::{F_SETFL, O_NONBLOCK};
use sys::abi::poll::{POLLIN, POLLOUT, Pollfd};
use sys::file::{File, pipe};
use sys::syscall::output;

pub fn bytes_go_through() -> Outcome {
    let (read, write) = pipe()?;
    let text = [b'x'; 6000];
    let written = write.write(&text)?;
    let mut found = [0; 6000];
    let read = read.read(&mut found)?;
    assert!(read <= written && found[..read] == text[..read]);
    whole(written, text.len())?;
    whole(read, written)
}

pub fn a_child_writes_more_than_there_is_room_for() -> Outcome {
    const MUCH: usize = 100_000;
    let (read, write) = pipe()?;
    let pid = child(|| {
        let piece = [b'y'; 10_000];
        for _ in 0..MUCH / piece.len() {
            write.write_all(&piece)?;
        }
        Ok(())
    })?;
    drop(write);
    let (mut found, mut all) = ([0; 7000], 0);
    while let count @ 1.. = read.read(&mut found)? {
        assert!(found[..count].iter().all(|byte| *byte == b'y'));
        all += count;
    }
    join(pid)?;
    assert_eq!(all, MUCH);
    Ok(())
}

fn events(file: &File) -> sys::Result<u16> {
    let mut fd = Pollfd { fd: file.fd().0, events: POLLIN | POLLOUT, revents: 0 };
    call!(poll(output(&mut fd), 1, 0))?;
    Ok(fd.revents)
}

pub fn a_pipe_is_filled_and_emptied() -> Outcome {
    let (read, write) = pipe()?;
    call!(fcntl64(write.fd().0, F_SETFL, O_NONBLOCK))?;
    call!(fcntl64(read.fd().0, F_SETFL, O_NONBLOCK))?;
    assert_eq!((events(&read)?, events(&write)?), (0, POLLOUT));
    let mut bytes = [1; 8000];
    let mut inside = 0;
    loop {
        match write.write(&bytes) {
            Ok(count) => inside += count,
            Err(sys::Errno::EAGAIN) => break,
            Err(errno) => return Err(errno.into()),
        }
    }
    assert_eq!((events(&read)?, events(&write)?), (POLLIN, 0));
    while inside > 0 {
        inside -= read.read(&mut bytes)?;
    }
    assert_eq!((events(&read)?, events(&write)?), (0, POLLOUT));
    Ok(())
}

//! Waiting for one of several things.

use crate::faults::{Outcome, whole};
use sys::abi::epoll::*;
use sys::abi::poll::*;
use sys::abi::signal::SignalSet;
use sys::abi::time::Timespec;
use sys::abi::{UserMutPtr, UserPtr};
use sys::file::{File, pipe};
use sys::io::Fd;
use sys::syscall::{input, output, pointer, pointer_mut};

fn own(fd: u32) -> File {
    File::from_fd(Fd(fd.cast_signed()))
}

fn control(epoll: &File, operation: i32, file: &File, data: u64) -> sys::Result<u32> {
    let event = EpollEvent { events: POLLIN.into(), data };
    call!(epoll_ctl(epoll.fd().0, operation, file.fd().0, input(&event)))
}

fn look(epoll: &File, events: &mut [EpollEvent]) -> sys::Result<usize> {
    let place = UserMutPtr::new(pointer_mut(events));
    call!(epoll_wait(epoll.fd().0, place, events.len() as i32, 0)).map(|count| count as usize)
}

pub fn an_instance_watches_several() -> Outcome {
    let epoll = own(call!(epoll_create1(EPOLL_CLOEXEC))?);
    let (read, write) = pipe()?;
    let event = own(call!(eventfd2(3, 0))?);
    control(&epoll, EPOLL_CTL_ADD, &read, 1)?;
    control(&epoll, EPOLL_CTL_ADD, &event, 2)?;
    let mut events = [EpollEvent::default(); 4];
    assert_eq!(look(&epoll, &mut events)?, 1);
    assert_eq!({ events[0].data }, 2);
    write.write_all(b"x")?;
    control(&epoll, EPOLL_CTL_MOD, &read, 3)?;
    // What could not be told now is told later.
    let seen = look(&epoll, &mut events)?;
    assert!(seen == 2 || seen == 1);
    control(&epoll, EPOLL_CTL_DEL, &event, 0)?;
    assert_eq!(look(&epoll, &mut events)?, 1);
    assert_eq!({ events[0].data }, 3);
    whole(seen, 2)
}

pub fn instances_watch_instances() -> Outcome {
    let (inner, outer) = (own(call!(epoll_create1(0))?), own(call!(epoll_create1(0))?));
    let event = own(call!(eventfd2(0, 0))?);
    control(&inner, EPOLL_CTL_ADD, &event, 1)?;
    control(&outer, EPOLL_CTL_ADD, &inner, 2)?;
    let mut events = [EpollEvent::default(); 4];
    assert_eq!(look(&outer, &mut events)?, 0);
    event.write_all(&7u64.to_le_bytes())?;
    assert_eq!(look(&outer, &mut events)?, 1);
    // Closing takes it out.
    drop(inner);
    assert_eq!(look(&outer, &mut events)?, 0);
    Ok(())
}

pub fn descriptors_are_polled() -> Outcome {
    let (read, write) = pipe()?;
    let event = own(call!(eventfd2(1, 0))?);
    let mut fds = [&read, &write, &event].map(|file| Pollfd {
        fd: file.fd().0,
        events: POLLIN | POLLOUT,
        revents: 0,
    });
    let place = UserMutPtr::new(pointer_mut(&mut fds));
    assert_eq!(call!(poll(place, 3, -1))?, 2);
    assert_eq!(fds.map(|fd| { fd.revents }), [0, POLLOUT, POLLIN | POLLOUT]);
    let (mut soon, mask) = (Timespec { sec: 0, nsec: 1000 }, SignalSet::EMPTY);
    let place = UserMutPtr::new(pointer_mut(&mut fds));
    assert_eq!(call!(ppoll(place, 1, output(&mut soon), input(&mask), 8))?, 0);
    Ok(())
}

pub fn descriptors_are_selected() -> Outcome {
    let (read, write) = pipe()?;
    write.write_all(b"x")?;
    let bit = |file: &File| 1u32 << file.fd().0;
    let (mut readable, mut writable) = (bit(&read) | bit(&write), bit(&write));
    let mut soon = Timespec { sec: 1, nsec: 0 };
    let none = UserMutPtr::NULL;
    let (first, second) = (output(&mut readable), output(&mut writable));
    let found = call!(pselect6(32, first, second, none, output(&mut soon), UserPtr::NULL))?;
    assert_eq!((found, readable, writable), (2, bit(&read), bit(&write)));
    let time = [0u32; 2];
    let words = [32, pointer(&readable), 0, 0, pointer(&time)];
    assert_eq!(call!(select(input(&words)))?, 1);
    Ok(())
}

pub fn an_event_is_counted() -> Outcome {
    const EFD_SEMAPHORE: u32 = 1;
    let event = own(call!(eventfd2(0, EFD_SEMAPHORE))?);
    event.write_all(&2u64.to_le_bytes())?;
    let mut bytes = [0; 8];
    for _ in 0..2 {
        assert_eq!(event.read(&mut bytes)?, 8);
        assert_eq!(bytes, 1u64.to_le_bytes());
    }
    Ok(())
}

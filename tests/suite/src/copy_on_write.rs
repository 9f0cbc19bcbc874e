//! What processes share after `fork` until one of them writes.

use crate::child;
use crate::fault::*;
use sys::abi::UserMutPtr;
use sys::abi::memory::{MADV_DOFORK, MADV_DONTFORK, MADV_WIPEONFORK};
use sys::wait::Status;

tests![
    a_child_sees_the_memory_of_the_fork,
    writes_stay_with_the_writer,
    writes_by_the_kernel_stay_with_the_writer,
    the_last_owner_writes_without_a_copy_getting_lost,
    three_generations_are_apart,
    pages_never_touched_stay_zero_and_apart,
    pages_read_before_the_fork_stay_apart,
    many_children_each_have_their_own_copy,
    read_only_pages_are_shared_and_stay_read_only,
    regions_can_stay_out_of_the_child,
    regions_can_be_wiped_in_the_child,
];

pub fn a_child_sees_the_memory_of_the_fork() {
    let start = map(32);
    for page in 0..32 {
        poke_word(start + page * PAGE, page * 3);
    }
    let status =
        child::run(|| i32::from(!(0..32).all(|page| peek_word(start + page * PAGE) == page * 3)));
    assert_eq!(status, Status::Exited(0));
}

pub fn writes_stay_with_the_writer() {
    let start = map(2);
    poke(start, 1);
    poke(start + PAGE, 1);
    let (to_child, go) = sys::file::pipe().expect("pipe2");
    let (from_child, done) = sys::file::pipe().expect("pipe2");
    let pid = child::start(|| {
        let mut byte = [0];
        to_child.read(&mut byte).expect("read");
        // The parent wrote after the fork.
        assert_eq!(peek(start), 1);
        poke(start + PAGE, 3);
        done.write_all(b"x").expect("write");
        assert_eq!(peek(start + PAGE), 3);
        0
    });
    poke(start, 2);
    go.write_all(b"x").expect("write");
    let mut byte = [0];
    from_child.read(&mut byte).expect("read");
    assert_eq!((peek(start), peek(start + PAGE)), (2, 1));
    assert_eq!(child::wait(pid), Status::Exited(0));
    assert_eq!((peek(start), peek(start + PAGE)), (2, 1));
}

pub fn writes_by_the_kernel_stay_with_the_writer() {
    let start = map(1);
    poke(start, 1);
    let status = child::run(|| {
        let (read, write) = sys::file::pipe().expect("pipe2");
        write.write_all(b"zz").expect("write");
        assert_eq!(call!(read(read.fd().0, UserMutPtr::new(start), 2)), Ok(2));
        i32::from(peek(start) != b'z')
    });
    assert_eq!(status, Status::Exited(0));
    assert_eq!((peek(start), peek(start + 1)), (1, 0));
}

pub fn the_last_owner_writes_without_a_copy_getting_lost() {
    let start = map(16);
    for round in 0..8u8 {
        for page in 0..16 {
            poke(start + page * PAGE, round);
        }
        assert_eq!(child::run(|| 0), Status::Exited(0));
    }
    assert!((0..16).all(|page| peek(start + page * PAGE) == 7));
}

pub fn three_generations_are_apart() {
    let start = map(1);
    poke(start, 1);
    let status = child::run(|| {
        let inner = child::run(|| {
            let seen = peek(start);
            poke(start, 3);
            i32::from(seen != 1)
        });
        assert_eq!(inner, Status::Exited(0));
        let seen = peek(start);
        poke(start, 2);
        i32::from(seen != 1)
    });
    assert_eq!(status, Status::Exited(0));
    assert_eq!(peek(start), 1);
}

pub fn pages_never_touched_stay_zero_and_apart() {
    let start = map(4);
    let status = child::run(|| {
        poke(start, 4);
        i32::from(peek(start + PAGE) != 0)
    });
    assert_eq!(status, Status::Exited(0));
    assert_eq!(peek(start), 0);
}

pub fn pages_read_before_the_fork_stay_apart() {
    let start = map(1);
    assert_eq!(peek(start), 0);
    let status = child::run(|| {
        poke(start, 4);
        0
    });
    assert_eq!(status, Status::Exited(0));
    assert_eq!(peek(start), 0);
    poke(start, 5);
    assert_eq!(peek(start), 5);
}

pub fn many_children_each_have_their_own_copy() {
    let start = map(8);
    let children: [i32; 8] = core::array::from_fn(|index| {
        child::start(|| {
            for page in 0..8 {
                poke(start + page * PAGE, index as u8 + 1);
            }
            let _ = call!(sched_yield());
            i32::from(!(0..8).all(|page| peek(start + page * PAGE) == index as u8 + 1))
        })
    });
    for pid in children {
        assert_eq!(child::wait(pid), Status::Exited(0));
    }
    assert!((0..8).all(|page| peek(start + page * PAGE) == 0));
}

pub fn read_only_pages_are_shared_and_stay_read_only() {
    let start = map(1);
    poke(start, 6);
    assert_eq!(call!(mprotect(start, PAGE, 1)), Ok(0));
    let status = child::run(|| i32::from(try_write(start) != forbidden(start)));
    assert_eq!(status, Status::Exited(0));
    // Made writable again, the parent's page is its own again.
    assert_eq!(call!(mprotect(start, PAGE, RW)), Ok(0));
    poke(start, 7);
    assert_eq!(peek(start), 7);
}

pub fn regions_can_stay_out_of_the_child() {
    let start = map(3);
    poke(start, 1);
    poke(start + PAGE, 1);
    assert_eq!(call!(madvise(start, PAGE, MADV_DONTFORK)), Ok(0));
    let status =
        child::run(|| i32::from(try_read(start) != not_mapped(start) || peek(start + PAGE) != 1));
    assert_eq!(status, Status::Exited(0));
    assert_eq!(peek(start), 1);
    assert_eq!(call!(madvise(start, PAGE, MADV_DOFORK)), Ok(0));
    assert_eq!(child::run(|| i32::from(peek(start) != 1)), Status::Exited(0));
}

pub fn regions_can_be_wiped_in_the_child() {
    let start = map(2);
    poke(start, 1);
    poke(start + PAGE, 1);
    assert_eq!(call!(madvise(start, PAGE, MADV_WIPEONFORK)), Ok(0));
    let status = child::run(|| i32::from(peek(start) != 0 || peek(start + PAGE) != 1));
    assert_eq!(status, Status::Exited(0));
    assert_eq!(peek(start), 1);
}

use super::Epoll;
use crate::file::description::{File, Kind, Node};
use crate::file::pipe::{Ends, Pipe, PipeEnd};
use crate::ktest::{Outcome, check, tests};
use crate::result::Errno;
use abi::file::{O_RDONLY, O_WRONLY};
use abi::poll::{POLLIN, POLLOUT};
use alloc::sync::Arc;
use kcore::epoll::Interest;
use kcore::node_tree::Timestamp;
use kcore::user_account::UserAccount;

tests![watches_are_counted_until_they_go];

const MOST: u32 = 1000;

fn fail(_: Errno) -> &'static str {
    "an errno"
}

fn watches_are_counted_until_they_go() -> Outcome {
    let pipe = Pipe::new().map_err(fail)?;
    let open = |read, flags| {
        let end = PipeEnd { pipe: pipe.clone(), ends: Ends { read, write: !read } };
        let node = Node::Anonymous { ino: 0, created: Timestamp::default(), user: 0, group: 0 };
        File::new(Kind::Pipe(end), node, flags).map_err(fail)
    };
    let (reader, writer) = (open(true, O_RDONLY)?, open(false, O_WRONLY)?);
    let account = |user| Arc::try_new(UserAccount::new(user)).map_err(|_| fail(Errno::ENOMEM));
    let (seven, eight) = (account(7)?, account(8)?);
    let [epoll, same, other] = [seven.clone(), seven, eight].map(Epoll::new);
    let add = |epoll: &Epoll, fd, file: &File| {
        let interest = Interest::new((POLLIN | POLLOUT).into(), 0);
        epoll.add_within(fd, file, interest, MOST)
    };
    for fd in 0..MOST as i32 / 2 {
        check!(add(&epoll, fd, &writer) == Ok(()) && add(&same, -fd, &reader) == Ok(()));
    }
    for epoll in [&epoll, &same] {
        check!(add(epoll, 5000, &reader) == Err(Errno::ENOSPC));
    }
    check!(add(&epoll, 1, &writer) == Err(Errno::EEXIST));
    check!(add(&other, 1, &writer) == Ok(()));
    check!(epoll.remove(200, &writer) == Ok(()) && add(&same, 5000, &writer) == Ok(()));
    check!(epoll.listed() == MOST as usize / 2 - 1 && same.listed() == 1);
    // A description that goes takes its watches along, and so does an instance.
    drop(writer);
    check!(epoll.listed() == 0 && other.listed() == 0);
    check!((0..MOST as i32 / 2).all(|fd| add(&epoll, fd, &reader) == Ok(())));
    check!(add(&epoll, 5000, &reader) == Err(Errno::ENOSPC));
    drop(same);
    check!((5000..).take(MOST as usize / 2).all(|fd| add(&epoll, fd, &reader) == Ok(())));
    check!(add(&epoll, 4999, &reader) == Err(Errno::ENOSPC));
    drop(reader);
    check!(epoll.next().is_none());
    Ok(())
}

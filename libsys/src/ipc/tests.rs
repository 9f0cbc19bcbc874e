//! A server behind each kind of transport.

use super::*;
use crate::{Errno, Result};
use abi::ipc::LENT_READ;
use abi::ipc::Lent;
use core::cell::RefCell;
use std::collections::VecDeque;
use std::vec;
use std::vec::Vec;

const SUM: u16 = 1;
const REVERSE: u16 = 2;
const LATER: u16 = 3;
const HANDLE: u16 = 4;

/// Adds words, turns bytes round, puts answers off.
#[derive(Default)]
struct Example {
    events: Vec<&'static str>,
    deadline: Option<u64>,
}

impl Server for Example {
    fn handle(&mut self, message: &Message, caller: &mut Caller<'_>) -> Result<Reply> {
        match message.label() {
            SUM => Ok(Reply::new().word(message.words().iter().sum()).word(caller.badge)),
            REVERSE => {
                let mut bytes = vec![0; caller.readable(0)? as usize];
                caller.read(0, 0, &mut bytes)?;
                bytes.reverse();
                Ok(Reply::new().word(caller.write(1, 0, &bytes)? as u32))
            }
            LATER => {
                self.events.push("later");
                Ok(Reply::later())
            }
            HANDLE => Ok(Reply::new().pass(caller.take_handle(0)?, Rights::CALL)),
            _ => Err(Errno::ENOSYS),
        }
    }

    fn notified(&mut self, bits: u32) {
        assert_eq!(bits, 6);
        self.events.push("notified");
    }

    fn cancelled(&mut self, token: Token) {
        assert_eq!(token, Token(9));
        self.events.push("cancelled");
    }

    fn deadline(&self) -> Option<u64> {
        self.deadline
    }

    fn expired(&mut self) {
        self.events.push("expired");
        self.deadline = None;
    }

    fn interrupted(&mut self) {
        self.events.push("interrupted");
    }
}

#[test]
fn a_loopback_lends_words_memory_and_handles() {
    let example = Loopback::new(Example::default());
    example.badge.set(7);
    let answer = example.call(Call::new(SUM).word(1).word(2).word64(3)).unwrap();
    assert_eq!(answer.message.words(), [6, 7]);

    let mut backwards = [0; 4];
    let call = Call::new(REVERSE).lend(b"abcdef").lend_mut(&mut backwards);
    assert_eq!(example.call(call).unwrap().message.get(0), 4);
    assert_eq!(&backwards, b"fedc");

    let handle = Handle::from_raw(5);
    let call = Call::new(HANDLE).pass(&handle, Rights::CALL);
    assert_eq!(example.call(call).unwrap().take_handle(0), Ok(Handle::from_raw(5)));
    assert_eq!(example.call(Call::new(HANDLE)).unwrap_err(), Errno::EINVAL);
    assert_eq!(example.call(Call::new(LATER)).unwrap_err(), Errno::EOPNOTSUPP);
    assert_eq!(example.call(Call::new(99)).unwrap_err(), Errno::ENOSYS);
}

#[test]
fn leases_go_one_way_and_end() {
    struct Probe;
    impl Server for Probe {
        fn handle(&mut self, _: &Message, caller: &mut Caller<'_>) -> Result<Reply> {
            let mut byte = [0];
            assert_eq!((caller.readable(0), caller.writable(0)), (Ok(3), Err(Errno::EINVAL)));
            assert_eq!(caller.write(0, 0, b"x"), Err(Errno::EPERM));
            assert_eq!(caller.read(0, 3, &mut byte), Ok(0));
            assert_eq!(caller.read(0, 4, &mut byte), Err(Errno::EFAULT));
            assert_eq!(caller.read(1, 0, &mut byte), Err(Errno::EINVAL));
            Ok(Reply::new())
        }
    }
    Loopback::new(Probe).call(Call::new(0).lend(b"abc")).unwrap();
}

/// Plays what is received and keeps what is replied.
struct Script {
    steps: RefCell<VecDeque<Result<Step>>>,
    replies: RefCell<Vec<(u32, u16, Vec<u32>)>>,
    receives: RefCell<Vec<Option<u64>>>,
}

enum Step {
    Call(Message),
    Bits,
    Cancel,
}

impl Lender for Script {
    fn read(&self, _: Token, _: u32, _: u32, bytes: &mut [u8]) -> Result<usize> {
        bytes.fill(b'x');
        Ok(bytes.len())
    }

    fn write(&self, _: Token, _: u32, _: u32, _: &[u8]) -> Result<usize> {
        Err(Errno::ESRCH)
    }
}

impl Transport for Script {
    fn receive(&self, deadline: Option<u64>) -> Result<Received<'_>> {
        self.receives.borrow_mut().push(deadline);
        let step = self.steps.borrow_mut().pop_front().unwrap_or(Err(Errno::EPIPE))?;
        Ok(match step {
            Step::Call(message) => {
                let lent = Lent { address: 0, length: 2, access: LENT_READ };
                let leases = [lent, Lent::default(), Lent::default(), Lent::default()];
                let token = Token(self.steps.borrow().len() as u32);
                let handles = Default::default();
                let caller =
                    Caller { badge: 1, token, is_kernel: true, leases, handles, lender: self };
                Received::Call(message, caller)
            }
            Step::Bits => Received::Notification(6),
            Step::Cancel => Received::Cancel(Token(9)),
        })
    }

    fn reply(&self, token: Token, reply: ReplyParts) -> Result<()> {
        let words = reply.message.words().to_vec();
        self.replies.borrow_mut().push((token.0, reply.message.label(), words));
        Ok(())
    }

    fn reply_receive(&self, token: Token, reply: ReplyParts) -> Result<Received<'_>> {
        self.reply(token, reply)?;
        self.receive(None)
    }
}

#[test]
fn the_loop_answers_once_and_goes_on_after_everything_else() {
    let steps = [
        Ok(Step::Call(Message::new(SUM).word(2).word(3))),
        Ok(Step::Call(Message::new(LATER))),
        Ok(Step::Bits),
        Err(Errno::EINTR),
        Ok(Step::Cancel),
        Err(Errno::ETIMEDOUT),
        Ok(Step::Call(Message::new(REVERSE))),
        Ok(Step::Call(Message::new(99))),
    ];
    let script = Script {
        steps: RefCell::new(VecDeque::from(steps)),
        replies: RefCell::default(),
        receives: RefCell::default(),
    };
    let mut example = Example { deadline: Some(5), ..Example::default() };
    assert_eq!(serve(&script, &mut example).unwrap_err(), Errno::EPIPE);
    assert_eq!(example.events, ["later", "notified", "interrupted", "cancelled", "expired"]);
    let esrch = Errno::ESRCH.number();
    assert_eq!(
        *script.replies.borrow(),
        [(7, 0, vec![5, 1]), (1, esrch, vec![]), (0, Errno::ENOSYS.number(), vec![])]
    );
    assert_eq!(*script.receives.borrow(), [[Some(5); 6].as_slice(), &[None; 3]].concat());
}

#[test]
fn the_loop_outlives_want_of_memory() {
    let steps = [
        Err(Errno::EFAULT),
        Ok(Step::Call(Message::new(SUM).word(2).word(3))),
        Err(Errno::ENOMEM),
        Ok(Step::Call(Message::new(SUM).word(4))),
        Err(Errno::EFAULT),
        Err(Errno::EPERM),
    ];
    let script = Script {
        steps: RefCell::new(VecDeque::from(steps)),
        replies: RefCell::default(),
        receives: RefCell::default(),
    };
    assert_eq!(serve(&script, &mut Example::default()).unwrap_err(), Errno::EPERM);
    let replied = |token: u32, errno: Errno| (token, errno.number(), vec![]);
    assert_eq!(
        *script.replies.borrow(),
        [
            (4, 0, vec![5, 1]),
            replied(4, Errno::ENOMEM),
            (2, 0, vec![4, 1]),
            replied(2, Errno::EFAULT)
        ]
    );
}

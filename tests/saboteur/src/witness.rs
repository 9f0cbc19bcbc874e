//! Who sees how a server ends, and what it receives: its tracer, a process of its own.

use crate::child;
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use sys::abi::UserPtr;
use sys::abi::ipc::{Kind, Tag};
use sys::abi::memory::{MAP_ANONYMOUS, MAP_SHARED, PROT_READ, PROT_WRITE};
use sys::abi::signal::SIGKILL;
use sys::abi::trace::{Call, TRACE_CALLS, What};
use sys::io::Fd;
use sys::memory::Mapping;
use sys::proto::supervisor::HEARTBEAT;
use sys::syscall::{failpoint, message_number as number};
use sys::trace::Tracer;
use sys::wait::Status;
use sys::{Errno, Result, file, process};

/// The table of Folio's calls.
const FOLIO: u32 = 0x81;

/// What happens to a server at a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    /// It ends before it has done anything.
    Receiving,
    /// It ends when all is done but nobody knows: before its next wait.
    Answering,
    /// It stands still.
    Hanging,
}

impl Act {
    pub const ALL: [Self; 3] = [Self::Receiving, Self::Answering, Self::Hanging];

    pub fn named(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.name().as_bytes() == name)
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Receiving => "receiving",
            Self::Answering => "answering",
            Self::Hanging => "hanging",
        }
    }
}

/// What shall happen.
#[derive(Clone, Copy)]
pub struct Order {
    /// Counted are those of this kind.
    pub receives: Kind,
    /// At which of them.
    pub nth: u32,
    pub act: Act,
}

/// What both processes know.
struct Board {
    /// 1 from when on messages count.
    counts: AtomicU32,
    messages: AtomicU32,
    /// 1 once what was ordered has happened.
    happened: AtomicU32,
    /// 1 if that was the server's end.
    killed: AtomicU32,
    /// How the server has ended: [`HAS_ENDED`] and the wait status.
    ended: AtomicU32,
}

const HAS_ENDED: u32 = 1 << 31;

pub struct Witness {
    pid: i32,
    board: Mapping,
}

impl Witness {
    /// From now on it sees all.
    pub fn new(server: i32, order: Option<Order>) -> Result<Self> {
        let flags = MAP_SHARED | MAP_ANONYMOUS;
        let board = Mapping::new(4096, PROT_READ | PROT_WRITE, flags, Fd(-1), 0)?;
        let (read, write) = file::pipe()?;
        let pid = child::start(|| {
            let tracer = Tracer::new(0).expect("trace_create");
            let options = if order.is_some() { TRACE_CALLS } else { 0 };
            if tracer.attach(server, options).is_err() {
                return 1;
            }
            let _ = write.write_all(b"x");
            watch(&tracer, server, order, board_in(&board))
        });
        drop(write);
        let witness = Self { pid, board };
        match read.read(&mut [0]) {
            Ok(1) => Ok(witness),
            _ => Err(Errno::ESRCH),
        }
    }

    pub fn begin_to_count(&self) {
        board_in(&self.board).counts.store(1, SeqCst);
    }

    pub fn has_happened(&self) -> bool {
        board_in(&self.board).happened.load(SeqCst) != 0
    }

    /// Whether it was the witness who ended the server.
    pub fn has_killed(&self) -> bool {
        board_in(&self.board).killed.load(SeqCst) != 0
    }

    /// How the server has ended.
    pub fn ended(&self) -> Option<Status> {
        let word = board_in(&self.board).ended.load(SeqCst);
        (word & HAS_ENDED != 0).then(|| Status::from_raw((word & !HAS_ENDED).cast_signed()))
    }
}

/// The server goes on, if it stood still.
impl Drop for Witness {
    fn drop(&mut self) {
        let _ = process::kill(self.pid, SIGKILL);
        child::wait(self.pid);
    }
}

fn board_in(mapping: &Mapping) -> &Board {
    // SAFETY: the mapping is that large, lives as long as the reference, and holds atomics only.
    unsafe { &*mapping.as_mut_ptr().cast() }
}

fn watch(tracer: &Tracer, server: i32, order: Option<Order>, board: &Board) -> i32 {
    loop {
        let event = match tracer.next() {
            Ok(event) => event,
            Err(Errno::EINTR) => continue,
            Err(_) => return 0,
        };
        if let Some(What::Ended { status }) = event.what() {
            board.ended.store(status.cast_unsigned() | HAS_ENDED, SeqCst);
        }
        if let Some(order) = order.filter(|order| order.is_due(event.what(), board)) {
            board.happened.store(1, SeqCst);
            let _ = announce(server);
            if order.act == Act::Hanging {
                continue;
            }
            board.killed.store(1, SeqCst);
            let _ = process::kill(server, SIGKILL);
        }
        if event.waits() {
            let _ = tracer.resume(event.tid);
        }
    }
}

/// Changes nothing: a debugger that waits for changes of servers stops here.
fn announce(server: i32) -> Result<u32> {
    // SAFETY: the call touches no memory of the program's.
    unsafe { failpoint::fault_poke(server, 0, UserPtr::NULL, 0) }
}

impl Order {
    /// Whether this is the moment. Counts messages.
    fn is_due(&self, what: Option<What>, board: &Board) -> bool {
        if board.happened.load(SeqCst) != 0 {
            return false;
        }
        match what {
            Some(What::CallLeft(call)) if self.is_message(&call) => {
                if board.counts.load(SeqCst) == 0 {
                    return false;
                }
                let messages = board.messages.fetch_add(1, SeqCst) + 1;
                messages == self.nth && self.act != Act::Answering
            }
            Some(What::CallEntered(call)) if self.act == Act::Answering => {
                board.messages.load(SeqCst) == self.nth && waits_again(&call)
            }
            _ => false,
        }
    }

    fn is_message(&self, call: &Call) -> bool {
        let is_receive = matches!(call.number, number::receive | number::reply_receive);
        let registers = call.registers;
        let (tag, word) = (Tag::from_raw(registers[1]), registers[2]);
        call.table == FOLIO
            && is_receive
            && sys::abi::errno::decode(call.result).is_ok()
            && tag.kind() == Some(self.receives)
            && (self.receives == Kind::Call || word != HEARTBEAT)
    }
}

fn waits_again(call: &Call) -> bool {
    let number = call.number;
    call.table == FOLIO && matches!(number, number::receive | number::reply_receive | number::reply)
}

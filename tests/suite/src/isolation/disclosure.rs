//! What the kernel writes for a program: nothing that it has not written itself. What lies unused on
//! its stack and in its heap is one byte, then another, then a third; a byte of an answer that is
//! each of them in turn was never written.

use super::end::End;
use super::table::Table;
use crate::calls::{self, Call, Kind};
use crate::child;
use crate::fault::*;
use crate::harness::only_on_folio;
use crate::scene::{Directory, Scene, interrupt_waits, wait_bounded};
use crate::sweep::{NUMBERS, good_arguments, is_left_out, make};
use alloc::vec::Vec;
use sys::Errno;
use sys::abi::file::Iovec;
use sys::abi::memory::{MAP_ANONYMOUS, MAP_SHARED};
use sys::abi::process::{P_ALL, WEXITED};
use sys::abi::signal::*;
use sys::abi::socket::{AF_UNIX, Msghdr, SOCK_DGRAM};
use sys::abi::{UserMutPtr, UserPtr};
use sys::ipc::{
    Call as Message, Connection, Frames, Port, Received, ReplyParts, Rights, Transport,
};
use sys::process;
use sys::signal::{Action, set_action};
use sys::syscall::{folio, input, output, pointer_mut};
use sys::wait::Status;

const BYTES: [u8; 3] = [0xa7, 0x35, 0xc9];
/// Pages for what the pointers of a call lead to, one each.
const POINTERS: u32 = 6;

fn poison(byte: u8) {
    // SAFETY: the call touches no memory of this program's.
    unsafe { folio::poison(byte.into()) }.expect("poison");
}

pub fn answers_say_nothing_else() {
    only_on_folio("abi::syscall::folio, poison");
    // SAFETY: as above.
    if unsafe { folio::poison(0) } == Err(Errno::ENOSYS) {
        skip!("a kernel without assertions poisons nothing");
    }
    let mut table = Table::default();
    // What is there is found, or the other rows would say nothing.
    let nothing = "nothing, so that it has to be found";
    table.row("find leftovers in what one call discloses", nothing, true.into(), || {
        first_disclosing(calls::disclosing()).0.is_some().into()
    });
    table.row("find leftovers in a disclosing answer", nothing, true.into(), || {
        (leftovers(disclosing_answer) != End::Nothing).into()
    });
    let written = "structures without padding, written as a whole";
    table.row("find leftovers in what all calls write", written, End::Nothing, all_calls);
    let answers: [(&str, Answer); 8] = [
        ("a handler's frame", |poison| frame(SA_SIGINFO, poison)),
        ("an old handler's frame", |poison| frame(0, poison)),
        ("a signal's reason (rt_sigtimedwait)", reason_of_signal),
        ("a child's end (waitid)", end_of_child),
        ("a message with descriptors and a sender's name", message_of_socket),
        ("directory entries", directory_entries),
        ("a message to a server", message_to_server),
        ("frames", new_frames),
    ];
    for (what, answer) in answers {
        let attack = alloc::format!("find leftovers in {what}");
        table.row(&attack, written, End::Nothing, || leftovers(answer));
    }
    poison(0x5a);
    table.finish();
}

/// Gets an answer, the poison being laid just before; the memory in which it lies.
type Answer = fn(&dyn Fn()) -> Vec<u8>;

/// The most that is looked at.
const LONGEST: u32 = 4 * PAGE;

/// The first byte of an answer that follows the poison. Each time somebody else asks.
fn leftovers(answer: Answer) -> End {
    let length = BYTES.len() as u32 * LONGEST;
    let shared = call!(mmap2(0, length, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0)).expect("mmap2");
    for (run, byte) in (0..).zip(BYTES) {
        let status = child::run(|| {
            let bytes = answer(&|| poison(byte));
            let places = shared + run * LONGEST..;
            places.zip(&bytes).for_each(|(place, byte)| poke(place, *byte));
            0
        });
        assert_eq!(status, Status::Exited(0));
    }
    let at = |run: u32, offset: u32| peek(shared + run * LONGEST + offset);
    let follows = |offset: &u32| (0..).zip(BYTES).all(|(run, byte)| at(run, *offset) == byte);
    (0..LONGEST).find(follows).map_or(End::Nothing, End::Through)
}

/// Every call that has a pointer.
fn all_calls() -> End {
    let has_pointer =
        |call: &&Call| call.places().any(|(_, parameter)| parameter.kind == Kind::Pointer);
    let calls = calls::all().filter(has_pointer).filter(|call| !is_left_out(call));
    let (found, written) = first_disclosing(calls);
    if let Some(call) = found {
        sys::eprintln!("{} ({})", call.name, call.number);
        return End::Through(call.number);
    }
    // The calls did write something.
    assert!(written > 150, "{written} times");
    End::Nothing
}

/// The first of these calls whose answer has the poison in it, with arguments that are as good as can
/// be, a process for each; and how often anything was written.
fn first_disclosing(calls: impl Iterator<Item = &'static Call>) -> (Option<&'static Call>, u32) {
    let length = NUMBERS.len() as u32 * POINTERS * PAGE;
    let flags = MAP_SHARED | MAP_ANONYMOUS;
    let seen = call!(mmap2(0, length, RW, flags, -1, 0)).expect("mmap2");
    let mut written = 0;
    for call in calls {
        for byte in BYTES {
            let directory = Directory::new("disclosure");
            let pid = child::start(|| {
                let mut scene = Scene::enter(&directory);
                if call.name == "trace_next" {
                    scene.trace_somebody();
                }
                interrupt_waits();
                i32::from(look(&scene, call, byte, seen))
            });
            written += u32::from(wait_bounded(pid, 10) == Status::Exited(1));
        }
        let mut marks = (seen..seen + length).step_by(4).filter(|mark| peek_word(*mark) != 0);
        if marks.any(|mark| (mark..mark + 4).any(|mark| peek(mark) == BYTES.len() as u8)) {
            return (Some(call), written);
        }
        call!(madvise(seen, length, sys::abi::memory::MADV_REMOVE)).expect("madvise");
    }
    (None, written)
}

/// Makes a call with each of the numbers, and marks the bytes that are the poison. Whether anything at
/// all was written.
fn look(scene: &Scene, call: &Call, byte: u8, seen: u32) -> bool {
    let pages = map(POINTERS);
    let mut has_written = false;
    for (round, numbers) in (0..).zip(NUMBERS) {
        let mut registers = good_arguments(scene, call, numbers);
        for (place, parameter) in call.places() {
            if parameter.kind == Kind::Pointer && registers[place] == scene.buffer {
                registers[place] = pages + place as u32 * PAGE;
            }
        }
        (pages..pages + POINTERS * PAGE).step_by(4).for_each(|address| poke_word(address, 0));
        poison(byte);
        make(scene, call, &registers);
        let marks = seen + round * POINTERS * PAGE;
        for word in (0..POINTERS * PAGE).step_by(4) {
            if peek_word(pages + word) == 0 {
                continue;
            }
            has_written = true;
            for offset in (word..word + 4).filter(|offset| peek(pages + offset) == byte) {
                poke(marks + offset, peek(marks + offset) + 1);
            }
        }
    }
    has_written
}

/// Memory that nobody else has, filled with zeros.
fn bytes_at(start: u32, length: u32) -> Vec<u8> {
    (start..start + length).map(peek).collect()
}

fn disclosing_answer(poison: &dyn Fn()) -> Vec<u8> {
    let place = map(1);
    poison();
    // SAFETY: the page is written, no more.
    unsafe { folio::disclose(UserMutPtr::new(place)) }.expect("disclose");
    bytes_at(place, PAGE)
}

extern "C" fn nothing(_: i32) {}
extern "C" fn nothing_with_info(_: i32, _: &Siginfo, _: &mut Ucontext) {}

/// A stack for handlers alone, after one has run on it.
fn frame(flags: u32, poison: &dyn Fn()) -> Vec<u8> {
    const LENGTH: u32 = 4 * PAGE;
    let stack = map(4);
    (stack..stack + LENGTH).step_by(4).for_each(|address| poke_word(address, 0));
    let alternate = Sigaltstack { sp: stack, flags: 0, size: LENGTH };
    call!(sigaltstack(input(&alternate), UserMutPtr::NULL)).expect("sigaltstack");
    let action = match flags {
        0 => Action::Handler(nothing),
        _ => Action::InfoHandler(nothing_with_info),
    };
    // SAFETY: the handlers do nothing.
    unsafe { set_action(SIGUSR1, action, flags | SA_ONSTACK, SignalSet::EMPTY) }.expect("action");
    let own = process::id();
    poison();
    process::kill(own, SIGUSR1).expect("kill");
    bytes_at(stack, LENGTH)
}

fn reason_of_signal(poison: &dyn Fn()) -> Vec<u8> {
    let set = SignalSet::of(SIGUSR1);
    sys::signal::change_mask(SIG_BLOCK, set).expect("rt_sigprocmask");
    process::kill(process::id(), SIGUSR1).expect("kill");
    let place = map(1);
    poison();
    let got = call!(rt_sigtimedwait(input(&set), UserMutPtr::new(place), UserPtr::NULL, 8));
    assert_eq!(got, Ok(SIGUSR1.cast_unsigned()));
    bytes_at(place, PAGE)
}

fn end_of_child(poison: &dyn Fn()) -> Vec<u8> {
    let place = map(1);
    child::start(|| 3);
    poison();
    let usage = UserMutPtr::new(place + 2048);
    call!(waitid(P_ALL, 0, UserMutPtr::new(place), WEXITED, usage)).expect("waitid");
    bytes_at(place, PAGE)
}

fn message_of_socket(poison: &dyn Fn()) -> Vec<u8> {
    const NAME: u32 = 0;
    const BYTES: u32 = 256;
    const CONTROL: u32 = 1024;
    let place = map(1);
    let mut pair = [0; 2];
    call!(socketpair(AF_UNIX, SOCK_DGRAM, 0, output(&mut pair))).expect("socketpair");
    // One descriptor: length, SOL_SOCKET, SCM_RIGHTS, and the number.
    let control = [16_u32, 1, 1, pair[0].cast_unsigned()];
    let text = *b"12345";
    let vector = Iovec { base: UserMutPtr::new(sys::syscall::pointer(text.as_slice())), len: 5 };
    let mut header = Msghdr { iov: input(&vector).cast(), iovlen: 1, ..Msghdr::default() };
    header.control = UserMutPtr::new(sys::syscall::pointer(control.as_slice()));
    header.controllen = 16;
    call!(sendmsg(pair[0], input(&header), 0)).expect("sendmsg");
    let vector = Iovec { base: UserMutPtr::new(place + BYTES), len: 512 };
    let mut header = Msghdr { iov: input(&vector).cast(), iovlen: 1, ..Msghdr::default() };
    (header.name, header.namelen) = (UserMutPtr::new(place + NAME), 128);
    (header.control, header.controllen) = (UserMutPtr::new(place + CONTROL), 1024);
    poison();
    assert_eq!(call!(recvmsg(pair[1], output(&mut header), 0)), Ok(5));
    bytes_at(place, PAGE)
}

fn directory_entries(poison: &dyn Fn()) -> Vec<u8> {
    let place = map(2);
    let folder = sys::file::File::open("/bin").expect("/bin");
    poison();
    let got = call!(getdents64(folder.fd().0, UserMutPtr::new(place), PAGE)).expect("getdents64");
    assert!(got > 100);
    let folder = sys::file::File::open("/bin").expect("/bin");
    poison();
    call!(getdents(folder.fd().0, UserMutPtr::new(place + PAGE), PAGE)).expect("getdents");
    bytes_at(place, 2 * PAGE)
}

/// What a server receives beside registers: words, leases, handles.
fn message_to_server(poison: &dyn Fn()) -> Vec<u8> {
    let port = Port::new(crate::ipc::level()).expect("a port");
    let (client, _handle) = crate::ipc::start_client(&port, Rights::CALL, |port| {
        let frames = Frames::new(1).expect("frames");
        let words = (0..5).fold(Message::new(1), Message::word);
        let _ = port.call(words.lend(b"lent").pass(&frames.0, Rights::READ));
    });
    let port = port.attach(0).expect("attach");
    let place = map(1);
    // SAFETY: the page is there, and nothing else is.
    unsafe { sys::syscall::ipc::message_block(UserMutPtr::new(place)) }.expect("message_block");
    poison();
    let Ok(Received::Call(_, caller)) = port.receive(None) else { panic!("no call") };
    let token = caller.token;
    port.reply(token, ReplyParts::default()).expect("reply");
    assert_eq!(child::wait(client), Status::Exited(0));
    bytes_at(place, PAGE)
}

fn new_frames(poison: &dyn Fn()) -> Vec<u8> {
    poison();
    let frames = Frames::new(2).expect("frames");
    let reader = Frames(frames.0.duplicate(Rights::READ).expect("duplicate"));
    let mut bytes = alloc::vec![0; 2 * PAGE as usize];
    let place = pointer_mut(bytes.as_mut_slice());
    // SAFETY: the vector is written, no more.
    unsafe { sys::syscall::ipc::frames_read(reader.0.raw(), 0, UserMutPtr::new(place), 2 * PAGE) }
        .expect("frames_read");
    bytes
}

//! Messages of programs: words between registers, blocks and slots.
//!
//! Words are copied under the rendezvous lock, by copies that do not fault pages in. If a page of
//! the block is not there, everything stays as it was, the page is brought, and the call begins
//! again; for a message that has arrived already, only the copy does.

use super::attachments::Attachments;
use super::caller::Call;
use super::exchange;
use super::lease;
use super::port::{Port, STATE};
use super::server::{self, Reply, Wanted};
use super::slot::{Slot, Words, own_slot};
use crate::arch::uaccess;
use crate::failpoint::fail_point;
use crate::mm::user::{self, Retries};
use crate::process::table::{find, lock_family};
use crate::process::{self, CurrentThread};
use crate::result::{Errno, Result};
use crate::task;
use abi::ipc::{Block, Lent, MAX_WORDS, NO_DEADLINE, Passed, Rights, Tag};
use abi::process::status_signaled;
use abi::signal::NSIG;
use abi::{UserMutPtr, UserPtr};
use alloc::boxed::Box;
use core::mem::offset_of;
use kcore::endpoint::{OnServerDeath, ReplyToken};
use kcore::signal::{DefaultAction, default_action};

/// Words in registers.
const IN_REGISTERS: usize = 4;
/// Words in a block.
const IN_BLOCK: usize = MAX_WORDS as usize - IN_REGISTERS;
pub(super) type FirstWords = [u32; IN_REGISTERS];

/// Says where the running thread's messages are.
pub fn set_block(block: u32) -> Result<()> {
    if !block.is_multiple_of(4) {
        return Err(Errno::EINVAL);
    }
    if !uaccess::access_ok(block, size_of::<Block>()) {
        return Err(Errno::EFAULT);
    }
    task::current().set_message_block(block);
    Ok(())
}

pub fn call(handle: u32, tag: Tag, first: FirstWords) -> Result<u32> {
    let thread = process::current();
    let holder = &thread.process().ipc;
    let (port, badge) = holder.port(handle, Rights::CALL)?;
    let own = own_slot()?;
    let reply = if tag.is_words_only()
        && exchange::call(&port, own, (tag, badge, holder.level()), first).is_some()
    {
        match exchange::take(&thread, own) {
            Some((tag, _)) => tag,
            None => {
                let reply = port.await_reply(own, |slot| receive_words(&thread, slot));
                finish_reply(&thread, own, reply)?
            }
        }
    } else {
        call_with(&thread, own, &port, badge, tag, first)?
    };
    Errno::from_number(reply.label()).map_or(Ok(0), Err)
}

/// Any call.
#[inline(never)]
fn call_with(
    thread: &CurrentThread,
    own: u32,
    port: &Port,
    badge: u32,
    tag: Tag,
    first: FirstWords,
) -> Result<Tag> {
    if fail_point!(Message) {
        return Err(Errno::EIO);
    }
    let from = thread.process().ipc.level();
    let on_server_death =
        if tag.is_retry() { OnServerDeath::Retry } else { OnServerDeath::OwnerDead };
    let attachments = if tag.has_attachments() { gather(thread, tag)? } else { None };
    let mut call = Call { tag, badge, from, on_server_death, attachments };
    let mut retries = Retries::new();
    let reply = loop {
        let fill = |words: &mut Words| try_send_words(words, tag, first);
        match port.call(own, &mut call, fill, |slot| try_receive_words(thread, slot)) {
            Err(Errno::EFAULT) => fault_in_words(tag, &mut retries)?,
            reply => break reply,
        }
    };
    finish_reply(thread, own, reply)
}

/// Takes everything that a call came to.
fn finish_reply(thread: &CurrentThread, own: u32, reply: Result<Arrived>) -> Result<Tag> {
    let attachments = STATE.lock().slots[own].attachments.take();
    let arrived = reply?;
    if arrived.is_incomplete {
        receive_words_again(own, arrived.tag)?;
    }
    if arrived.tag.handles() != 0 {
        let handles = attachments.map(|mut attachments| attachments.take_handles());
        let passed = thread.process().ipc.accept(handles.unwrap_or_default());
        write_passed(arrived.tag, &passed)?;
    }
    Ok(arrived.tag)
}

pub fn receive(handle: u32, mask: u32, deadline: u64) -> Result<u32> {
    let thread = process::current();
    let process = thread.process();
    let (port, _) = process.ipc.port(handle, Rights::ATTACH)?;
    let own = own_slot()?;
    port.subscribe(own, mask)?;
    let deadline = (deadline != NO_DEADLINE).then_some(deadline);
    let wanted = Wanted { server: process.pid(), deadline };
    let nothing = |_: &mut Words| Ok(());
    let arrived =
        server::receive(own, wanted, None, nothing, |slot| try_receive_words(&thread, slot))?;
    finish_receive(&thread, own, &arrived)
}

pub fn reply(token: u32, tag: Tag, first: FirstWords) -> Result<u32> {
    let thread = process::current();
    let mut reply = prepare_reply(&thread, token, tag)?;
    let mut retries = Retries::new();
    loop {
        let fill = |words: &mut Words| try_send_words(words, tag, first);
        match server::reply(&mut reply, fill) {
            Err(Errno::EFAULT) => fault_in_words(tag, &mut retries)?,
            done => return done.map(|()| 0),
        }
    }
}

/// Ends a call that was received, and its caller's process, as if by a signal.
pub fn reply_fault(token: u32, signal: i32) -> Result<()> {
    let ends = matches!(default_action(signal), DefaultAction::Terminate | DefaultAction::Core);
    if !(1..=NSIG).contains(&signal) || !ends {
        return Err(Errno::EINVAL);
    }
    let thread = process::current();
    let token = ReplyToken::from_raw(token);
    let tid = server::caller(thread.process().pid(), token).ok_or(Errno::ESRCH)?;
    let caller = {
        let family = lock_family();
        find(&family, tid.cast_signed())?.1.clone()
    };
    caller.lock_signals().end_all(status_signaled(signal));
    Ok(())
}

pub fn reply_receive(token: u32, tag: Tag, first: FirstWords) -> Result<u32> {
    let thread = process::current();
    let own = own_slot()?;
    let server = thread.process().pid();
    let tag = Tag::of_reply(tag.raw())?;
    let reply = (ReplyToken::from_raw(token), tag);
    let arrived = if tag.is_words_only() && exchange::reply(own, server, reply, first).is_some() {
        if let Some((_, badge)) = exchange::take(&thread, own) {
            return Ok(badge);
        }
        let wanted = Wanted { server, deadline: None };
        server::await_message(own, wanted, |slot| receive_words(&thread, slot))?
    } else {
        reply_receive_with(&thread, own, token, tag, first)?
    };
    finish_receive(&thread, own, &arrived)
}

/// Any reply.
#[inline(never)]
fn reply_receive_with(
    thread: &CurrentThread,
    own: u32,
    token: u32,
    tag: Tag,
    first: FirstWords,
) -> Result<Arrived> {
    let mut reply = prepare_reply(thread, token, tag)?;
    let wanted = Wanted { server: reply.server, deadline: None };
    let mut retries = Retries::new();
    loop {
        let fill = |words: &mut Words| try_send_words(words, tag, first);
        let take = |slot: &mut Slot| try_receive_words(thread, slot);
        match server::receive(own, wanted, Some(&mut reply), fill, take) {
            Err(Errno::EFAULT) => fault_in_words(tag, &mut retries)?,
            done => return done,
        }
    }
}

#[inline]
fn prepare_reply(thread: &CurrentThread, token: u32, tag: Tag) -> Result<Reply> {
    let tag = Tag::of_reply(tag.raw())?;
    let attachments = if tag.has_attachments() { gather(thread, tag)? } else { None };
    let token = ReplyToken::from_raw(token);
    Ok(Reply { server: thread.process().pid(), token, tag, attachments })
}

/// Completes a message that a server received. EAX is the badge.
#[inline]
fn finish_receive(thread: &CurrentThread, own: u32, arrived: &Arrived) -> Result<u32> {
    if (arrived.is_incomplete || arrived.tag.has_attachments())
        && let Err(errno) = receive_rest(thread, own, arrived)
    {
        let token = ReplyToken::from_raw(arrived.token);
        server::fail_call(thread.process().pid(), token, Errno::EIO)?;
        return Err(errno);
    }
    Ok(arrived.badge)
}

#[cold]
fn receive_rest(thread: &CurrentThread, own: u32, arrived: &Arrived) -> Result<()> {
    let tag = arrived.tag;
    if arrived.is_incomplete {
        receive_words_again(own, tag)?;
    }
    if !tag.has_attachments() {
        return Ok(());
    }
    let mut lent = [Lent::default(); 4];
    let handles = {
        let server = thread.process().pid();
        let mut state = STATE.lock();
        let attachments = state.attachments(server, ReplyToken::from_raw(arrived.token));
        attachments.map(|attachments| {
            lent = lease::describe(attachments);
            attachments.take_handles()
        })
    };
    let block = block()?;
    if tag.leases() != 0 {
        user::write(block.field(offset_of!(Block, leases)), &lent)?;
    }
    if tag.handles() != 0 {
        let passed = thread.process().ipc.accept(handles.unwrap_or_default());
        write_passed(tag, &passed)?;
    }
    Ok(())
}

/// Leases and handles that the block names.
#[cold]
fn gather(thread: &CurrentThread, tag: Tag) -> Result<Option<Box<Attachments>>> {
    let block: Block = user::read(block()?.whole())?;
    let mut attachments = Attachments::new().boxed()?;
    let passed = block.handles;
    let passed = passed.get(..tag.handles() as usize).ok_or(Errno::EINVAL)?;
    attachments.handles = thread.process().ipc.transfer(passed)?;
    let leases = block.leases;
    let leases = leases.get(..tag.leases() as usize).ok_or(Errno::EINVAL)?;
    lease::pin(&thread.mm(), leases, &mut attachments)?;
    Ok(Some(attachments))
}

/// What arrived besides words.
pub(super) struct Arrived {
    pub tag: Tag,
    pub badge: u32,
    token: u32,
    /// Whether words are left in the slot.
    pub is_incomplete: bool,
}

/// Where a thread's messages are.
#[derive(Clone, Copy)]
struct BlockAddress(u32);

impl BlockAddress {
    fn whole(self) -> UserPtr<Block> {
        UserPtr::new(self.0)
    }

    fn field<T>(self, offset: usize) -> UserMutPtr<T> {
        // `set_block` saw to it that the block is user memory.
        UserMutPtr::new(self.0.wrapping_add(offset as u32))
    }
}

/// EFAULT if there is none.
#[inline]
fn block() -> Result<BlockAddress> {
    match task::current().message_block() {
        0 => Err(Errno::EFAULT),
        block => Ok(BlockAddress(block)),
    }
}

/// How many words do not fit the registers: at most as many as a block has.
#[inline]
fn words_in_block(tag: Tag) -> usize {
    let beyond = (tag.words() as usize).wrapping_sub(IN_REGISTERS + 1);
    if beyond < IN_BLOCK { beyond + 1 } else { 0 }
}

/// From the sender's registers and block. Does not sleep.
#[inline]
pub(super) fn send_words(words: &mut Words, tag: Tag, first: FirstWords) -> Result<()> {
    let [w0, w1, w2, w3, rest @ ..] = words;
    [*w0, *w1, *w2, *w3] = first;
    let count = words_in_block(tag);
    if count == 0 {
        return Ok(());
    }
    let block = block()?.0 as *const u32;
    // SAFETY: `rest` has as many words as a block, which `set_block` saw to be user memory.
    unsafe { uaccess::copy_words(rest.as_mut_ptr(), block, count) }.map_err(|_| Errno::EFAULT)
}

/// The same, where it can be made to fail.
fn try_send_words(words: &mut Words, tag: Tag, first: FirstWords) -> Result<()> {
    if words_in_block(tag) != 0 && fail_point!(UserCopyIn) {
        return Err(Errno::EFAULT);
    }
    send_words(words, tag, first)
}

/// To the receiver's registers and block. Does not sleep.
#[inline]
pub(super) fn receive_words(thread: &CurrentThread, slot: &Slot) -> Arrived {
    let [w0, w1, w2, w3, ..] = slot.words;
    let (tag, badge, token) = (slot.tag, slot.badge, slot.token);
    thread.with_frame(|frame| {
        (frame.ebx, frame.ecx) = (token, tag.raw());
        (frame.edx, frame.esi, frame.edi, frame.ebp) = (w0, w1, w2, w3);
    });
    let is_incomplete = write_words(&slot.words, tag).is_err();
    Arrived { tag, badge, token, is_incomplete }
}

/// The same, where it can be made to fail.
fn try_receive_words(thread: &CurrentThread, slot: &Slot) -> Arrived {
    let mut arrived = receive_words(thread, slot);
    arrived.is_incomplete |= words_in_block(slot.tag) != 0 && fail_point!(UserCopyOut);
    arrived
}

/// Those that do not fit the registers.
#[inline]
fn write_words(words: &Words, tag: Tag) -> Result<()> {
    let [_, _, _, _, rest @ ..] = words;
    let count = words_in_block(tag);
    if count == 0 {
        return Ok(());
    }
    let block = block()?.0 as *mut u32;
    // SAFETY: `rest` has as many words as a block, which `set_block` saw to be user memory.
    unsafe { uaccess::copy_words(block, rest.as_ptr(), count) }.map_err(|_| Errno::EFAULT)
}

/// The same outside of the lock, so that pages can be brought.
#[cold]
fn receive_words_again(own: u32, tag: Tag) -> Result<()> {
    let words = STATE.lock().slots[own].words;
    write_words(&words, tag)
}

/// Brings the pages that a message's words lie in.
#[cold]
fn fault_in_words(tag: Tag, retries: &mut Retries) -> Result<()> {
    retries.again(0)?;
    user::fault_in(block()?.0, words_in_block(tag) * size_of::<u32>(), false)
}

fn write_passed(tag: Tag, passed: &[Passed; 4]) -> Result<()> {
    let block = block()?;
    for (index, passed) in passed.iter().enumerate().take(tag.handles() as usize) {
        let offset = offset_of!(Block, handles) + index * size_of::<Passed>();
        user::write(block.field(offset), passed)?;
    }
    Ok(())
}

const _: () = assert!(offset_of!(Block, words) == 0);
const _: () = assert!(size_of::<Block>() >= IN_BLOCK * size_of::<u32>());

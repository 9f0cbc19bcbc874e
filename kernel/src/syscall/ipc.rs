//! Calls about messages and handles. What they mean is said in `abi::syscall::ipc`.

use crate::file::console::ConsoleHandle;
use crate::ipc::child::Child;
use crate::ipc::frames::Frames;
use crate::ipc::handle::Holder;
use crate::ipc::io_ports::IoPortRun;
use crate::ipc::irq::Irq;
use crate::ipc::lease::{self, Direction};
use crate::ipc::port::Port;
use crate::ipc::{call as message, supervisor as first_port};
use crate::mm::user::{self, UserSlice};
use crate::process::{self, CurrentThread};
use crate::result::{Errno, Result};
use crate::syscall::file::mount;
use abi::ipc::{Block, Lent, Level, Rights, Tag};
use abi::memory::PROT_WRITE;
use abi::{UserMutPtr, UserPtr, UserStr};
use alloc::sync::Arc;

/// Runs `work` on what the running process holds.
#[inline]
fn with_holder<R>(work: impl FnOnce(&Holder) -> R) -> R {
    work(&process::current().process().ipc)
}

/// EPERM unless the running process is as trusted as `init`.
fn check_init(thread: &CurrentThread) -> Result<()> {
    if thread.process().ipc.level() == Level::INIT { Ok(()) } else { Err(Errno::EPERM) }
}

#[inline(always)]
pub fn call(port: u32, tag: Tag, w0: u32, w1: u32, w2: u32, w3: u32) -> Result<u32> {
    message::call(port, tag, [w0, w1, w2, w3])
}

pub fn receive(port: u32, mask: u32, deadline: u64) -> Result<u32> {
    message::receive(port, mask, deadline)
}

pub fn reply(token: u32, tag: Tag, w0: u32, w1: u32, w2: u32, w3: u32) -> Result<u32> {
    message::reply(token, tag, [w0, w1, w2, w3])
}

#[inline(always)]
pub fn reply_receive(token: u32, tag: Tag, w0: u32, w1: u32, w2: u32, w3: u32) -> Result<u32> {
    message::reply_receive(token, tag, [w0, w1, w2, w3])
}

pub fn message_block(block: UserMutPtr<Block>) -> Result<u32> {
    message::set_block(block.address()).map(|()| 0)
}

pub fn reply_fault(token: u32, signal: i32) -> Result<u32> {
    message::reply_fault(token, signal).map(|()| 0)
}

pub fn lease_read(
    token: u32,
    lease: u32,
    offset: u32,
    buffer: UserMutPtr<u8>,
    length: u32,
) -> Result<u32> {
    let memory = UserSlice::new(buffer.address(), length)?;
    lease::copy(token, lease, offset, memory, Direction::Read)
}

pub fn lease_write(
    token: u32,
    lease: u32,
    offset: u32,
    buffer: UserPtr<u8>,
    length: u32,
) -> Result<u32> {
    let memory = UserSlice::new(buffer.address(), length)?;
    lease::copy(token, lease, offset, memory, Direction::Write)
}

pub fn lease_info(token: u32, lease: u32, lent: UserMutPtr<Lent>) -> Result<u32> {
    user::write(lent, &lease::info(token, lease)?).map(|()| 0)
}

pub fn notify(port: u32, bits: u32) -> Result<u32> {
    let (port, _) = with_holder(|holder| holder.port(port, Rights::NOTIFY))?;
    port.notification.notify(bits);
    Ok(0)
}

pub fn handle_duplicate(handle: u32, rights: Rights) -> Result<u32> {
    with_holder(|holder| holder.duplicate(handle, rights))
}

pub fn handle_mint(handle: u32, rights: Rights, badge: u32) -> Result<u32> {
    with_holder(|holder| holder.mint(handle, rights, badge))
}

pub fn handle_close(handle: u32) -> Result<u32> {
    with_holder(|holder| holder.close(handle)).map(|()| 0)
}

pub fn handle_revoke(handle: u32) -> Result<u32> {
    with_holder(|holder| holder.revoke(handle)).map(|()| 0)
}

pub fn port_create(level: Level) -> Result<u32> {
    with_holder(|holder| {
        if level < holder.level() {
            return Err(Errno::EPERM);
        }
        holder.give_port(Port::new(level)?, Rights::all(), 0)
    })
}

pub fn port_attach(port: u32) -> Result<u32> {
    let thread = process::current();
    let process = thread.process();
    let (port, _) = process.ipc.port(port, Rights::ATTACH)?;
    process.ipc.serve(process.pid(), port).map(|()| 0)
}

pub fn port_fail(port: u32) -> Result<u32> {
    let (port, _) = with_holder(|holder| holder.port(port, Rights::CONTROL))?;
    port.fail();
    Ok(0)
}

pub fn frames_create(pages: u32) -> Result<u32> {
    with_holder(|holder| holder.give(Frames::new(pages)?))
}

pub fn frames_map(frames: u32, first: u32, pages: u32, protection: u32) -> Result<u32> {
    let thread = process::current();
    let writes = if protection & PROT_WRITE != 0 { Rights::WRITE } else { Rights::empty() };
    let needed = Rights::MAP | Rights::READ | writes;
    let frames = thread.process().ipc.object::<Frames>(frames, needed)?;
    frames.map(&thread, first, pages, protection)
}

pub fn frames_read(frames: u32, offset: u32, buffer: UserMutPtr<u8>, length: u32) -> Result<u32> {
    let frames = with_holder(|holder| holder.object::<Frames>(frames, Rights::READ))?;
    frames.read(offset, UserSlice::new(buffer.address(), length)?)
}

pub fn frames_write(frames: u32, offset: u32, buffer: UserPtr<u8>, length: u32) -> Result<u32> {
    let frames = with_holder(|holder| holder.object::<Frames>(frames, Rights::WRITE))?;
    frames.write(offset, UserSlice::new(buffer.address(), length)?)
}

pub fn frames_address(frames: u32, page: u32, address: UserMutPtr<u64>) -> Result<u32> {
    let frames = with_holder(|holder| holder.object::<Frames>(frames, Rights::DMA))?;
    user::write(address, &frames.address(page)?.as_u64()).map(|()| 0)
}

pub fn irq_create(line: u32) -> Result<u32> {
    let thread = process::current();
    check_init(&thread)?;
    thread.process().ipc.give(Irq::new(line)?)
}

pub fn irq_attach(irq: u32, port: u32, bits: u32) -> Result<u32> {
    with_holder(|holder| {
        let irq = holder.object::<Irq>(irq, Rights::CONTROL)?;
        let (port, _) = holder.port(port, Rights::NOTIFY)?;
        irq.attach(port, bits);
        Ok(0)
    })
}

pub fn irq_ack(irq: u32) -> Result<u32> {
    with_holder(|holder| holder.object::<Irq>(irq, Rights::CONTROL))?.acknowledge();
    Ok(0)
}

pub fn io_ports_create(first: u32, count: u32) -> Result<u32> {
    let thread = process::current();
    check_init(&thread)?;
    thread.process().ipc.give(IoPortRun::new(first, count)?)
}

pub fn io_ports_enable(ports: u32) -> Result<u32> {
    with_holder(|holder| holder.object::<IoPortRun>(ports, Rights::DMA))?.enable().map(|()| 0)
}

pub fn io_ports_read(ports: u32, port: u32, place: UserMutPtr<u32>, tag: u32) -> Result<u32> {
    let run = with_holder(|holder| holder.object::<IoPortRun>(ports, Rights::DMA))?;
    run.read_into(port, place, tag).map(|()| 0)
}

pub fn process_open(pid: i32) -> Result<u32> {
    let thread = process::current();
    thread.process().ipc.give(Child::open(&thread, pid)?)
}

pub fn process_watch(process: u32, port: u32, bits: u32) -> Result<u32> {
    with_holder(|holder| {
        let child = holder.object::<Child>(process, Rights::CONTROL)?;
        let (port, _) = holder.port(port, Rights::NOTIFY)?;
        child.watch(port, bits);
        Ok(0)
    })
}

pub fn process_signal(process: u32, signal: i32) -> Result<u32> {
    let thread = process::current();
    let child = thread.process().ipc.object::<Child>(process, Rights::CONTROL)?;
    child.signal(&thread, signal).map(|()| 0)
}

pub fn process_give(process: u32, handle: u32, rights: Rights) -> Result<u32> {
    with_holder(|holder| {
        let child = holder.object::<Child>(process, Rights::CONTROL)?;
        child.give(holder.copy_to_pass(handle, rights)?)
    })
}

pub fn level_raise(level: Level) -> Result<u32> {
    with_holder(|holder| holder.raise_level(level)).map(|old| u32::from(old.number()))
}

pub fn supervisor_set(port: u32) -> Result<u32> {
    let thread = process::current();
    check_init(&thread)?;
    let (port, _) = thread.process().ipc.port(port, Rights::DUPLICATE)?;
    first_port::set(port);
    Ok(0)
}

pub fn mount_port(port: u32, directory: UserStr, kind: UserStr) -> Result<u32> {
    let thread = process::current();
    check_init(&thread)?;
    let (port, _) = thread.process().ipc.port(port, Rights::DUPLICATE)?;
    mount::mount_port(port, directory, kind)?;
    Ok(0)
}

pub fn supervisor() -> Result<u32> {
    let thread = process::current();
    let process = thread.process();
    first_port::connect(&process.ipc, process.pid())
}

pub fn console_create() -> Result<u32> {
    let thread = process::current();
    check_init(&thread)?;
    thread.process().ipc.give(ConsoleHandle::new()?)
}

fn console(handle: u32) -> Result<Arc<ConsoleHandle>> {
    with_holder(|holder| holder.object::<ConsoleHandle>(handle, Rights::CONTROL))
}

pub fn console_frames(handle: u32) -> Result<u32> {
    let frames = console(handle)?.frames();
    with_holder(|holder| holder.give(frames))
}

pub fn console_attach(handle: u32, port: u32, bits: u32) -> Result<u32> {
    let (port, _) = with_holder(|holder| holder.port(port, Rights::ATTACH | Rights::NOTIFY))?;
    console(handle)?.attach(port, bits).map(|()| 0)
}

pub fn console_tell(handle: u32) -> Result<u32> {
    console(handle)?.tell();
    Ok(0)
}

pub fn console_signal(handle: u32, signal: i32, flush: u32) -> Result<u32> {
    console(handle)?.signal(signal, flush != 0).map(|()| 0)
}

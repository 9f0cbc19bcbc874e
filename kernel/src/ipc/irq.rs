//! Interrupt lines as handles: masked when one comes, notified, unmasked when acknowledged.

#[cfg(feature = "faults")]
mod late;

use super::object::{Object, Revocations};
use super::port::Port;
use crate::arch::entry::TrapFrame;
use crate::arch::pic;
#[cfg(feature = "faults")]
use crate::failpoint;
use crate::failpoint::fail_point;
use crate::irq;
use crate::result::{Errno, Result};
use crate::sync::{IrqSpinLock, Rank};
use alloc::sync::Arc;

/// Who hears of a line, and by which bits.
type Listener = Option<(Arc<Port>, u32)>;

static LISTENERS: IrqSpinLock<[Listener; pic::LINES as usize]> =
    IrqSpinLock::new(Rank::IrqLines, [const { None }; pic::LINES as usize]);

pub struct Irq {
    line: u8,
    revocations: Revocations,
}

impl Object for Irq {
    fn revocations(&self) -> &Revocations {
        &self.revocations
    }
}

impl Irq {
    /// EINVAL if there is no such line, EBUSY if it is taken.
    pub fn new(line: u32) -> Result<Arc<Self>> {
        let line =
            u8::try_from(line).ok().filter(|line| *line < pic::LINES).ok_or(Errno::EINVAL)?;
        irq::claim(line, on_interrupt).map_err(|_| Errno::EBUSY)?;
        // Until somebody listens.
        pic::mask(line);
        Arc::try_new(Self { line, revocations: Revocations::new() }).map_err(|_| Errno::ENOMEM)
    }

    /// Has bits of a port set at each interrupt, and lets them in.
    pub fn attach(&self, port: Arc<Port>, bits: u32) {
        self.listen(Some((port, bits)));
        pic::unmask(self.line);
    }

    /// The interrupt has been dealt with.
    pub fn acknowledge(&self) {
        pic::unmask(self.line);
        if fail_point!(IrqSpurious) {
            notify(self.line);
        }
    }

    fn listen(&self, listener: Listener) {
        let old = LISTENERS
            .lock()
            .get_mut(usize::from(self.line))
            .and_then(|place| core::mem::replace(place, listener));
        // Without the lock: it may be the last reference.
        drop(old);
    }
}

impl Drop for Irq {
    fn drop(&mut self) {
        irq::release(self.line);
        self.listen(None);
    }
}

/// Masked before the controller hears that the interrupt is over.
fn on_interrupt(line: u8, _: &TrapFrame) {
    #[cfg(feature = "faults")]
    if is_lost(line) {
        return;
    }
    #[cfg(feature = "faults")]
    if fail_point!(IrqLate, for whose(line)) {
        return late::notify(line);
    }
    notify(line);
}

/// What a level says cannot be lost: it would come again at once, and for ever.
#[cfg(feature = "faults")]
fn is_lost(line: u8) -> bool {
    failpoint::is_armed() && !pic::is_level_triggered(line) && fail_point!(IrqLost, for whose(line))
}

fn notify(line: u8) {
    pic::mask(line);
    let listeners = LISTENERS.lock();
    if let Some(Some((port, bits))) = listeners.get(usize::from(line)) {
        port.notification.notify(*bits);
    }
}

/// Who has to live with what happens to an interrupt: the driver that waits for it.
#[cfg(feature = "faults")]
fn whose(line: u8) -> crate::failpoint::Whose {
    match LISTENERS.lock().get(usize::from(line)) {
        Some(Some((port, _))) => port.notification.whose(),
        _ => Default::default(),
    }
}

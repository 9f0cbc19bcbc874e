//! Whose faults a task's are: part of each task, and nothing in images without failpoints.

#[cfg(feature = "faults")]
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

/// Contexts by number, 0 for none.
#[derive(Default)]
pub struct Scope {
    /// That the task entered or inherited.
    #[cfg(feature = "faults")]
    own: AtomicU32,
    /// Of the caller whose request it works on.
    #[cfg(feature = "faults")]
    served: AtomicU32,
    /// Whether it controls fault injection right now: nothing fails then.
    #[cfg(feature = "faults")]
    is_exempt: AtomicBool,
}

#[cfg(not(feature = "faults"))]
impl Scope {
    pub const fn new() -> Self {
        Self {}
    }

    pub fn serve(&self, _: Option<&Self>) {}
}

#[cfg(feature = "faults")]
impl Scope {
    pub const fn new() -> Self {
        let (own, served) = (AtomicU32::new(0), AtomicU32::new(0));
        Self { own, served, is_exempt: AtomicBool::new(false) }
    }

    /// From now on the task works for whoever has that scope, or for itself.
    pub fn serve(&self, client: Option<&Self>) {
        self.served.store(client.map_or(0, Self::context), Relaxed);
    }

    /// The context that counts.
    pub fn context(&self) -> u32 {
        match self.served.load(Relaxed) {
            0 => self.own.load(Relaxed),
            served => served,
        }
    }

    pub fn is_serving(&self) -> bool {
        self.served.load(Relaxed) != 0
    }

    pub fn own(&self) -> u32 {
        self.own.load(Relaxed)
    }

    /// Enters a context of its own; the one it was in.
    pub fn enter(&self, context: u32) -> u32 {
        self.own.swap(context, Relaxed)
    }

    pub fn is_exempt(&self) -> bool {
        self.is_exempt.load(Relaxed)
    }

    /// Runs `work`, in which nothing fails on purpose.
    pub fn exempt<R>(&self, work: impl FnOnce() -> R) -> R {
        let was = self.is_exempt.swap(true, Relaxed);
        let result = work();
        self.is_exempt.store(was, Relaxed);
        result
    }
}

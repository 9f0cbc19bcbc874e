//! Whose faults a task's are: part of each task, and nothing in images without failpoints.

#[cfg(feature = "faults")]
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

/// Contexts by number, 0 for none.
#[derive(Default)]
pub struct Scope {
    /// That the task entered or inherited.
    #[cfg(feature = "faults")]
    own: AtomicU32,
    /// In which only the nth opportunity fails; comes before its own.
    #[cfg(feature = "faults")]
    nth: AtomicU32,
    /// Of the caller whose request it works on.
    #[cfg(feature = "faults")]
    served: AtomicU32,
    /// Whether it is marked for machine-wide contexts.
    #[cfg(feature = "faults")]
    is_marked: AtomicBool,
    /// Whether that caller is.
    #[cfg(feature = "faults")]
    is_served_marked: AtomicBool,
    /// Whether it controls fault injection right now: nothing fails then.
    #[cfg(feature = "faults")]
    is_exempt: AtomicBool,
}

/// Who has to live with a fault.
#[cfg(feature = "faults")]
#[derive(Clone, Copy, Default)]
pub struct Whose {
    /// Its context; 0 for none.
    pub context: u32,
    /// The context in its place when nothing fails in that any more; 0 for none.
    pub otherwise: u32,
    /// Its thread; 0 for none.
    pub tid: u32,
    /// Whether that is a server at work for the context.
    pub is_served: bool,
    /// Whether it is marked for machine-wide contexts.
    pub is_marked: bool,
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
        let [own, nth, served] = [const { AtomicU32::new(0) }; 3];
        let [is_marked, is_served_marked, is_exempt] = [const { AtomicBool::new(false) }; 3];
        Self { own, nth, served, is_marked, is_served_marked, is_exempt }
    }

    /// From now on the task works for whoever has that scope, or for itself.
    pub fn serve(&self, client: Option<&Self>) {
        let whose = client.and_then(|client| client.whose(0)).unwrap_or_default();
        self.served.store(whose.context, Relaxed);
        self.is_served_marked.store(whose.is_marked, Relaxed);
    }

    /// Who has to live with faults of the task's work; `None` where nothing fails.
    pub fn whose(&self, tid: u32) -> Option<Whose> {
        if self.is_exempt.load(Relaxed) {
            return None;
        }
        let (own, nth, served) =
            (self.own.load(Relaxed), self.nth.load(Relaxed), self.served.load(Relaxed));
        let (context, otherwise) = match (served, nth) {
            (0, 0) => (own, 0),
            (0, nth) => (nth, own),
            (served, _) => (served, 0),
        };
        let is_marked = self.is_marked() || self.is_served_marked.load(Relaxed);
        Some(Whose { context, otherwise, tid, is_served: served != 0, is_marked })
    }

    pub fn own(&self) -> u32 {
        self.own.load(Relaxed)
    }

    /// Enters a context of its own; the one it was in.
    pub fn enter(&self, context: u32) -> u32 {
        self.own.swap(context, Relaxed)
    }

    pub fn nth(&self) -> u32 {
        self.nth.load(Relaxed)
    }

    /// Enters a context in which only the nth opportunity fails; the one it was in.
    pub fn enter_nth(&self, context: u32) -> u32 {
        self.nth.swap(context, Relaxed)
    }

    pub fn is_marked(&self) -> bool {
        self.is_marked.load(Relaxed)
    }

    pub fn mark(&self, is_marked: bool) {
        self.is_marked.store(is_marked, Relaxed);
    }

    /// Runs `work`, in which nothing fails on purpose.
    pub fn exempt<R>(&self, work: impl FnOnce() -> R) -> R {
        let was = self.is_exempt.swap(true, Relaxed);
        let result = work();
        self.is_exempt.store(was, Relaxed);
        result
    }
}

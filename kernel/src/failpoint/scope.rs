//! Whose faults a task's are: part of each task, and nothing in images without failpoints.

#[cfg(feature = "faults")]
use super::{decide::CONTEXTS, site};
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
    /// That it inherited.
    #[cfg(feature = "faults")]
    inherited: AtomicU32,
    /// The request it works on.
    #[cfg(feature = "faults")]
    served: Served,
    /// Whether it is marked for machine-wide contexts.
    #[cfg(feature = "faults")]
    is_marked: AtomicBool,
    /// Whether it controls fault injection right now: nothing fails then.
    #[cfg(feature = "faults")]
    is_exempt: AtomicBool,
}

/// A request, as far as faults go.
#[cfg(feature = "faults")]
#[derive(Default)]
struct Served {
    token: AtomicU32,
    /// The context of the caller.
    context: AtomicU32,
    /// Whether the caller is marked.
    is_marked: AtomicBool,
    /// [`site::time`] when it came: it is forgotten unless that is still so, as its end may not have
    /// been noted.
    time: AtomicU32,
}

/// Who has to live with a fault.
#[cfg(feature = "faults")]
#[derive(Clone, Copy, Default)]
pub struct Whose {
    /// Contexts, 0 for none: of the caller whom the thread serves, the one in which only the nth
    /// opportunity fails, its own. Each counts when nothing fails any more in those before.
    pub contexts: [u32; 3],
    /// Its thread; 0 for none.
    pub tid: u32,
    /// Whether it is marked for machine-wide contexts.
    pub is_marked: bool,
}

#[cfg(feature = "faults")]
impl Whose {
    /// Whether the thread is a server at work for a context.
    pub fn is_served(&self) -> bool {
        self.contexts[0] != 0
    }

    /// The context in which servers work for it now; 0 for none.
    fn first(&self) -> u32 {
        match self.contexts {
            [0, 0, own] => own,
            contexts => CONTEXTS.lock().first_of(contexts),
        }
    }
}

#[cfg(not(feature = "faults"))]
impl Scope {
    pub const fn new() -> Self {
        Self {}
    }

    pub fn serve(&self, _: Option<&Self>, _: u32) {}

    pub fn finish(&self, _: u32) {}
}

#[cfg(feature = "faults")]
impl Served {
    const fn new() -> Self {
        let [token, context, time] = [const { AtomicU32::new(0) }; 3];
        Self { token, context, is_marked: AtomicBool::new(false), time }
    }

    fn set(&self, token: u32, context: u32, is_marked: bool) {
        self.token.store(token, Relaxed);
        self.context.store(context, Relaxed);
        self.is_marked.store(is_marked, Relaxed);
        self.time.store(site::time(), Relaxed);
    }

    /// The caller's context, and whether it is marked.
    fn get(&self) -> (u32, bool) {
        match self.time.load(Relaxed) == site::time() {
            true => (self.context.load(Relaxed), self.is_marked.load(Relaxed)),
            false => (0, false),
        }
    }
}

#[cfg(feature = "faults")]
impl Scope {
    pub const fn new() -> Self {
        let [own, nth, inherited] = [const { AtomicU32::new(0) }; 3];
        let [is_marked, is_exempt] = [const { AtomicBool::new(false) }; 2];
        Self { own, nth, inherited, served: Served::new(), is_marked, is_exempt }
    }

    /// From now on the task works on request `token` of whoever has that scope.
    pub fn serve(&self, client: Option<&Self>, token: u32) {
        let whose = client.and_then(|client| client.whose(0)).unwrap_or_default();
        self.served.set(token, whose.first(), whose.is_marked);
    }

    /// Request `token` has been answered.
    pub fn finish(&self, token: u32) {
        if self.served.token.load(Relaxed) == token {
            self.served.set(0, 0, false);
        }
    }

    /// Who has to live with faults of the task's work; `None` where nothing fails.
    pub fn whose(&self, tid: u32) -> Option<Whose> {
        if self.is_exempt.load(Relaxed) {
            return None;
        }
        let (served, is_served_marked) = self.served.get();
        let contexts = [served, self.nth.load(Relaxed), self.own.load(Relaxed)];
        Some(Whose { contexts, tid, is_marked: self.is_marked() || is_served_marked })
    }

    /// It begins in that context, and may always go back there.
    pub fn inherit(&self, context: u32) {
        self.inherited.store(context, Relaxed);
        self.enter(context);
    }

    pub fn has_inherited(&self, context: u32) -> bool {
        self.inherited.load(Relaxed) == context
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

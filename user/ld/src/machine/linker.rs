//! The objects of this process.

use super::debugger::{Entry, List, State};
use super::file::Mapped;
use super::lock::Lock;
use super::thread::Threads;
use super::turn::Turn;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::ffi::CString;
use alloc::vec::Vec;
use ld::{Object, Step, used};

/// All that the linker knows, and its heap: no memory is taken or freed without the lock. Nothing of
/// the objects runs while somebody has it.
pub static LINKER: Lock<Linker> = Lock::new(Linker::new());

/// Who opens and closes libraries and runs code of theirs for that.
pub static TURN: Turn = Turn::new();

/// What the person who started the program asks for.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// LD_LIBRARY_PATH.
    pub library_path: Option<&'static [u8]>,
    /// AT_SECURE.
    pub secure: bool,
    /// LD_BIND_NOW: also what was linked to be bound lazily is bound at the start.
    pub bind_now: bool,
    /// LD_TRACE_LOADED_OBJECTS: nothing of the objects runs.
    pub inert: bool,
}

/// An object in memory.
pub struct Loaded {
    pub object: Object<'static>,
    /// For debuggers; its path is the object's, with a zero byte.
    pub entry: Entry,
    _path: CString,
    /// Goes with the last reference to the object. The kernel has mapped the program.
    pub _mapped: Option<Mapped>,
    pub identity: Option<(u64, u64)>,
    /// Who needed it first. As long as it needs others itself, that one is there.
    pub came_by: Option<usize>,
    /// What it needs, in the order it says.
    pub needed: Vec<usize>,
    /// In what it has found symbols besides, which stays as long as it does.
    pub bound: Vec<usize>,
    /// How often it was opened and not closed.
    pub opened: usize,
    /// With whom it was loaded: who is asked for its symbols after the program's objects.
    pub companions: Vec<usize>,
    /// Nobody writes to its RELRO pages any more.
    pub is_protected: bool,
    /// Its first functions have run, or are about to.
    has_begun: bool,
    /// Its last functions run, or are about to.
    pub closing: bool,
}

impl Loaded {
    pub fn new(object: Object<'static>) -> Self {
        let path = CString::new(&*object.path).unwrap_or_default();
        Self {
            entry: Entry::new(&object, path.as_ptr().cast()),
            _path: path,
            object,
            _mapped: None,
            identity: None,
            came_by: None,
            needed: Vec::new(),
            bound: Vec::new(),
            opened: 0,
            companions: Vec::new(),
            is_protected: false,
            has_begun: false,
            closing: false,
        }
    }
}

pub struct Linker {
    /// The program, then its libraries, breadth first, then what was opened later.
    pub objects: Vec<Option<Box<Loaded>>>,
    /// The first so many are asked for everybody's symbols.
    pub global: usize,
    /// What was put off when objects were relocated.
    pub steps: VecDeque<Step>,
    /// The steps in the middle of which a thread is: a step may open a library that has others.
    pub performing: Vec<Step>,
    /// What is to be initialised, the next last.
    pub to_begin: Vec<usize>,
    /// In the order it was done.
    initialised: Vec<usize>,
    /// What is to be finalised, the next last.
    to_end: Vec<usize>,
    /// What has been finalised, to be forgotten.
    ended: Vec<usize>,
    pub threads: Threads,
    pub settings: Settings,
    pub list: List,
}

impl Linker {
    const fn new() -> Self {
        Self {
            objects: Vec::new(),
            global: 0,
            steps: VecDeque::new(),
            performing: Vec::new(),
            to_begin: Vec::new(),
            initialised: Vec::new(),
            to_end: Vec::new(),
            ended: Vec::new(),
            threads: Threads::new(),
            settings: Settings { library_path: None, secure: false, bind_now: false, inert: false },
            list: List::new(),
        }
    }

    /// The objects in the order they were loaded.
    pub fn objects(&self) -> impl Iterator<Item = &Loaded> {
        self.objects.iter().flatten().map(|loaded| &**loaded)
    }

    pub fn get(&self, index: usize) -> &Loaded {
        self.objects[index].as_deref().expect("numbers of objects that are there")
    }

    pub fn get_mut(&mut self, index: usize) -> &mut Loaded {
        self.objects[index].as_deref_mut().expect("numbers of objects that are there")
    }

    /// Takes an object in; its number.
    pub fn add(&mut self, loaded: Loaded) -> usize {
        self.objects.push(Some(Box::new(loaded)));
        self.objects.len() - 1
    }

    /// The next step to do, noted as begun.
    pub fn next_step(&mut self) -> Option<Step> {
        let step = self.steps.pop_front()?;
        self.performing.push(step);
        Some(step)
    }

    /// Notes the step that was begun last as done; the next one.
    pub fn step_after(&mut self) -> Option<Step> {
        if let Some(done) = self.performing.pop() {
            self.threads.begin_again(done.written());
        }
        self.next_step()
    }

    /// The next to initialise, down to `base` of them, noted as initialised; those that want nothing
    /// called are passed over.
    pub fn next_to_begin(&mut self, base: usize) -> Option<*const Object<'static>> {
        while self.to_begin.len() > base {
            let index = self.to_begin.pop()?;
            let loaded = self.get_mut(index);
            if core::mem::replace(&mut loaded.has_begun, true) {
                continue;
            }
            let object = &raw const loaded.object;
            let wants = loaded.object.dynamic.wants_begin();
            self.initialised.push(index);
            if wants {
                return Some(object);
            }
        }
        None
    }

    /// Ends a use of a library. What is not used any more is to be finalised, the last initialised
    /// first: as many as are more than the answer.
    pub fn release(&mut self, index: usize) -> usize {
        let base = self.to_end.len();
        let loaded = self.get_mut(index);
        loaded.opened -= 1;
        if loaded.opened == 0 {
            let used = self.used();
            for (index, used) in used.into_iter().enumerate() {
                match self.objects[index].as_deref_mut() {
                    Some(loaded) if !used && !loaded.closing => {
                        loaded.closing = true;
                        self.to_end.push(index);
                    }
                    _ => {}
                }
            }
            let initialised = &self.initialised;
            self.to_end[base..]
                .sort_by_key(|index| initialised.iter().position(|done| done == index));
        }
        base
    }

    /// Which objects the program's, and those that are open, need or are bound to.
    fn used(&self) -> Vec<bool> {
        let stays = |loaded: &Loaded| loaded.opened > 0 || loaded.object.dynamic.no_delete;
        let is_root = |index: &usize| {
            *index < self.global || self.objects[*index].as_deref().is_some_and(stays)
        };
        let kept = |index: usize| {
            let loaded = self.get(index);
            loaded.needed.iter().chain(&loaded.bound)
        };
        used((0..self.objects.len()).filter(is_root), self.objects.len(), kept)
    }

    /// The next to finalise that was closed, down to `base` of them.
    pub fn next_to_end(&mut self, base: usize) -> Option<*const Object<'static>> {
        while self.to_end.len() > base {
            let index = self.to_end.pop()?;
            self.ended.push(index);
            let before = self.initialised.len();
            self.initialised.retain(|done| *done != index);
            let object = &self.get(index).object;
            if self.initialised.len() != before && object.dynamic.wants_end() {
                return Some(object);
            }
        }
        None
    }

    /// The next to finalise at the program's end.
    pub fn next_to_finish(&mut self) -> Option<*const Object<'static>> {
        while let Some(index) = self.initialised.pop() {
            let object = &self.get(index).object;
            if object.dynamic.wants_end() {
                return Some(object);
            }
        }
        None
    }

    /// Unmaps what has been finalised.
    pub fn forget_ended(&mut self) {
        if self.ended.is_empty() {
            return;
        }
        self.announce(State::Shrinks);
        while let Some(index) = self.ended.pop() {
            self.forget(index);
        }
        self.list_anew();
    }

    /// Unmaps an object.
    pub fn forget(&mut self, index: usize) {
        let Some(loaded) = self.objects.get_mut(index).and_then(Option::take) else { return };
        if let Some(place) = loaded.object.tls {
            self.threads.remove(place);
        }
        // The number may soon be another library's.
        for other in self.objects.iter_mut().flatten() {
            other.companions.retain(|companion| *companion != index);
        }
        while self.objects.last().is_some_and(Option::is_none) {
            self.objects.pop();
        }
    }

    /// Leaves what a thread was about to do that is no more. Steps are for who opens a library next:
    /// nothing that depends on one has run, so one that was begun can be done from its beginning.
    pub fn abandon(&mut self) {
        while let Some(begun) = self.performing.pop() {
            self.steps.push_front(begun);
        }
        self.to_begin.clear();
        self.to_end.clear();
    }

    /// An object and all that it needs, breadth first.
    pub fn below(&self, root: usize) -> Vec<usize> {
        let mut all = Vec::from([root]);
        let mut next = 0;
        while let Some(index) = all.get(next).copied() {
            for needed in &self.get(index).needed {
                if !all.contains(needed) {
                    all.push(*needed);
                }
            }
            next += 1;
        }
        all
    }
}

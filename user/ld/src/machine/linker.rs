//! The objects of this process.

use super::failure::Failure;
use super::file::{self, Mapped, Opened};
use super::lock::{Guard, Lock};
use super::memory::Real;
use super::thread::{self, Threads};
use super::{functions, lazy};
use alloc::boxed::Box;
use alloc::vec::Vec;
use ld::{
    Binding, Cycle, Environment, Layout, Name, Object, Problem, Scope, SymbolKind, candidates,
    initialisation_order,
};
use sys::Errno;

/// All that the linker knows.
pub static LINKER: Lock<Linker> = Lock::new(Linker {
    objects: Vec::new(),
    global: 0,
    initialised: Vec::new(),
    threads: Threads::new(),
    settings: Settings { library_path: None, secure: false, bind_now: false, inert: false },
});

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
    /// Goes with the last reference to the object. The kernel has mapped the program.
    _mapped: Option<Mapped>,
    identity: Option<(u64, u64)>,
    /// What it needs, in the order it says.
    needed: Vec<usize>,
    /// How many objects need it and how often it was opened. What the program needs stays.
    users: usize,
    /// With whom it was loaded: who is asked for its symbols after the program's objects.
    companions: Vec<usize>,
    /// Its last functions run, or are about to.
    closing: bool,
}

pub struct Linker {
    /// The program, then its libraries, breadth first, then what was opened later.
    objects: Vec<Option<Box<Loaded>>>,
    /// The first so many are asked for everybody's symbols.
    global: usize,
    /// In the order it was done.
    initialised: Vec<usize>,
    pub threads: Threads,
    pub settings: Settings,
}

impl Linker {
    /// Loads what the program needs and relocates all of it; the order to initialise in.
    pub fn load_program(
        &mut self,
        path: &[u8],
        layout: Layout,
        bias: u32,
    ) -> Result<Vec<usize>, Failure> {
        let object = new_object(path, layout, bias)?;
        self.add(object, None, None);
        self.load_needed(0)?;
        self.global = self.objects.len();
        // The program uses them to its end, whoever opens and closes them besides.
        for loaded in self.objects.iter_mut().flatten() {
            loaded.users = 1;
        }
        let order = self.order(0)?;
        self.relocate_from(0, true)?;
        if self.threads.needed() {
            let pointer = self.threads.create();
            thread::set_pointer(pointer).map_err(|error| Failure::of(path, error))?;
        }
        Ok(order)
    }

    /// Opens a library while the program runs; what it is known by, and what to initialise.
    pub fn open(&mut self, name: &[u8]) -> Result<(usize, Vec<usize>), Failure> {
        let before = self.objects.len();
        let opened = self.try_open(name, before);
        if opened.is_err() {
            for index in before..self.objects.len() {
                self.forget(index);
            }
            self.objects.truncate(before);
        }
        opened
    }

    fn try_open(&mut self, name: &[u8], before: usize) -> Result<(usize, Vec<usize>), Failure> {
        let root = self.find_or_map(name, 0)?;
        self.load_needed(before)?;
        let order = self.order(root)?;
        let companions = self.below(root);
        for loaded in self.objects.iter_mut().skip(before).flatten() {
            loaded.companions.clone_from(&companions);
        }
        self.relocate_from(before, false)?;
        // From here on nothing fails.
        for index in before..self.objects.len() {
            for needed in self.get(index).needed.clone() {
                self.get_mut(needed).users += 1;
            }
            self.get_mut(index).users += usize::from(self.get(index).object.dynamic.no_delete);
        }
        self.get_mut(root).users += 1;
        Ok((root, order.into_iter().filter(|index| *index >= before).collect()))
    }

    /// Ends a use of a library; what is not used any more, in the order to finalise it.
    pub fn close(&mut self, index: usize) -> Vec<usize> {
        let mut ends = Vec::new();
        let mut dropped = Vec::from([index]);
        let global = self.global;
        while let Some(index) = dropped.pop() {
            let loaded = self.get_mut(index);
            loaded.users -= 1;
            if loaded.users == 0 {
                loaded.closing = true;
                dropped.extend(loaded.needed.iter().rev().filter(|needed| **needed >= global));
                ends.push(index);
            }
        }
        ends
    }

    /// Unmaps an object whose last functions have run.
    pub fn forget(&mut self, index: usize) {
        let Some(loaded) = self.objects.get_mut(index).and_then(Option::take) else { return };
        if let Some(place) = loaded.object.tls {
            self.threads.remove(place);
        }
        self.initialised.retain(|done| *done != index);
        // The number may soon be another library's.
        for other in self.objects.iter_mut().flatten() {
            other.companions.retain(|companion| *companion != index);
        }
        while self.objects.last().is_some_and(Option::is_none) {
            self.objects.pop();
        }
    }

    /// The address of what an open library, or one that it needs, defines by this name; or the place
    /// of a thread-local variable.
    pub fn symbol(&self, index: usize, name: &[u8]) -> Result<Option<Address>, Failure> {
        let wanted = Name::new(name);
        for index in self.below(index) {
            let object = &self.get(index).object;
            let found = object.define(&wanted);
            let found = found.map_err(|defect| Failure::of(&object.path, defect))?;
            let Some(symbol) = found else { continue };
            let address = symbol.value.wrapping_add(object.bias);
            return Ok(Some(match symbol.kind() {
                SymbolKind::Absolute => Address::Plain(symbol.value),
                SymbolKind::Address => Address::Plain(address),
                SymbolKind::Indirect => Address::Resolver(address),
                SymbolKind::ThreadLocal => {
                    let module = object.tls.map_or(0, |place| place.module);
                    Address::ThreadLocal([module, symbol.value])
                }
            }));
        }
        Ok(None)
    }

    /// Binds the entry of an object's linkage table that was called.
    pub fn bind(&self, index: usize, offset: u32) -> Result<u32, Failure> {
        let loaded = self.get(index);
        let companions = self.companions(loaded);
        let scope = Scope { objects: &companions, linker: &linker_symbols() };
        let bound = ld::bind(&loaded.object, scope, offset, &mut Real { inert: false });
        bound.map_err(|problem| told(problem, &loaded.object, &companions))
    }

    /// The objects in the order they were loaded.
    pub fn objects(&self) -> impl Iterator<Item = &Loaded> {
        self.objects.iter().flatten().map(|loaded| &**loaded)
    }

    pub fn get(&self, index: usize) -> &Loaded {
        self.objects[index].as_deref().expect("numbers of objects that are there")
    }

    fn get_mut(&mut self, index: usize) -> &mut Loaded {
        self.objects[index].as_deref_mut().expect("numbers of objects that are there")
    }

    /// What was initialised, in that order.
    pub fn initialised(&self) -> Vec<usize> {
        self.initialised.clone()
    }

    /// Notes that an object is finalised; whether there was anything to finalise.
    pub fn end_initialised(&mut self, index: usize) -> bool {
        let before = self.initialised.len();
        self.initialised.retain(|done| *done != index);
        self.initialised.len() != before
    }

    fn add(
        &mut self,
        object: Object<'static>,
        mapped: Option<Mapped>,
        identity: Option<(u64, u64)>,
    ) -> usize {
        self.objects.push(Some(Box::new(Loaded {
            object,
            _mapped: mapped,
            identity,
            needed: Vec::new(),
            users: 0,
            companions: Vec::new(),
            closing: false,
        })));
        self.objects.len() - 1
    }

    /// Maps what the objects from `next` on need, and what that needs, breadth first.
    fn load_needed(&mut self, mut next: usize) -> Result<(), Failure> {
        while next < self.objects.len() {
            let names: Vec<&[u8]> = self.get(next).object.needed().collect();
            for name in names {
                let needed = self.find_or_map(name, next)?;
                self.get_mut(next).needed.push(needed);
            }
            next += 1;
        }
        Ok(())
    }

    /// The object that is meant by the name in object `by`.
    fn find_or_map(&mut self, name: &[u8], by: usize) -> Result<usize, Failure> {
        let known = |loaded: &Loaded| {
            let object = &loaded.object;
            !loaded.closing && (object.soname() == Some(name) || object.path == name)
        };
        if let Some(index) = self.position(known) {
            return Ok(index);
        }
        let Some((path, opened)) = self.search(name, &self.get(by).object)? else {
            let by = self.get(by).object.path.escape_ascii();
            let name = name.escape_ascii();
            return Err(Failure::new(format_args!("{name}: not found; needed by {by}")));
        };
        let same = |loaded: &Loaded| !loaded.closing && loaded.identity == Some(opened.identity);
        match self.position(same) {
            Some(index) => Ok(index),
            None => self.map(&path, opened),
        }
    }

    /// The first file that the name may mean in this object.
    fn search(&self, name: &[u8], by: &Object<'_>) -> Result<Option<(Vec<u8>, Opened)>, Failure> {
        let origin = match by.path.iter().rposition(|byte| *byte == b'/') {
            Some(0) => &b"/"[..],
            Some(end) => by.path.get(..end).unwrap_or_default(),
            None => b".",
        };
        let Settings { library_path, secure, .. } = self.settings;
        let environment = Environment { library_path, secure };
        for path in candidates(name, by.search_path(), origin, environment) {
            if let Some(opened) = file::open(&path)? {
                return Ok(Some((path, opened)));
            }
        }
        Ok(None)
    }

    fn position(&self, is_it: impl Fn(&Loaded) -> bool) -> Option<usize> {
        self.objects.iter().position(|slot| slot.as_deref().is_some_and(&is_it))
    }

    fn map(&mut self, path: &[u8], opened: Opened) -> Result<usize, Failure> {
        let mapped = opened.map().map_err(|error: Errno| Failure::of(path, error))?;
        let identity = opened.identity;
        let object = new_object(path, opened.layout, mapped.bias)?;
        Ok(self.add(object, Some(mapped), Some(identity)))
    }

    fn order(&self, root: usize) -> Result<Vec<usize>, Failure> {
        let needed = |index: usize| &*self.get(index).needed;
        initialisation_order(root, self.objects.len(), needed).map_err(|Cycle(members)| {
            let mut path = Vec::new();
            for member in members.iter().chain(members.first()) {
                if !path.is_empty() {
                    path.extend_from_slice(b" needs ");
                }
                path.extend_from_slice(&self.get(*member).object.path);
            }
            Failure::of(&path, "cyclic dependency")
        })
    }

    /// An object and all that it needs, breadth first.
    fn below(&self, root: usize) -> Vec<usize> {
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

    /// Who is asked for an object's symbols.
    fn companions(&self, loaded: &Loaded) -> Vec<&Object<'static>> {
        let late = loaded.companions.iter().filter(|index| **index >= self.global);
        (0..self.global).chain(late.copied()).map(|index| &self.get(index).object).collect()
    }

    /// Relocates the objects from `first` on: the last first, so that what is copied from a library
    /// is complete.
    fn relocate_from(&mut self, first: usize, early: bool) -> Result<(), Failure> {
        for loaded in self.objects.iter_mut().skip(first).flatten() {
            loaded.object.tls = self.threads.add(&loaded.object, early);
        }
        let symbols = linker_symbols();
        let mut memory = Real { inert: self.settings.inert };
        for index in (first..self.objects.len()).rev() {
            let loaded = self.get(index);
            let object = &loaded.object;
            let companions = self.companions(loaded);
            let scope = Scope { objects: &companions, linker: &symbols };
            let eager = object.dynamic.bind_now || self.settings.bind_now;
            let binding = if eager { Binding::Now } else { lazy::prepare(object, index) };
            ld::relocate(object, scope, binding, &mut memory)
                .map_err(|problem| told(problem, object, &companions))?;
            file::protect_relro(&object.layout, object.bias)
                .map_err(|error| Failure::of(&object.path, error))?;
        }
        Ok(())
    }
}

/// Where a symbol is.
pub enum Address {
    Plain(u32),
    /// What answers with the address.
    Resolver(u32),
    /// A module and an offset, for every thread another address.
    ThreadLocal([u32; 2]),
}

/// What objects may want of the linker itself.
fn linker_symbols() -> [(&'static [u8], u32); 2] {
    [
        (b"___tls_get_addr", thread::tls_get_addr_in_eax as *const () as u32),
        (b"__tls_get_addr", thread::tls_get_addr as *const () as u32),
    ]
}

fn new_object(path: &[u8], layout: Layout, bias: u32) -> Result<Object<'static>, Failure> {
    // SAFETY: mapped, and unmapped only with the object; it is not relocated yet.
    let (constant, dynamic) =
        unsafe { (file::constant_bytes(&layout, bias), file::bytes(layout.dynamic, bias)) };
    Object::new(path.to_vec(), layout, bias, dynamic, &constant)
        .map_err(|defect| Failure::of(path, defect))
}

fn told(problem: Problem<'_>, object: &Object<'_>, scope: &[&Object<'_>]) -> Failure {
    match problem {
        Problem::Defect(defect) => Failure::of(&object.path, defect),
        Problem::Other(index, defect) => {
            let other = scope.get(index).map_or(&object.path, |other| &other.path);
            Failure::of(other, defect)
        }
        Problem::Undefined(name) => {
            let (name, by) = (name.escape_ascii(), object.path.escape_ascii());
            Failure::new(format_args!("{name}: nobody defines this symbol; needed by {by}"))
        }
    }
}

/// Initialises objects, one after the other, with the lock free: they may open others.
pub fn initialise(order: &[usize], lock: impl Fn() -> Guard<'static, Linker>) {
    for index in order {
        let object = {
            let mut linker = lock();
            let object = &raw const linker.get(*index).object;
            linker.initialised.push(*index);
            object
        };
        // SAFETY: its place does not change, and nobody closes it who has not got it yet.
        functions::initialise(unsafe { &*object });
    }
}

//! Finding objects, mapping and relocating them.

use super::debugger::State;
use super::failure::Failure;
use super::file::{self, Called, Opened};
use super::lazy;
use super::linker::{Linker, Loaded, Settings};
use super::memory::Real;
use super::symbols::{linker_symbols, told};
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use ld::{
    Binding, Cycle, Environment, Layout, Object, Path, Scope, Wanted, candidates,
    initialisation_order,
};
use sys::Errno;

impl Linker {
    /// Loads what the program needs and relocates all of it, but for what was put off.
    /// The linker itself lies at `base`.
    pub fn load_program(
        &mut self,
        path: &[u8],
        layout: Layout,
        bias: u32,
        base: u32,
    ) -> Result<(), Failure> {
        let object = new_object(path, layout, bias)?;
        self.add(Loaded::new(object));
        self.lead_debuggers(base);
        self.load_needed(0)?;
        self.global = self.objects.len();
        let order = self.order(0)?;
        self.relocate_from(0, true)?;
        self.to_begin = order;
        self.to_begin.reverse();
        self.list_anew();
        let pointer = self.threads.create();
        // SAFETY: nobody of this program has used GS; those who will know what is there.
        unsafe { sys::thread::set_pointer(pointer) }.map_err(|error| Failure::of(path, error))
    }

    /// Opens a library while the program runs; what it is known by. It may have something put off,
    /// and to initialise.
    pub fn open(&mut self, name: &[u8]) -> Result<usize, Failure> {
        let (before, steps) = (self.objects.len(), self.steps.len());
        self.announce(State::Grows);
        let opened = self.try_open(name, before);
        if opened.is_err() {
            for index in before..self.objects.len() {
                self.forget(index);
            }
            self.objects.truncate(before);
            self.steps.truncate(steps);
        }
        self.list_anew();
        opened
    }

    fn try_open(&mut self, name: &[u8], before: usize) -> Result<usize, Failure> {
        let root = self.find_or_map(name, 0)?;
        self.load_needed(before)?;
        let order = self.order(root)?;
        let companions = self.below(root);
        for loaded in self.objects.iter_mut().skip(before).flatten() {
            loaded.companions.clone_from(&companions);
        }
        self.relocate_from(before, false)?;
        // From here on nothing fails.
        self.get_mut(root).opened += 1;
        self.to_begin.extend(order.into_iter().rev());
        Ok(root)
    }

    /// Has the kernel hold that nobody writes to RELRO pages any more, once nothing is put off. Whoever
    /// opens a library in the middle of a step leaves that to who does the step.
    pub fn protect(&mut self) -> Result<(), Failure> {
        if !self.performing.is_empty() {
            return Ok(());
        }
        for loaded in self.objects.iter_mut().flatten().filter(|loaded| !loaded.is_protected) {
            let object = &loaded.object;
            file::protect_relro(&object.layout, object.bias)
                .map_err(|error| Failure::of(&object.path, error))?;
            loaded.is_protected = true;
        }
        Ok(())
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
        let Some((path, opened)) = self.search(name, by)? else {
            let by = self.get(by).object.path.escape_ascii();
            let name = name.escape_ascii();
            return Err(Failure::new(format_args!("{name}: not found; needed by {by}")));
        };
        let same = |loaded: &Loaded| !loaded.closing && loaded.identity == Some(opened.identity);
        match self.position(same) {
            Some(index) => Ok(index),
            None => self.map(&path, opened, by),
        }
    }

    /// The first file that the name may mean in object `by`.
    fn search(&self, name: &[u8], by: usize) -> Result<Option<(Vec<u8>, Opened)>, Failure> {
        let Settings { library_path, secure, .. } = self.settings;
        let environment = Environment { library_path, secure };
        let object = &self.get(by).object;
        let (own, origin) = (object.runpath(), object.origin());
        let inherited = if own.is_none() { self.inherited_paths(by) } else { Vec::new() };
        let wanted = Wanted { name, origin, inherited: &inherited, own };
        let called = if name.contains(&b'/') { Called::Path } else { Called::Name };
        for path in candidates(wanted, environment) {
            if let Some(opened) = file::open(&path, called)? {
                return Ok(Some((path, opened)));
            }
        }
        Ok(None)
    }

    /// DT_RPATH of an object, of the one by which it came, and so on.
    fn inherited_paths(&self, index: usize) -> Vec<Path<'_>> {
        let chain = core::iter::successors(Some(index), |index| self.get(*index).came_by);
        let objects = chain.map(|index| &self.get(index).object);
        objects
            .filter_map(|object| {
                let list = object.rpath()?;
                Some(Path { list, origin: object.origin() })
            })
            .collect()
    }

    fn position(&self, is_it: impl Fn(&Loaded) -> bool) -> Option<usize> {
        self.objects.iter().position(|slot| slot.as_deref().is_some_and(&is_it))
    }

    fn map(&mut self, path: &[u8], opened: Opened, by: usize) -> Result<usize, Failure> {
        let mapped = opened.map().map_err(|error: Errno| Failure::of(path, error))?;
        let identity = opened.identity;
        let object = new_object(path, opened.layout, mapped.bias)?;
        let mut loaded = Loaded::new(object);
        loaded._mapped = Some(mapped);
        loaded.identity = Some(identity);
        loaded.came_by = Some(by);
        Ok(self.add(loaded))
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

    /// Relocates the objects from `first` on: the last first, so that what is copied from a library
    /// is complete.
    fn relocate_from(&mut self, first: usize, early: bool) -> Result<(), Failure> {
        for loaded in self.objects.iter_mut().skip(first).flatten() {
            loaded.object.tls = self.threads.add(&loaded.object, early);
        }
        let symbols = linker_symbols();
        let mut steps = VecDeque::new();
        for index in (first..self.objects.len()).rev() {
            let (object, asked) = (&self.get(index).object, self.asked(index));
            let objects = self.objects_of(&asked);
            let scope = Scope { objects: &objects, linker: &symbols };
            let eager = object.dynamic.bind_now || self.settings.bind_now;
            let binding = if eager { Binding::Now } else { lazy::prepare(object, index) };
            let mut memory = Real::new(&mut steps);
            ld::relocate(object, scope, binding, &mut memory)
                .map_err(|problem| told(problem, object, &objects))?;
            let definers = memory.definers;
            self.note_bound(index, &asked, &definers);
        }
        self.steps.append(&mut steps);
        Ok(())
    }
}

fn new_object(path: &[u8], layout: Layout, bias: u32) -> Result<Object<'static>, Failure> {
    // SAFETY: mapped, and unmapped only with the object; it is not relocated yet.
    let (constant, dynamic) =
        unsafe { (file::constant_bytes(&layout, bias), file::bytes(layout.dynamic, bias)) };
    Object::new(path.to_vec(), layout, bias, dynamic, &constant)
        .map_err(|defect| Failure::of(path, defect))
}

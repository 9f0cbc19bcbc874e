//! Who defines a symbol, for the objects of this process.

use super::failure::Failure;
use super::linker::Linker;
use super::memory::Real;
use super::tls_address;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use ld::{Name, Object, Problem, Scope, Step, SymbolKind};

impl Linker {
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

    /// Binds the entry of an object's linkage table that was called: where its function's address is
    /// once what was put off is done.
    pub fn bind(&mut self, index: usize, offset: u32) -> Result<(u32, Option<Step>), Failure> {
        let (object, asked) = (&self.get(index).object, self.asked(index));
        let objects = self.objects_of(&asked);
        let scope = Scope { objects: &objects, linker: &linker_symbols() };
        let mut steps = VecDeque::new();
        let mut memory = Real::new(&mut steps);
        let bound = ld::bind(object, scope, offset, &mut memory);
        let place = bound.map_err(|problem| told(problem, object, &objects))?;
        let definers = memory.definers;
        self.note_bound(index, &asked, &definers);
        Ok((place, steps.pop_front()))
    }

    /// Who is asked for an object's symbols. What is being closed only helps what goes with it.
    pub fn asked(&self, index: usize) -> Vec<usize> {
        let loaded = self.get(index);
        let is_asked =
            |late: &usize| *late >= self.global && (loaded.closing || !self.get(*late).closing);
        (0..self.global).chain(loaded.companions.iter().copied().filter(is_asked)).collect()
    }

    pub fn objects_of(&self, numbers: &[usize]) -> Vec<&Object<'static>> {
        numbers.iter().map(|number| &self.get(*number).object).collect()
    }

    /// Notes that an object refers to `definers`, places in the list of those who were asked.
    pub fn note_bound(&mut self, index: usize, asked: &[usize], definers: &[usize]) {
        let late = definers.iter().filter_map(|place| asked.get(*place)).copied();
        let late = late.filter(|definer| *definer >= self.global && *definer != index);
        let late: Vec<usize> = late.collect();
        let bound = &mut self.get_mut(index).bound;
        for definer in late {
            if !bound.contains(&definer) {
                bound.push(definer);
            }
        }
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
pub fn linker_symbols() -> [(&'static [u8], u32); 2] {
    [
        (b"___tls_get_addr", tls_address::tls_get_addr_in_eax as *const () as u32),
        (b"__tls_get_addr", tls_address::tls_get_addr as *const () as u32),
    ]
}

/// A problem in words.
pub fn told(problem: Problem<'_>, object: &Object<'_>, scope: &[&Object<'_>]) -> Failure {
    match problem {
        Problem::Defect(defect) => Failure::of(&object.path, defect),
        Problem::Other(index, defect) => {
            let other = scope.get(index).map_or(&object.path, |other| &other.path);
            Failure::of(other, defect)
        }
        Problem::Unknown(kind) => {
            Failure::of(&object.path, format_args!("relocations of kind {kind} are not known"))
        }
        Problem::Undefined(name) => {
            let (name, by) = (name.escape_ascii(), object.path.escape_ascii());
            Failure::new(format_args!("{name}: nobody defines this symbol; needed by {by}"))
        }
    }
}

//! Random changes of a tree, against maps of names.

use super::*;

/// The same as maps of names, with ids that are never reused.
#[derive(Clone)]
struct Model {
    /// Files: nothing.
    nodes: BTreeMap<u32, Option<Directory>>,
}

/// Names and parent.
type Directory = (BTreeMap<u8, u32>, u32);

impl Model {
    fn entries(&self, directory: u32) -> &BTreeMap<u8, u32> {
        &self.nodes[&directory].as_ref().unwrap().0
    }

    fn entries_mut(&mut self, directory: u32) -> &mut BTreeMap<u8, u32> {
        &mut self.nodes.get_mut(&directory).unwrap().as_mut().unwrap().0
    }

    fn is_directory(&self, node: u32) -> bool {
        self.nodes[&node].is_some()
    }

    fn is_inside(&self, node: u32, ancestor: u32) -> bool {
        node == ancestor
            || node != 0 && {
                let parent = self.nodes[&node].as_ref().map_or(0, |(_, parent)| *parent);
                self.is_inside(parent, ancestor)
            }
    }

    fn links(&self, node: u32) -> usize {
        let names = |of: u32| {
            self.nodes
                .values()
                .flatten()
                .flat_map(|(names, _)| names.values())
                .filter(|id| **id == of)
                .count()
        };
        match &self.nodes[&node] {
            None => names(node),
            Some((names, _)) => 2 + names.values().filter(|id| self.is_directory(**id)).count(),
        }
    }

    fn drop_if_nameless(&mut self, node: u32) {
        if self.is_directory(node) || self.links(node) == 0 {
            self.nodes.remove(&node);
        }
    }

    fn rename(
        &mut self,
        from: u32,
        old: u8,
        to: u32,
        new: u8,
        flag: RenameFlag,
    ) -> Result<(), Errno> {
        let node = *self.entries(from).get(&old).ok_or(Errno::ENOENT)?;
        let target = self.entries(to).get(&new).copied();
        match (flag, target) {
            (RenameFlag::NoReplace, Some(_)) => return Err(Errno::EEXIST),
            (RenameFlag::Exchange, None) => return Err(Errno::ENOENT),
            _ => {}
        }
        let exchange = flag == RenameFlag::Exchange;
        if self.is_directory(node) && self.is_inside(to, node) {
            return Err(Errno::EINVAL);
        }
        if let Some(target) = target {
            if self.is_directory(target) && self.is_inside(from, target) {
                return Err(if exchange { Errno::EINVAL } else { Errno::ENOTEMPTY });
            }
            if target == node {
                return Ok(());
            }
            match (self.is_directory(node), self.is_directory(target)) {
                _ if exchange => {}
                (true, false) => return Err(Errno::ENOTDIR),
                (false, true) => return Err(Errno::EISDIR),
                (true, true) if !self.entries(target).is_empty() => return Err(Errno::ENOTEMPTY),
                _ => {}
            }
        }
        self.entries_mut(from).remove(&old);
        self.entries_mut(to).insert(new, node);
        if let Some(Some((_, parent))) = self.nodes.get_mut(&node) {
            *parent = to;
        }
        if let Some(target) = target {
            if exchange {
                self.entries_mut(from).insert(old, target);
                if let Some(Some((_, parent))) = self.nodes.get_mut(&target) {
                    *parent = from;
                }
            } else {
                self.drop_if_nameless(target);
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn it_is_a_map_of_maps(
        steps in prop::collection::vec(
            (0u8..10, any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0u8..4, 0u8..4),
            1..120),
    ) {
        let mut tree = Made::new();
        let mut ids = BTreeMap::from([(0, tree.0.root())]);
        let mut model =
            Model { nodes: BTreeMap::from([(0, Some((BTreeMap::new(), 0)))]) };
        let name = |name: u8| [b'n', name];
        for (verb, first, second, old, new) in steps {
            let directories: Vec<u32> =
                model.nodes.keys().copied().filter(|id| model.is_directory(*id)).collect();
            let from = directories[first.index(directories.len())];
            let to = directories[second.index(directories.len())];
            let (from_id, to_id) = (ids[&from], ids[&to]);
            let existing = model.entries(from).get(&old).copied();
            let next = ids.len() as u32;
            match verb {
                0..4 => {
                    let directory = verb < 2;
                    let made = if directory {
                        tree.0.create_directory(from_id, &name(old), FILE, &edit(2))
                    } else {
                        tree.0.create_node(from_id, &name(old), FILE, || Ok(next), &edit(2))
                    };
                    prop_assert_eq!(made.is_ok(), existing.is_none());
                    match made {
                        Ok(id) => {
                            ids.insert(next, id);
                            let node = directory.then(|| (BTreeMap::new(), from));
                            model.nodes.insert(next, node);
                            model.entries_mut(from).insert(old, next);
                        }
                        Err(errno) => prop_assert_eq!(errno, Errno::EEXIST),
                    }
                }
                4 => {
                    let Some(node) = existing else { continue };
                    let linked = tree.0.link(ids[&node], to_id, &name(new), &edit(2));
                    let expected = match model.entries(to).contains_key(&new) {
                        true => Err(Errno::EEXIST),
                        false if model.is_directory(node) => Err(Errno::EPERM),
                        false => Ok(()),
                    };
                    prop_assert_eq!(linked, expected);
                    if expected.is_ok() {
                        model.entries_mut(to).insert(new, node);
                    }
                }
                5 => {
                    let removed = tree.0.unlink(from_id, &name(old), &edit(2));
                    match existing {
                        None => prop_assert_eq!(removed.err(), Some(Errno::ENOENT)),
                        Some(node) if model.is_directory(node) => {
                            prop_assert_eq!(removed.err(), Some(Errno::EISDIR));
                        }
                        Some(node) => {
                            model.entries_mut(from).remove(&old);
                            model.drop_if_nameless(node);
                            let gone = (!model.nodes.contains_key(&node)).then_some(node);
                            prop_assert_eq!(removed.unwrap().content, gone);
                        }
                    }
                }
                6 => {
                    let removed = tree.0.remove_directory(from_id, &name(old), &edit(2));
                    let expected = match existing {
                        None => Some(Errno::ENOENT),
                        Some(node) if !model.is_directory(node) => Some(Errno::ENOTDIR),
                        Some(node) if !model.entries(node).is_empty() => Some(Errno::ENOTEMPTY),
                        Some(node) => {
                            model.entries_mut(from).remove(&old);
                            model.nodes.remove(&node);
                            None
                        }
                    };
                    prop_assert_eq!(removed.err(), expected);
                }
                _ => {
                    let flag = [RenameFlag::Replace, RenameFlag::NoReplace, RenameFlag::Exchange]
                        [usize::from(verb - 7)];
                    let found = tree.0
                        .rename(from_id, &name(old), to_id, &name(new), flag, &edit(2))
                        .map(|_| ());
                    prop_assert_eq!(found, model.rename(from, old, to, new, flag));
                }
            }
            prop_assert_eq!(tree.0.len() as usize, model.nodes.len());
            for (id, node) in &model.nodes {
                let found = tree.0.node(ids[id]).unwrap();
                prop_assert_eq!(found.links() as usize, model.links(*id));
                if let Some((entries, parent)) = node {
                    prop_assert_eq!(tree.0.parent(ids[id]), Ok(ids[parent]));
                    let size = 40 + 20 * entries.len() as u64;
                    prop_assert_eq!(found.attributes().size, size);
                    for (child, target) in entries {
                        prop_assert_eq!(tree.0.lookup(ids[id], &name(*child)), Ok(ids[target]));
                    }
                    prop_assert_eq!(tree.names(ids[id]).len(), entries.len() + 2);
                }
            }
        }
    }
}

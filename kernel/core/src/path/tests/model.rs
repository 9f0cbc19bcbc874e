//! Random paths in random forests, against a queue of components.

use super::*;

/// The same walk over a queue of components; a link's text goes in front of the rest.
fn model(
    forest: &Forest,
    path: &str,
    start: At,
    mode: Mode,
) -> Result<(Outcome<NodeId>, Vec<u8>), Errno> {
    let split = |text: &str| -> VecDeque<String> {
        let mut list: VecDeque<String> =
            text.split('/').filter(|part| !part.is_empty()).map(String::from).collect();
        if text.ends_with('/') && !list.is_empty() {
            list.push_back(String::from("/"));
        }
        list
    };
    let cross = |mut at: At| {
        while let Some(root) = forest.mounted_on(at) {
            at = root;
        }
        at
    };
    let root = forest.root(0);
    let mut at = if path.starts_with('/') { root } else { start };
    let mut rest = split(path);
    let mut links = 0;
    if rest.is_empty() && mode == Mode::Parent {
        return Ok((
            Outcome::Parent { parent: at, last: Last::Root, trailing_slash: false },
            vec![],
        ));
    }
    while let Some(name) = rest.pop_front() {
        if name == "/" {
            // Directories only; a kind other than that was refused when it was found.
            continue;
        }
        let is_last = rest.iter().all(|part| part == "/");
        let slash = !rest.is_empty() && is_last;
        if forest.kind(at) != Kind::Directory {
            return Err(Errno::ENOTDIR);
        }
        if is_last && mode == Mode::Parent {
            let last = match &*name {
                "." => Last::Dot,
                ".." => Last::DotDot,
                _ => Last::Name,
            };
            let outcome = Outcome::Parent { parent: at, last, trailing_slash: slash };
            return Ok((outcome, name.into_bytes()));
        }
        if name == "." || (name == ".." && at == root) {
            continue;
        }
        if name == ".." {
            while let Some(covered) = forest.covered_by(at) {
                at = covered;
            }
            at.node = forest.trees[at.mount as usize].parent(at.node).unwrap();
            at = cross(at);
            continue;
        }
        let tree = &forest.trees[at.mount as usize];
        let creates = matches!(mode, Mode::FollowOrMissing | Mode::NoFollowOrMissing);
        let Ok(node) = tree.lookup(at.node, name.as_bytes()) else {
            if is_last && creates {
                let outcome = Outcome::Missing { parent: at, trailing_slash: slash };
                return Ok((outcome, name.into_bytes()));
            }
            return Err(Errno::ENOENT);
        };
        let place = Place { node, ..at };
        match forest.kind(place) {
            Kind::SymbolicLink
                if !is_last
                    || slash
                    || matches!(mode, Mode::Follow | Mode::FollowOrMissing | Mode::Parent) =>
            {
                links += 1;
                if links > 40 {
                    return Err(Errno::ELOOP);
                }
                let text = tree.node(node).unwrap().link_text().unwrap();
                let text = std::str::from_utf8(text).unwrap();
                if text.starts_with('/') {
                    at = root;
                }
                for part in split(text).into_iter().rev() {
                    rest.push_front(part);
                }
            }
            Kind::Directory => at = cross(place),
            kind if is_last && !slash => {
                return Ok((Outcome::Found { place, kind }, vec![]));
            }
            _ if is_last && creates => return Err(Errno::EISDIR),
            _ => return Err(Errno::ENOTDIR),
        }
    }
    found(at, Kind::Directory)
}

fn path() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        4 => (0usize..5).prop_map(|at| ["a", "b", "c", "d", "e"][at]),
        1 => Just("."),
        2 => Just(".."),
    ];
    let slashes = prop_oneof![5 => Just("/"), 1 => Just("//")];
    let end = prop_oneof![3 => Just(""), 1 => Just("/")];
    (any::<bool>(), prop::collection::vec((name, slashes), 1..7), end).prop_map(
        |(absolute, parts, end)| {
            let mut path = String::from(if absolute { "/" } else { "" });
            for (at, (name, slashes)) in parts.into_iter().enumerate() {
                path += if at > 0 { slashes } else { "" };
                path += name;
            }
            path + end
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_path_in_any_forest_leads_where_the_queue_leads(
        nodes in prop::collection::vec(
            (any::<prop::sample::Index>(), 0usize..5, 0u8..7, path()), 5..40),
        paths in prop::collection::vec((path(), any::<prop::sample::Index>()), 12),
    ) {
        let mut forest = Forest::new(3);
        let mut directories = vec![forest.root(0), forest.root(1), forest.root(2)];
        for (parent, name, kind, text) in nodes {
            let at = directories[parent.index(directories.len())];
            let name = ["a", "b", "c", "d", "e"][name];
            if forest.trees[at.mount as usize].lookup(at.node, name.as_bytes()).is_ok() {
                continue;
            }
            match kind {
                0..4 => {
                    let made = forest.directory(at, name);
                    directories.push(made);
                }
                4 | 5 => _ = forest.link(at, name, &text),
                _ => _ = forest.file(at, name),
            }
        }
        let on = |mount, not| {
            directories.iter().rev().copied().find(move |at| at.mount == mount && *at != not)
        };
        let (first, second) = (forest.root(0), forest.root(1));
        on(0, first).into_iter().for_each(|at| forest.mount(at, 1));
        on(1, second).into_iter().for_each(|at| forest.mount(at, 2));

        // Only what can be reached from the root is a place to start from.
        let mounted: Vec<u32> = forest.mounts.iter().map(|(at, _)| at.mount).collect();
        let reachable = |at: &At| {
            (at.mount == 0 || mounted.contains(&0)) && (at.mount < 2 || mounted.len() == 2)
        };
        let starts: Vec<At> = directories.iter().copied().filter(|at| {
            reachable(at) && forest.mounted_on(*at).is_none()
        }).collect();
        for (path, start) in paths {
            let start = starts[start.index(starts.len())];
            for mode in [
                Mode::Follow, Mode::NoFollow, Mode::FollowOrMissing, Mode::NoFollowOrMissing,
                Mode::Parent,
            ] {
                let expected = model(&forest, &path, start, mode);
                forest.greedy = false;
                prop_assert_eq!(&forest.walk(&path, start, mode), &expected, "{} {:?}", path, mode);
                forest.greedy = true;
                prop_assert_eq!(&forest.walk(&path, start, mode), &expected, "{} {:?}", path, mode);
            }
        }
    }
}

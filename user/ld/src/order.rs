//! Who is initialised before whom, and who is still used.

use alloc::vec::Vec;

/// Objects each of which needs the next, and the last the first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cycle(pub Vec<usize>);

/// An order in which every object comes after all that it needs, of object `start` and everything
/// below it. `needed` answers what an object needs.
///
/// Among orders that would do it is the one that loads would be made in: what is named first is
/// initialised first.
pub fn initialisation_order<'n>(
    start: usize,
    count: usize,
    needed: impl Fn(usize) -> &'n [usize],
) -> Result<Vec<usize>, Cycle> {
    let mut done = alloc::vec![false; count];
    let mut on_path = alloc::vec![false; count];
    let mut order = Vec::with_capacity(count);
    // An object and how many of those it needs have been looked at. No recursion: how deep libraries
    // go is their makers' choice, and the stack is the program's.
    let mut path = Vec::from([(start, 0)]);
    on_path[start] = true;
    while let Some((object, looked_at)) = path.last_mut() {
        let object = *object;
        match needed(object).get(*looked_at) {
            Some(&next) => {
                *looked_at += 1;
                if on_path[next] {
                    let members = path.iter().map(|(object, _)| *object);
                    return Err(Cycle(members.skip_while(|member| *member != next).collect()));
                }
                if !done[next] {
                    on_path[next] = true;
                    path.push((next, 0));
                }
            }
            None => {
                on_path[object] = false;
                done[object] = true;
                order.push(object);
                path.pop();
            }
        }
    }
    Ok(order)
}

/// Which of `count` objects are used: those of `roots`, and all that these keep, and what that keeps.
/// Objects may keep each other.
pub fn used<'n, Kept: Iterator<Item = &'n usize>>(
    roots: impl Iterator<Item = usize>,
    count: usize,
    kept: impl Fn(usize) -> Kept,
) -> Vec<bool> {
    let mut used = alloc::vec![false; count];
    let mut to_visit: Vec<usize> = roots.collect();
    while let Some(object) = to_visit.pop() {
        if !core::mem::replace(&mut used[object], true) {
            to_visit.extend(kept(object));
        }
    }
    used
}

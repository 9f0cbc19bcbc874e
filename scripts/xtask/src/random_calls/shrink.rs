//! Delta debugging: few of many things that together still do what all of them do.

use crate::stop::Result;

/// Leaves out as much as it can while `holds` says that the rest will do, which it said of all. What is
/// left cannot do without any one of its things.
pub fn shrink<T: Clone>(
    mut things: Vec<T>,
    mut holds: impl FnMut(&[T]) -> Result<bool>,
) -> Result<Vec<T>> {
    let mut parts = 2;
    while things.len() > 1 {
        let size = things.len().div_ceil(parts.min(things.len()));
        let mut smaller = None;
        for from in (0..things.len()).step_by(size) {
            let part = from..things.len().min(from + size);
            // With two parts, one without the other is the other.
            if parts > 2 || size == 1 {
                let without: Vec<T> = [&things[..part.start], &things[part.end..]].concat();
                if holds(&without)? {
                    smaller = Some((without, (parts - 1).max(2)));
                    break;
                }
            }
            if size > 1 && parts == 2 && holds(&things[part.clone()])? {
                smaller = Some((things[part].to_vec(), 2));
                break;
            }
        }
        match smaller {
            Some((fewer, next)) => (things, parts) = (fewer, next),
            None if size == 1 => break,
            None => parts = (2 * parts).min(things.len()),
        }
    }
    Ok(things)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shrunk(count: u32, needed: &[u32]) -> (Vec<u32>, u32) {
        let mut asked = 0;
        let left = shrink((0..count).collect(), |some| {
            asked += 1;
            Ok(needed.iter().all(|one| some.contains(one)))
        });
        (left.unwrap(), asked)
    }

    #[test]
    fn what_is_left_is_what_is_needed() {
        for needed in [&[7][..], &[0, 999], &[1, 2, 3], &[0, 250, 251, 600, 999], &[500]] {
            let (left, asked) = shrunk(1000, needed);
            assert_eq!(left, needed);
            assert!(asked < 40 * needed.len() as u32 + 40, "{needed:?}: {asked}");
        }
        let all: Vec<u32> = (0..20).collect();
        assert_eq!(shrunk(20, &all).0, all);
        assert_eq!(shrunk(1, &[]).0, [0]);
    }
}

//! Many trials, as many at a time as there are processors: a guest has one.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

/// What `trial` makes of each; `tell` hears how many are done.
pub fn for_each<T: Sync, R: Send, E: Send>(
    all: &[T],
    tell: impl Fn(usize) + Sync,
    trial: impl Fn(&T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    // A guest lives as long as the thread that began it.
    let work = || {
        let mut results = Vec::new();
        loop {
            let number = next.fetch_add(1, Relaxed);
            let Some(one) = all.get(number) else { break Ok(results) };
            results.push((number, trial(one)?));
            tell(done.fetch_add(1, Relaxed) + 1);
        }
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let parts = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let ended = workers.into_iter().map(|worker| worker.join());
        ended.map(|part| part.unwrap_or_else(|panic| resume_unwind(panic))).collect::<Vec<_>>()
    });
    let mut results: Vec<(usize, R)> = Vec::new();
    for part in parts {
        results.extend(part?);
    }
    results.sort_by_key(|(number, _)| *number);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_and_an_error_ends_it() {
        let all: Vec<u32> = (0..50).collect();
        let double = for_each(&all, |_| {}, |number| Ok::<_, String>(number * 2));
        assert_eq!(double.map(|all| all[49]), Ok(98));
        let one = |number: &u32| if *number == 7 { Err("seven") } else { Ok(()) };
        assert_eq!(for_each(&all, |_| {}, one), Err("seven"));
    }
}

//! Many trials, as many at a time as there are processors: a guest has one.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

/// What `trial` makes of each; `tell` hears how many are done.
pub fn for_each<T: Sync, R: Send>(
    all: &[T],
    tell: impl Fn(usize) + Sync,
    trial: impl Fn(&T) -> Result<R, String> + Sync,
) -> Result<Vec<R>, String> {
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    // A guest lives as long as the thread that began it.
    let work = || {
        let mut results = Vec::new();
        loop {
            let number = next.fetch_add(1, Relaxed);
            let Some(one) = all.get(number) else { break Ok::<_, String>(results) };
            results.push((number, trial(one)?));
            tell(done.fetch_add(1, Relaxed) + 1);
        }
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let parts = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join()).collect::<Vec<_>>()
    });
    let mut results: Vec<(usize, R)> = Vec::new();
    for part in parts {
        results.extend(part.map_err(|_| "a thread panicked")??);
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
        assert_eq!(for_each(&all, |_| {}, |number| Ok(number * 2)).map(|all| all[49]), Ok(98));
        let one = |number: &u32| if *number == 7 { Err("seven".into()) } else { Ok(()) };
        assert_eq!(for_each(&all, |_| {}, one), Err("seven".into()));
    }
}

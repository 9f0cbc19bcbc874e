//! A failpoint's attributes on the command line, as Linux's users write them:
//! `fail_page_alloc=<interval>,<probability>,<space>,<times>`.

use crate::cmdline::{BadValue, CommandLine};
use abi::failpoint::{FAULT_MACHINE, FAULT_VERBOSE, Failpoint, FaultPlan};

/// The machine-wide plan for a point; `None` without one, or one in which nothing fails.
///
/// `probability` is in percent. `times` faults happen at most; -1 is no limit.
pub fn plan<'a>(
    line: CommandLine<'a>,
    point: Failpoint,
    seed: u32,
) -> Result<Option<FaultPlan>, BadValue<'a>> {
    let name = point.name();
    let Some(value) = line.value(name) else {
        return if line.has(name) { Err(BadValue { name, value: &[] }) } else { Ok(None) };
    };
    let [interval, probability, space, times] = numbers(value).ok_or(BadValue { name, value })?;
    if probability == 0 || times == 0 {
        return Ok(None);
    }
    Ok(Some(FaultPlan {
        points: point.bit(),
        interval: number(interval),
        per_million: number(probability).min(100) * 10_000,
        space: number(space),
        // No limit is -1 there and 0 here.
        times: number(times),
        flags: FAULT_MACHINE | FAULT_VERBOSE,
        seed,
        ..FaultPlan::default()
    }))
}

/// Four numbers with commas between them.
fn numbers(value: &[u8]) -> Option<[i64; 4]> {
    let mut words = value.split(|byte| *byte == b',');
    let mut next = || core::str::from_utf8(words.next()?).ok()?.parse().ok();
    let numbers = [next()?, next()?, next()?, next()?];
    words.next().is_none().then_some(numbers)
}

fn number(value: i64) -> u32 {
    u32::try_from(value.max(0)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Result<Option<FaultPlan>, BadValue<'_>> {
        plan(CommandLine::new(line.as_bytes()), Failpoint::Slab, 7)
    }

    #[test]
    fn four_numbers_make_a_plan() {
        let found = of("quiet failslab=10,25,4096,-1 fail_futex=1,1,1,1").unwrap().unwrap();
        assert_eq!({ found.points }, Failpoint::Slab.bit());
        assert_eq!(({ found.interval }, { found.per_million }), (10, 250_000));
        assert_eq!(({ found.space }, { found.times }, { found.seed }), (4096, 0, 7));
        assert_eq!({ found.flags }, FAULT_MACHINE | FAULT_VERBOSE);
        let found = of("failslab=1,250,-3,2").unwrap().unwrap();
        assert_eq!(({ found.per_million }, { found.space }, { found.times }), (1_000_000, 0, 2));
    }

    #[test]
    fn nothing_fails_without_a_chance_or_a_time() {
        for line in ["", "fail_futex=1,100,0,-1", "failslab=1,0,0,-1", "failslab=1,100,0,0"] {
            assert_eq!(of(line), Ok(None), "{line}");
        }
    }

    #[test]
    fn anything_else_is_a_bad_value() {
        for value in
            ["", "1", "1,2,3", "1,2,3,4,5", "1,2,3,x", "1, 2,3,4", "99999999999999999999,1,1,1"]
        {
            let line = std::format!("failslab=\"{value}\"");
            assert_eq!(of(&line), Err(BadValue { name: "failslab", value: value.as_bytes() }));
        }
        assert!(of("failslab").is_err());
    }
}

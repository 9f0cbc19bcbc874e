//! What a plan says.

use super::{Context, always, needs_failpoints, wake_nobody};
use alloc::vec::Vec;
use sys::abi::failpoint::{FAULT_MARKED, Failpoint, FaultPlan, FaultRecord};
use sys::file::pipe;
use sys::{Errno, Result};

pub fn chance_goes_by_intervals_and_ends() {
    needs_failpoints();
    let plan = FaultPlan { interval: 3, space: 2, times: 2, ..always(Failpoint::Futex) };
    let context = Context::new(&plan);
    let failed: Vec<u32> = (1..=20).filter(|_| context.run(wake_nobody).is_err()).collect();
    assert_eq!(failed, [5, 8]);
    assert_eq!(wake_nobody(), Ok(0), "nobody is in it any more");
    let state = context.state();
    assert_eq!(({ state.opportunities }, { state.faults }), (20, 2));
}

pub fn sizes_choose_what_is_asked_for() {
    needs_failpoints();
    let sizes = |sizes| FaultPlan { sizes, ..always(Failpoint::Slab) };
    // No single object has that many bytes.
    let large = Context::new(&sizes([1 << 20, u32::MAX]));
    assert!(large.run(pipe).is_ok());
    assert_eq!({ large.state().opportunities }, 0);
    let any = Context::new(&sizes([1, 1 << 20]));
    assert_eq!(any.run(pipe).err(), Some(Errno::ENOMEM));
    let [first, ..] = any.state().records;
    assert!((1..1 << 20).contains(&{ first.size }), "{first:?}");
}

pub fn what_happened_is_kept() {
    needs_failpoints();
    let context = Context::new(&FaultPlan { nth: 2, ..always(Failpoint::Futex) });
    let outcomes = context.run(|| [(); 3].map(|()| wake_nobody()));
    assert_eq!(outcomes, [Ok(0), Err(Errno::EFAULT), Ok(0)]);
    let [first, second, ..] = context.state().records;
    let FaultRecord { point, opportunity, size, tid, served, calls, .. } = first;
    assert_eq!((point, opportunity, size), (Failpoint::Futex as u32, 2, 1));
    assert_eq!((tid, served), (sys::process::id(), 0));
    assert!(calls.iter().take(3).all(|call| *call > 0x8000_0000), "{calls:x?}");
    assert_eq!({ second.opportunity }, 0);
}

/// By addresses that paths really have.
pub fn call_paths_choose_what_fails() {
    needs_failpoints();
    let doubled = || call!(dup(1)).map(|fd| _ = call!(close(fd.cast_signed())));
    let piped = || pipe().map(drop);
    let path = |work: &dyn Fn() -> Result<()>| {
        let context = Context::new(&always(Failpoint::FdTable));
        assert_eq!(context.run(work), Err(Errno::EMFILE));
        let [FaultRecord { calls, .. }, ..] = context.state().records;
        calls
    };
    let (of_dup, of_pipe) = (path(&doubled), path(&piped));
    let is_own = |call: &&u32| **call != 0 && !of_pipe.contains(*call);
    let own = *of_dup.iter().find(is_own).expect("two calls are two paths");
    let outcomes = |plan: FaultPlan| {
        let context = Context::new(&plan);
        [context.run(doubled), context.run(piped)].map(Result::err)
    };
    let (full, refused) = (always(Failpoint::FdTable), Some(Errno::EMFILE));
    for (range, inside) in [([own, own + 1], refused), ([own - 1, own], None)] {
        assert_eq!(outcomes(FaultPlan { require: range, ..full }), [inside, None], "{range:x?}");
    }
    assert_eq!(outcomes(FaultPlan { reject: [own, own + 1], ..full }), [None, refused]);
    assert_eq!(outcomes(FaultPlan { reject: [own - 1, own], ..full }), [refused; 2]);
}

pub fn plans_that_mean_nothing_are_refused() {
    needs_failpoints();
    for plan in [
        FaultPlan { points: 1 << 63, ..FaultPlan::default() },
        FaultPlan { flags: FAULT_MARKED, ..FaultPlan::default() },
        FaultPlan { per_million: 1_000_001, ..FaultPlan::default() },
    ] {
        assert_eq!(Context::try_new(&plan).err(), Some(Errno::EINVAL), "{plan:?}");
    }
}

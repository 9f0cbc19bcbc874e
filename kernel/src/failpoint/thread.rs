//! What is special about one thread: Linux's `fail-nth` and `make-it-fail`.

use super::decide::{CONTEXTS, close, create};
use super::scope::Scope;
use crate::result::Result;
use crate::task::Task;
use abi::failpoint::{Failpoint, FaultPlan, FaultThread};

pub fn thread(scope: &Scope) -> FaultThread {
    let context = scope.nth();
    let nth = CONTEXTS.lock().get_mut(context).map_or(0, |context| context.remaining());
    FaultThread { nth, mark: scope.is_marked().into() }
}

/// From now on the nth opportunity of a thread of process `owner` fails, or with 0 none.
pub fn set_nth(scope: &Scope, owner: u32, nth: u32) -> Result<()> {
    let context = match nth {
        0 => 0,
        nth => {
            let points = Failpoint::answered();
            create(owner, FaultPlan { points, nth, ..FaultPlan::default() })?
        }
    };
    end(scope.enter_nth(context));
    Ok(())
}

pub fn set_mark(scope: &Scope, is_marked: bool) {
    scope.mark(is_marked);
}

/// A thread ends.
pub fn leave(task: &Task) {
    end(task.scope.enter_nth(0));
}

fn end(context: u32) {
    // It is gone already if its process is.
    let _ = if context != 0 { close(context) } else { Ok(()) };
}

//! What is special about one thread: Linux's `fail-nth` and `make-it-fail`.

use super::decide::{CONTEXTS, create, remove};
use super::injected;
use super::scope::Scope;
use super::site::is_armed;
use crate::result::Result;
use crate::task::Task;
use abi::failpoint::{Failpoint, FaultPlan, FaultThread};
use kcore::failpoint::Owner;

pub fn thread(scope: &Scope) -> FaultThread {
    let context = scope.nth();
    let nth = CONTEXTS.lock().get_mut(context).map_or(0, |context| context.remaining());
    FaultThread { nth, mark: scope.is_marked().into() }
}

/// From now on the nth opportunity of a thread of process `owner` fails, or with 0 none.
pub fn set_nth(scope: &Scope, owner: Owner, nth: u32) -> Result<()> {
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

/// The running thread ends with this wait status.
#[inline]
pub fn leave(task: &Task, status: i32) {
    if is_armed() {
        injected::tell_fatal(task, status);
        end(task.scope.enter_nth(0));
    }
}

/// It is gone already if its process is.
fn end(context: u32) {
    if context != 0 {
        remove(&mut CONTEXTS.lock(), context);
    }
}

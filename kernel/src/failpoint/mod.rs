//! Fault injection: `fail_point!` says where something fails when a test wants it to.
//!
//! ```text
//!  fail_point!   is any context open? if not, that was all
//!  site          one in the catalogue, which `.failpoints` in the image is
//!  scope         whose fault it would be: the task's own context, or its caller's
//!  decide        asks the context (kcore::failpoint), keeps the call path, logs
//! ```
//!
//! Without the feature `faults` every point is `false`, and nothing of this is in the image.

#[cfg(feature = "faults")]
mod decide;
#[cfg(feature = "faults")]
mod injected;
#[cfg(feature = "faults")]
mod interrupt;
#[cfg(not(feature = "faults"))]
mod none;
#[cfg(feature = "faults")]
mod pressure;
mod scope;
#[cfg(feature = "faults")]
mod site;
#[cfg(feature = "faults")]
mod thread;

#[cfg(feature = "faults")]
pub use decide::{close, close_all_of, configure, create, enter, exempt, inherit, sites, state};
#[cfg(feature = "faults")]
pub use injected::describe;
#[cfg(feature = "faults")]
pub use interrupt::in_interrupt;
#[cfg(not(feature = "faults"))]
pub use none::*;
#[cfg(feature = "faults")]
pub use pressure::take_memory;
pub use scope::Scope;
#[cfg(feature = "faults")]
pub use scope::Whose;
#[cfg(feature = "faults")]
pub use site::{Site, is_armed};
#[cfg(feature = "faults")]
pub use thread::{leave, set_mark, set_nth, thread};

/// Whether what happens here has to fail: `fail_point!(Fork)`, a variant of
/// [`Failpoint`](abi::failpoint::Failpoint). `fail_point!(Slab, size)` says how much is asked for.
/// `fail_point!(IrqLost, for whose)` is somebody else's fault than the running task's, a
/// [`Whose`]; so are those that interrupts come along.
macro_rules! fail_point {
    ($point:ident) => {
        $crate::failpoint::fail_point!($point, 1)
    };
    ($point:ident, for $whose:expr) => {{
        #[cfg(feature = "faults")]
        {
            $crate::failpoint::fail_point!(@site $point).fails_for(|| $whose)
        }
        #[cfg(not(feature = "faults"))]
        false
    }};
    ($point:ident, $size:expr) => {{
        #[cfg(feature = "faults")]
        {
            $crate::failpoint::fail_point!(@site $point).fails($size)
        }
        #[cfg(not(feature = "faults"))]
        false
    }};
    (@site $point:ident) => {{
        #[unsafe(link_section = ".failpoints")]
        static SITE: $crate::failpoint::Site =
            $crate::failpoint::Site::new(abi::failpoint::Failpoint::$point, file!(), line!());
        &SITE
    }};
}
pub(crate) use fail_point;

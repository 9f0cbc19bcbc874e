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
#[cfg(not(feature = "faults"))]
mod none;
mod scope;
#[cfg(feature = "faults")]
mod site;

#[cfg(feature = "faults")]
pub use decide::{close, close_all_of, create, enter, inherit, sites, state};
#[cfg(not(feature = "faults"))]
pub use none::*;
pub use scope::Scope;
#[cfg(feature = "faults")]
pub use site::{Site, is_armed};

/// Whether what happens here has to fail: `fail_point!(Slab)`, a variant of
/// [`Failpoint`](abi::failpoint::Failpoint).
macro_rules! fail_point {
    ($point:ident) => {{
        #[cfg(feature = "faults")]
        {
            #[unsafe(link_section = ".failpoints")]
            static SITE: $crate::failpoint::Site =
                $crate::failpoint::Site::new(abi::failpoint::Failpoint::$point, file!(), line!());
            $crate::failpoint::is_armed() && SITE.fails()
        }
        #[cfg(not(feature = "faults"))]
        false
    }};
}
pub(crate) use fail_point;

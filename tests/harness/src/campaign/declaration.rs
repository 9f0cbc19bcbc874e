//! What a test writes down.

use super::guest::Guest;
use super::sweep::Sweep;
use super::verdict::Outcome;
use std::path::PathBuf;
use xtask::stop::{Result, usage};

/// A function over a guest, and which faults it meets.
pub struct Scenario {
    /// The function's.
    pub name: &'static str,
    /// What it does. It runs as often as there are faults, and a few times more.
    pub run: fn(&mut Guest) -> Outcome,
    /// The faults.
    pub sweep: Sweep,
}

/// Scenarios, and what their guests have besides Folio's own programs.
pub struct Campaign {
    /// The test's name, as cargo has it.
    pub name: &'static str,
    /// Its package's name.
    pub package: &'static str,
    /// Its package's folder: the report goes to `target/faults` there.
    pub folder: &'static str,
    /// Files and folders of the host, from that folder on, and where they are in the guest.
    pub files: Vec<(PathBuf, String)>,
    /// All of them.
    pub scenarios: Vec<Scenario>,
}

impl Campaign {
    pub(super) fn find(&self, name: &str) -> Result<&Scenario> {
        let found = self.scenarios.iter().find(|scenario| scenario.name == name);
        found.ok_or_else(|| {
            let names: Vec<&str> = self.scenarios.iter().map(|scenario| scenario.name).collect();
            usage(format!("{name}: no such scenario; there are {}", names.join(", ")))
        })
    }
}

/// Declares a program that is a campaign: scenarios, and before them, if need be, files for the guest.
#[macro_export]
macro_rules! campaign {
    (
        $( files: [ $( $host:expr => $guest:expr ),* $(,)? ]; )?
        $(
            $( #[doc = $doc:literal] )*
            #[sweep $( ( $( $option:ident = $value:tt ),* $(,)? ) )? ]
            fn $name:ident($argument:ident) $body:block
        )*
    ) => {
        $(
            $( #[doc = $doc] )*
            fn $name($argument: &mut $crate::Guest) -> $crate::Outcome $body
        )*

        fn main() -> std::process::ExitCode {
            let campaign = $crate::Campaign {
                name: env!("CARGO_CRATE_NAME"),
                package: env!("CARGO_PKG_NAME"),
                folder: env!("CARGO_MANIFEST_DIR"),
                files: vec![$( $( ($host.into(), $guest.into()) ),* )?],
                scenarios: vec![$(
                    $crate::Scenario {
                        name: stringify!($name),
                        run: $name,
                        sweep: $crate::Sweep::default()
                            $( $( .$option($crate::campaign_option!($option $value)) )* )?,
                    },
                )*],
            };
            $crate::main(&campaign)
        }
    };
}

/// The value of a sweep's option.
#[doc(hidden)]
#[macro_export]
macro_rules! campaign_option {
    (points [$($point:ident),* $(,)?]) => { &[$($crate::Failpoint::$point),*] };
    (exits [$($status:literal),* $(,)?]) => { &[$($status),*] };
    (signals [$($signal:ident),* $(,)?]) => { &[$($crate::signal::$signal),*] };
    (pairs $bound:literal) => { $bound };
    (within $seconds:literal) => { $seconds };
    (output any) => { $crate::Output::Any };
    ($option:ident $value:tt) => {
        compile_error!(
            "a sweep has points = [Slab, …], exits = [1, …], signals = [SIGSEGV, …], pairs = 20, \
             within = 5, output = any"
        )
    };
}

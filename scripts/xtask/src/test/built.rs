//! What tests need: kernels, programs, and what is in a guest's archive.

use super::runner::Tests;
use crate::build::{self, Image, Kind, Program};
use crate::contents::{Add, Contents};
use crate::lanes::Lane;
use crate::stop::{Result, usage};
use crate::workspace;
use std::path::PathBuf;

impl Tests<'_> {
    /// The kernel for a lane, or `None` if this tree's kernel does not know its layout.
    pub(super) fn kernel(&self, lane: &Lane, kind: Kind) -> Result<Option<PathBuf>> {
        let image = Image { layout: lane.machine.layout, profile: lane.profile, kind };
        if !self.named && !image.missing_features()?.is_empty() {
            eprintln!("{}: not in this version", lane.name);
            return Ok(None);
        }
        build::kernel(image, true).map(Some)
    }

    pub(super) fn program(&mut self, guest: &str) -> Result<Option<&Program>> {
        if self.programs.is_none() {
            self.programs = Some(build::programs(true)?);
        }
        let programs = self.programs.as_deref().unwrap_or(&[]);
        Ok(programs.iter().find(|program| program.guest == guest))
    }

    /// A ring that this version does not have counts as nothing.
    pub(super) fn absent<T>(&self, ring: &str) -> Result<Option<T>> {
        if self.named {
            return Err(usage(format!("test {ring}: not in this version")));
        }
        eprintln!("{ring}: not in this version");
        Ok(None)
    }

    pub(super) fn contents(&self) -> Result<Contents> {
        build::contents(self.programs.as_deref().unwrap_or(&[]))
    }

    pub(super) fn contents_for_suite(&self) -> Result<Contents> {
        build::contents_for_suite(self.programs.as_deref().unwrap_or(&[]))
    }

    /// With what `init` is to read instead of its own.
    pub(super) fn contents_with(&self, etc: &str) -> Result<Contents> {
        let mut contents = self.contents()?;
        contents.add(&Add { host: workspace::root().join(etc), guest: "/etc".into() })?;
        Ok(contents)
    }
}

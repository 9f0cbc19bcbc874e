//! The right to ask of all processes, as a handle.

use super::object::{Object, Revocations};
use crate::result::{Errno, Result};
use alloc::sync::Arc;

pub struct StatisticsRight {
    revocations: Revocations,
}

impl Object for StatisticsRight {
    fn revocations(&self) -> &Revocations {
        &self.revocations
    }
}

impl StatisticsRight {
    pub fn new() -> Result<Arc<Self>> {
        Arc::try_new(Self { revocations: Revocations::new() }).map_err(|_| Errno::ENOMEM)
    }
}

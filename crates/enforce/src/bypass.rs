//! Ways round the rules that somebody left in the kernel.

use crate::error::Error;
use crate::kernel::Kernel;

impl Kernel {
    /// Each as a sentence; none is good news.
    pub(crate) fn bypasses(&mut self) -> Result<Vec<String>, Error> {
        Ok(Vec::new())
    }
}

//! What the controller does by itself, one reconciler a file. Each looks at what there is and does what is left to do:
//! run twice, or by two controllers over one store, it does no more than run once.

pub(crate) mod proposals;
pub(crate) mod receipts;

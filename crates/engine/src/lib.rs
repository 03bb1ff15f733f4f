//! The gateway's state machine: who is bound where, what may pass, and until when.

//! The local API: one JSON object a line over a Unix socket, a request and its replies.
//!
//! A line from the client is a [`Request`]; each gets one [`Reply`] with the same `id`, but for [`Command::Tail`], which
//! is answered by one reply an event until the client hangs up, and [`Command::WatchTrust`], by one a change. Who asks is not in the request: the gateway asks the
//! kernel (`SO_PEERCRED`).
//!
//! INVARIANT: a line longer than [`MAX_LINE`] is never held in memory, and a field nobody knows is refused.

mod line;
mod reply;
mod request;

pub use line::{LineError, MAX_LINE, MAX_SPOOL_READ, decode, encode, read_line};
pub use reply::{
    Alarm, Answer, AuditLine, Body, Change, Counter, Delivered, Delivery, Denial, Device, DeviceState,
    Effect, Emergency, Event, Evidence, Failure, Grant, Kernel, LinkState, Modes, Policy, Port, Posture,
    Receipt, Reply, RevokedDevice, SpoolRecord, Stages, Station, Status, StoredBundle, Trust, Why, Window,
    ZoneMode, ZonePairStage,
};
pub use request::{Command, Protection, Question, Request, StageTarget};

//! What a controller may ask of a gateway: to be told things, and nothing else.

use crate::local::Command;

/// Whether a command of the local API only asks. What a gateway is to *do* comes signed, as a bundle: whoever holds a
/// controller's connection but not its signing key changes nothing.
pub const fn is_question(command: &Command) -> bool {
    matches!(
        command,
        Command::Status
            | Command::Devices
            | Command::Device { .. }
            | Command::PolicyStatus
            | Command::Stages
            | Command::Grants
            | Command::Modes
            | Command::Emergencies
            | Command::Receipt { .. }
            | Command::Why { .. }
            | Command::Denials
            | Command::Alarms
    )
}

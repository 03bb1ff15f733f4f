//! Scenarios in virtual time: a text drives the engine, and what comes out is compared with a golden text.
//!
//! No clock, no socket, no kernel: the packet path is a set of rules that end by themselves, as the kernel's do. The plant
//! and the policy are the lab's own. A line is a time in seconds since the beginning and what happens then:
//!
//! ```text
//! 0    policy 1
//! 10   grant vendor plc1/modbus 120 pump replaced
//! 129  may vendor plc1/modbus
//! ```

mod script;
mod words;
mod world;

use script::Script;
use std::fmt;
use world::World;

/// A line of a scenario that cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptError {
    /// Which line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl std::error::Error for ScriptError {}

/// Everything that comes of the scenario `text`.
///
/// # Errors
/// [`ScriptError`] names the line.
pub fn run(text: &str) -> Result<String, ScriptError> {
    let script = Script::parse(text)?;
    let mut world = World::new().map_err(|what| ScriptError { line: 0, what })?;
    for step in &script.steps {
        world.take(step).map_err(|what| ScriptError { line: step.line, what })?;
    }
    Ok(world.into_text())
}

//! The gateway in a small plant: what happens, and what the packet path then holds.

mod bindings;
mod delivery;
mod grants;
mod plant;
mod properties;
mod stages;
mod time;
mod traffic;
mod why;

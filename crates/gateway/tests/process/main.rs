//! A gateway as a process of its own, in a network namespace of its own: killed, started again, lied to.
//!
//! The process is this very program: `the_gateway_itself` is what the tests start, and does nothing
//! where no test asks for it.

#[cfg(test)]
mod agents;
#[cfg(test)]
mod boot;
#[cfg(test)]
mod bundles;
#[cfg(test)]
mod clients;
#[cfg(test)]
mod controller;
#[cfg(test)]
mod crashes;
#[cfg(test)]
mod disk;
#[cfg(test)]
mod link;
#[cfg(test)]
mod plant;
#[cfg(test)]
mod tampering;
#[cfg(test)]
mod wire;

#[test]
fn the_gateway_itself() {
    let Some(config) = std::env::var_os("NULLIUS_TEST_CONFIG") else { return };
    let config = nullius_gateway::Config::read(std::path::Path::new(&config)).unwrap();
    let clock = std::sync::Arc::new(plant::Shifted::from_environment());
    // the test's harness has threads already; `tests/confine` is about this
    let confinement = nullius_gateway::confine::Confinement::Caller;
    match std::env::var("NULLIUS_TEST_ACT").as_deref() {
        Ok("load") => nullius_gateway::load(&config, clock).unwrap(),
        Ok("link") => nullius_gateway::link::run(&config, clock, confinement).unwrap(),
        _ => nullius_gateway::run(&config, clock, confinement).unwrap(),
    }
}

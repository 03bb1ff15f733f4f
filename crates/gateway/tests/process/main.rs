//! A gateway as a process of its own, in a network namespace of its own: killed, started again, lied to.
//!
//! The process is this very program: `the_gateway_itself` is what the tests start, and does nothing
//! where no test asks for it.

#[cfg(test)]
mod boot;
#[cfg(test)]
mod bundles;
#[cfg(test)]
mod clients;
#[cfg(test)]
mod crashes;
#[cfg(test)]
mod disk;
#[cfg(test)]
mod plant;
#[cfg(test)]
mod tampering;

#[test]
fn the_gateway_itself() {
    let Some(config) = std::env::var_os("NULLIUS_TEST_CONFIG") else { return };
    let config = nullius_gateway::Config::read(std::path::Path::new(&config)).unwrap();
    let clock = std::sync::Arc::new(nullius_gateway::SystemClock);
    match std::env::var_os("NULLIUS_TEST_LOAD") {
        Some(_) => nullius_gateway::load(&config, clock).unwrap(),
        // the test's harness has threads already; `tests/confine` is about this
        None => nullius_gateway::run(&config, clock, nullius_gateway::confine::Confinement::Caller).unwrap(),
    }
}

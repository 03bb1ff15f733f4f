//! A fleet of 500 devices over three years in virtual time, with real certificates of a real authority.
//!
//! Each device renews by its schedule, is switched off and on, some for months, some without a clock. In the middle both
//! authorities are rolled over while a gateway is away and devices are off. Later enrolment cannot be reached for four
//! fifths of a certificate's life, and then it can.
//!
//! What a gateway thinks of a device, and a device of its gateway, is asked of the verifiers that TLS asks. Nothing that
//! they look at changes between two moments at which both say yes but the time, and validity is an interval: so every
//! lease between the two is good as well, and none has to be tried one by one.

#[cfg(test)]
mod chance;
#[cfg(test)]
mod controller;
#[cfg(test)]
mod device;
#[cfg(test)]
mod figures;
#[cfg(test)]
mod gateway;
#[cfg(test)]
mod world;

#[cfg(test)]
mod tests {
    use crate::world::{DEVICES, World};

    #[test]
    #[expect(clippy::print_stdout, reason = "the figures are what the simulation is for")]
    fn a_fleet_of_five_hundred_lives_three_years_without_an_essential_gap() {
        let mut world = World::new();
        world.run();
        let figures = &world.figures;
        println!("{figures}");
        assert_eq!(figures.gaps, [] as [String; 0], "an essential flow stood still");
        assert_eq!(figures.unexplained, 0, "a proof lapsed though enrolment could be reached");
        assert_eq!(figures.refused, [] as [String; 0], "the controller refused a device");
        assert_eq!(world.proven(), DEVICES, "not everybody has a certificate at the end");
        assert!(world.rolled_over(), "the old authority was never retired");
        assert!(figures.peak <= 40, "a storm: {} enrolments in a minute", figures.peak);
        assert!(figures.after_outage <= 2 * 3600, "the last was back after {} s", figures.after_outage);
        assert!(figures.after_start <= 15 * 60, "the last was back after {} s", figures.after_start);
        // the hard cases took place
        assert!(figures.recoveries > 100 && figures.again > 50 && figures.by_cross > 5, "{figures}");
        assert!(figures.without_clock > 100, "{figures}");
    }
}

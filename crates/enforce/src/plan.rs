//! What is installed, and which elements a change of rules takes away and brings.
//!
//! Elements that follow from several rules stay until the last of these goes. Pure: it knows no kernel.

use crate::elements::{Element, dhcp_port, elements, ends};
use crate::plane::Plane;
use nullius_model::{Channel, PortName, Rule, RuleChange, RuleSet, Terms, Uptime};
use std::collections::{BTreeMap, BTreeSet};

/// The port that a request for configuration over IPv4 and IPv6 goes to.
const DHCP_SERVERS: [u16; 2] = [67, 547];

/// An element in a table.
pub(crate) type Placed = (Plane, Element);

/// Elements to take away, then elements to bring.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Steps {
    pub(crate) remove: Vec<Placed>,
    pub(crate) add: Vec<(Placed, Option<Uptime>)>,
}

/// What the kernel was told, and how many rules each shared element follows from.
#[derive(Clone, Debug)]
pub(crate) struct Installed {
    pub(crate) rules: RuleSet,
    pub(crate) planes: Vec<Plane>,
    shares: BTreeMap<Placed, u32>,
    dhcp_ports: BTreeSet<PortName>,
}

impl Installed {
    pub(crate) const fn nothing(planes: Vec<Plane>) -> Self {
        Self { rules: RuleSet::new(), planes, shares: BTreeMap::new(), dhcp_ports: BTreeSet::new() }
    }

    /// Everything from nothing. What has ended by `now` is left out.
    pub(crate) fn with(planes: Vec<Plane>, rules: &RuleSet, now: Uptime) -> (Self, Steps) {
        let mut installed = Self::nothing(planes);
        let mut steps = Steps::default();
        for (rule, terms) in rules {
            installed.add(rule, terms, now, &mut steps);
        }
        installed.place_dhcp(&mut steps);
        (installed, steps)
    }

    /// One step on. Taking away what is not there is no error: it may have ended by itself.
    pub(crate) fn change(&mut self, change: &RuleChange, now: Uptime) -> Steps {
        let mut steps = Steps::default();
        for rule in &change.remove {
            self.remove(rule, &mut steps);
        }
        for (rule, terms) in &change.add {
            self.remove(rule, &mut steps);
            self.add(rule, terms, now, &mut steps);
        }
        let touches_dhcp = |rule: &Rule| matches!(rule, Rule::Address { .. } | Rule::Onboarding { .. });
        if change.remove.iter().chain(change.add.iter().map(|(rule, _)| rule)).any(touches_dhcp) {
            self.place_dhcp(&mut steps);
        }
        steps
    }

    /// The change that leads back, taken before the change itself.
    pub(crate) fn before(&self, change: &RuleChange) -> RuleChange {
        let touched: BTreeSet<&Rule> =
            change.remove.iter().chain(change.add.iter().map(|(rule, _)| rule)).collect();
        let old = |&rule: &&Rule| self.rules.get(rule).map(|terms| (rule.clone(), *terms));
        RuleChange {
            remove: change.add.iter().map(|(rule, _)| rule.clone()).collect(),
            add: touched.iter().filter_map(old).collect(),
        }
    }

    /// Rules that the kernel has forgotten by itself, but for what follows from them.
    pub(crate) fn ended(&self, now: Uptime) -> Vec<(Rule, Terms)> {
        let over = |terms: &Terms| terms.ends.is_some_and(|end| end <= now);
        let rules = self.rules.iter().filter(|(_, terms)| over(terms));
        rules.map(|(rule, terms)| (rule.clone(), *terms)).collect()
    }

    fn add(&mut self, rule: &Rule, terms: &Terms, now: Uptime, steps: &mut Steps) {
        let end = ends(rule, terms);
        if end.is_some_and(|end| end <= now) {
            return;
        }
        for (plane, element, is_own) in self.placed(rule, terms) {
            let ending = end.filter(|_| element.set.ends());
            let placed = (plane, element);
            if is_own || self.share(&placed) {
                steps.add.push((placed, ending));
            }
        }
        self.rules.insert(rule.clone(), *terms);
    }

    fn remove(&mut self, rule: &Rule, steps: &mut Steps) {
        let Some(terms) = self.rules.remove(rule) else { return };
        for (plane, element, is_own) in self.placed(rule, &terms) {
            let placed = (plane, element);
            if is_own || self.unshare(&placed) {
                steps.remove.push(placed);
            }
        }
    }

    pub(crate) fn placed(&self, rule: &Rule, terms: &Terms) -> Vec<(Plane, Element, bool)> {
        let planes = self.planes.iter().filter(|plane| plane.holds(rule));
        let of_plane = |&plane: &Plane| {
            let numbered = elements(rule, terms).into_iter().enumerate();
            numbered.map(move |(index, element)| (plane, element, index == 0))
        };
        planes.flat_map(of_plane).collect()
    }

    /// One more rule needs the element; true where it is the first.
    fn share(&mut self, placed: &Placed) -> bool {
        let count = self.shares.entry(placed.clone()).or_default();
        *count = count.saturating_add(1);
        *count == 1
    }

    /// One rule fewer needs the element; true where it was the last.
    fn unshare(&mut self, placed: &Placed) -> bool {
        let Some(count) = self.shares.get_mut(placed) else { return false };
        *count = count.saturating_sub(1);
        *count == 0 && self.shares.remove(placed).is_some()
    }

    /// Requests for configuration go out by the ports of the servers that onboard, wherever these are bound now.
    fn place_dhcp(&mut self, steps: &mut Steps) {
        let ports = self.dhcp_servers();
        let place = |port: &PortName| (Plane::Bridge, dhcp_port(port));
        steps.remove.extend(self.dhcp_ports.difference(&ports).map(place));
        steps.add.extend(ports.difference(&self.dhcp_ports).map(|port| (place(port), None)));
        self.dhcp_ports = ports;
    }

    /// Where requests for configuration may go out.
    pub(crate) fn dhcp_elements(&self) -> impl Iterator<Item = Placed> {
        self.dhcp_ports.iter().map(|port| (Plane::Bridge, dhcp_port(port)))
    }

    fn dhcp_servers(&self) -> BTreeSet<PortName> {
        let servers: BTreeSet<_> = self.rules.keys().filter_map(dhcp_server).collect();
        let port = |rule: &Rule| {
            let Rule::Address { port, address, .. } = rule else { return None };
            servers.contains(address).then(|| port.clone())
        };
        match servers.is_empty() {
            true => BTreeSet::new(),
            false => self.rules.keys().filter_map(port).collect(),
        }
    }
}

fn dhcp_server(rule: &Rule) -> Option<std::net::IpAddr> {
    let Rule::Onboarding { server, channel: Channel::Udp(port) } = rule else { return None };
    DHCP_SERVERS.contains(port).then_some(*server)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::set::Set;
    use nullius_model::Mac;

    const START: Uptime = Uptime::from_millis(0);

    fn bound(port: &str, address: &str) -> Rule {
        let mac = Mac::new([2, 0, 0, 0, 0, 1]);
        Rule::Address { port: PortName::new(port).unwrap(), mac, address: address.parse().unwrap() }
    }

    fn adding(rules: &[Rule]) -> RuleChange {
        let add = rules.iter().map(|rule| (rule.clone(), Terms::default())).collect();
        RuleChange { remove: Vec::new(), add }
    }

    fn sets(elements: &[Placed]) -> Vec<Set> {
        elements.iter().map(|(_, element)| element.set).collect()
    }

    #[test]
    fn what_two_rules_share_stays_until_the_second_goes() {
        let mut installed = Installed::nothing(vec![Plane::Bridge]);
        let [one, two] = [bound("p1", "10.0.0.1"), bound("p1", "fd00::1")];
        installed.change(&adding(&[one.clone(), two.clone()]), START);
        let first = installed.change(&RuleChange { remove: vec![one], add: Vec::new() }, START);
        assert_eq!(sets(&first.remove), [Set::Address4, Set::Sender4, Set::Known4, Set::Located4]);
        let second = installed.change(&RuleChange { remove: vec![two], add: Vec::new() }, START);
        let last = [Set::Address6, Set::Sender6, Set::Known6, Set::Located6, Set::Station];
        assert_eq!(sets(&second.remove), last);
    }

    #[test]
    fn requests_for_configuration_follow_the_server_to_its_port() {
        let mut installed = Installed::nothing(vec![Plane::Bridge]);
        let server = "10.0.0.1".parse().unwrap();
        let onboarding = Rule::Onboarding { server, channel: Channel::Udp(67) };
        let [here, there] = [bound("p1", "10.0.0.1"), bound("p2", "10.0.0.1")];
        installed.change(&adding(&[onboarding, here.clone()]), START);
        let moved = RuleChange { remove: vec![here], ..adding(&[there]) };
        let steps = installed.change(&moved, START);
        let port = |name| (Plane::Bridge, dhcp_port(&PortName::new(name).unwrap()));
        assert!(steps.remove.contains(&port("p1")), "{steps:?}");
        assert!(steps.add.contains(&(port("p2"), None)), "{steps:?}");
    }

    #[test]
    fn a_change_undone_leaves_what_was_there() {
        let rules = RuleSet::from([(bound("p1", "10.0.0.1"), Terms::default())]);
        let (mut installed, _) = Installed::with(vec![Plane::Bridge], &rules, START);
        let change =
            RuleChange { remove: rules.keys().cloned().collect(), ..adding(&[bound("p2", "10.0.0.1")]) };
        let undo = installed.before(&change);
        installed.change(&change, START);
        installed.change(&undo, START);
        assert_eq!(installed.rules, rules);
    }

    #[test]
    fn what_has_ended_is_not_installed() {
        let rule = Rule::Neighbours("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        let rules = RuleSet::from([(rule, Terms::default().until(START))]);
        let (installed, steps) = Installed::with(vec![Plane::Bridge], &rules, START);
        assert_eq!((installed.rules.len(), steps), (0, Steps::default()));
    }
}

//! Whose certificates count: what a gateway says of it, and what of that is believed.
//!
//! A gateway brings the roots in force. One that is new is taken only where a root that is trusted signed for it, or
//! one that was taken so: a gateway that fell into wrong hands brings no root of its own. It can say of an authority
//! that it counts no more, and is believed, because that only takes away.

use nullius_identity::chain::{Anchors, BadChain, MAX_ANCHORS};
use nullius_protocol::agent::MAX_DISTRUSTED;

/// What is trusted, as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trust {
    /// Roots (DER).
    pub(crate) anchors: Vec<Vec<u8>>,
    /// SHA-256 of keys of authorities that count no more.
    pub(crate) distrusted: Vec<[u8; 32]>,
}

/// Why nothing changes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadTrust {
    /// What is trusted now cannot be read.
    #[error(transparent)]
    Chain(#[from] BadChain),
    /// Nothing would be left.
    #[error("none of the roots that the gateway brings is trusted, or signed by one that is")]
    Nothing,
}

/// What a gateway says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// Roots in force (DER).
    pub(crate) anchors: Vec<Vec<u8>>,
    /// Certificates of newer roots by older ones (DER).
    pub(crate) cross: Vec<Vec<u8>>,
    /// SHA-256 of keys of authorities that count no more.
    pub(crate) distrusted: Vec<[u8; 32]>,
}

impl Trust {
    /// To judge chains by.
    pub(crate) fn judge(&self) -> Result<Anchors, BadChain> {
        Anchors::new(&self.anchors, self.distrusted.iter().copied())
    }

    /// What is trusted after a gateway has spoken.
    pub(crate) fn after(&self, said: &Said, now: u64) -> Result<Self, BadTrust> {
        let distrusted = self.joined(&said.distrusted);
        let mut anchors: Vec<_> =
            said.anchors.iter().filter(|root| self.anchors.contains(root)).cloned().collect();
        let mut vouching = self.anchors.clone();
        // each round, roots that were taken may speak for others: a device comes back after several of them
        for _ in 0..MAX_ANCHORS {
            let known = Anchors::new(&vouching, distrusted.iter().copied())?;
            let speaks = |root: &[u8]| said.cross.iter().any(|cross| known.vouched(root, cross, now).is_ok());
            let news = said.anchors.iter().find(|root| !anchors.contains(root) && speaks(root)).cloned();
            let Some(root) = news.filter(|_| anchors.len() < MAX_ANCHORS) else { break };
            vouching.truncate(MAX_ANCHORS - 1);
            vouching.push(root.clone());
            anchors.push(root);
        }
        let after = Self { anchors, distrusted };
        if after.judge()?.certificates().next().is_none() { Err(BadTrust::Nothing) } else { Ok(after) }
    }

    /// What was distrusted stays so, as far as there is room.
    fn joined(&self, said: &[[u8; 32]]) -> Vec<[u8; 32]> {
        let mut joined = said.to_vec();
        joined.extend(self.distrusted.iter().filter(|hash| !said.contains(hash)));
        joined.truncate(MAX_DISTRUSTED);
        joined
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NOW, Root};

    fn said(anchors: &[&Root], cross: &[Vec<u8>]) -> Said {
        let anchors = anchors.iter().map(|root| root.certificate().to_vec()).collect();
        Said { anchors, cross: cross.to_vec(), distrusted: Vec::new() }
    }

    fn trust(anchors: &[&Root]) -> Trust {
        Trust { anchors: said(anchors, &[]).anchors, distrusted: Vec::new() }
    }

    #[test]
    fn a_new_root_is_taken_where_a_trusted_one_signed_for_it() {
        let (first, second, third, foreign) = (Root::new(1), Root::new(2), Root::new(3), Root::new(9));
        let ours = trust(&[&first]);
        let cross = [second.by(&first), third.by(&second)];
        let both = ours.after(&said(&[&first, &second], &cross), NOW).unwrap();
        assert_eq!(both, trust(&[&first, &second]));
        assert_eq!(
            both.after(&said(&[&second], &[]), NOW).unwrap(),
            trust(&[&second]),
            "the old one retires"
        );
        // after years: neither of the two that are in force now was known
        let late = ours.after(&said(&[&third, &second], &cross), NOW).unwrap();
        assert_eq!(late.anchors.len(), 2);
        let alone = ours.after(&said(&[&first, &foreign], &[foreign.by(&foreign)]), NOW).unwrap();
        assert_eq!(alone, ours, "nobody that is trusted signed for it");
        assert_eq!(ours.after(&said(&[&foreign], &[foreign.by(&foreign)]), NOW), Err(BadTrust::Nothing));
        assert_eq!(ours.after(&said(&[], &[]), NOW), Err(BadTrust::Nothing));
        let junk = Said { anchors: vec![vec![0; 40]], cross: vec![vec![1; 9]], distrusted: vec![] };
        assert_eq!(ours.after(&junk, NOW), Err(BadTrust::Nothing));
    }

    #[test]
    fn what_is_distrusted_stays_so_and_vouches_for_nothing() {
        let (first, second) = (Root::new(1), Root::new(2));
        let both = trust(&[&first, &second]);
        let stolen = Said { distrusted: vec![first.key()], ..said(&[&first, &second], &[]) };
        let after = both.after(&stolen, NOW).unwrap();
        assert_eq!(after.distrusted, [first.key()]);
        let again = after.after(&said(&[&first, &second], &[]), NOW).unwrap();
        assert_eq!(again.distrusted, [first.key()], "a later list does not bring it back");
        let left: Vec<_> = again.judge().unwrap().certificates().map(<[u8]>::to_vec).collect();
        assert_eq!(left, [second.certificate().to_vec()]);
        let third = Root::new(3);
        let by_stolen = said(&[&second, &third], &[third.by(&first)]);
        assert_eq!(after.after(&by_stolen, NOW).unwrap().anchors, [second.certificate().to_vec()]);
        let all = Said { distrusted: vec![first.key(), second.key()], ..said(&[&first, &second], &[]) };
        assert_eq!(both.after(&all, NOW), Err(BadTrust::Nothing));
    }
}

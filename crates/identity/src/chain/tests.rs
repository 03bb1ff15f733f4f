//! A chain is taken where its authority is trusted then, and nowhere else.

use super::*;
use crate::testing::{LONG, NOW, SHORT, chain, controller, device, gateway, issuing, key, public, root};
use crate::{Authority, Validity};

fn anchors(roots: &[&Authority]) -> Anchors {
    let certificates: Vec<_> = roots.iter().map(|root| root.certificate()).collect();
    Anchors::new(&certificates, []).unwrap()
}

#[test]
fn a_chain_leads_up_to_an_anchor_in_force() {
    let (one, other) = (root(), root());
    let authority = issuing(&one);
    let chain = chain(&authority, &device("lab", "pump"), &key());
    for (roots, expected) in [
        (&[&one][..], Ok(())),
        (&[&other, &one], Ok(())),
        (&[&other], Err(BadChain::UnknownIssuer)),
        (&[], Err(BadChain::UnknownIssuer)),
    ] {
        assert_eq!(anchors(roots).verify(&chain, Purpose::Client, NOW), expected);
    }
    let alone = anchors(&[&one]).verify(&chain[..1], Purpose::Client, NOW);
    assert_eq!(alone, Err(BadChain::UnknownIssuer), "the issuing authority was not sent");
}

#[test]
fn a_chain_has_its_time() {
    let root = root();
    let anchors = anchors(&[&root]);
    let chain = chain(&issuing(&root), &device("lab", "pump"), &key());
    for (now, expected) in [
        (SHORT.from, Ok(())),
        (SHORT.until, Ok(())),
        (SHORT.from - 1, Err(BadChain::Early { from: SHORT.from })),
        (SHORT.until + 1, Err(BadChain::Expired { until: SHORT.until })),
        (0, Err(BadChain::Early { from: SHORT.from })),
    ] {
        assert_eq!(anchors.verify(&chain, Purpose::Client, now), expected, "{now}");
    }
}

#[test]
fn an_anchor_that_ran_out_is_none() {
    let brief = Validity { from: LONG.from, until: NOW };
    let root = Authority::root(crate::testing::domain(), crate::testing::signer(), [1; 16], brief).unwrap();
    let chain = chain(&issuing(&root), &device("lab", "pump"), &key());
    assert_eq!(anchors(&[&root]).verify(&chain, Purpose::Client, NOW), Ok(()));
    let late = anchors(&[&root]).verify(&chain, Purpose::Client, NOW + 1);
    assert_eq!(late, Err(BadChain::UnknownIssuer));
}

#[test]
fn an_authority_that_ran_out_takes_its_certificates_along() {
    let root = root();
    let brief = Validity { from: LONG.from, until: NOW };
    let names = crate::Constraints::default();
    let authority = Authority::issuing(&root, crate::testing::signer(), names, [2; 16], brief).unwrap();
    let chain = chain(&authority, &device("lab", "pump"), &key());
    assert_eq!(anchors(&[&root]).verify(&chain, Purpose::Client, NOW), Ok(()));
    let late = anchors(&[&root]).verify(&chain, Purpose::Client, NOW + 1);
    assert_eq!(late, Err(BadChain::Expired { until: NOW }));
}

#[test]
fn nothing_leads_through_a_distrusted_key() {
    let root = root();
    let (stolen, fresh) = (issuing(&root), issuing(&root));
    let distrust = |key| Anchors::new(root.chain(), [key]).unwrap();
    let anchors = distrust(stolen.key().hash());
    let profile = device("lab", "pump");
    let bad = anchors.verify(&chain(&stolen, &profile, &key()), Purpose::Client, NOW);
    assert_eq!(bad, Err(BadChain::Distrusted));
    assert_eq!(anchors.verify(&chain(&fresh, &profile, &key()), Purpose::Client, NOW), Ok(()));
    // a second certificate for the stolen key, as a root may have signed it
    let again = crate::Profile::IssuingCa { names: crate::Constraints::default() };
    let again = root.issue(&again, stolen.key(), [9; 16], LONG).unwrap();
    let leaf = chain(&stolen, &profile, &key()).swap_remove(0);
    assert_eq!(anchors.verify(&[leaf, again], Purpose::Client, NOW), Err(BadChain::Distrusted));
    let none = distrust(root.key().hash());
    assert_eq!(none.certificates().count(), 0);
    let bad = none.verify(&chain(&fresh, &profile, &key()), Purpose::Client, NOW);
    assert_eq!(bad, Err(BadChain::UnknownIssuer));
}

#[test]
fn a_certificate_serves_its_purpose() {
    let root = root();
    let (anchors, authority) = (anchors(&[&root]), issuing(&root));
    for (profile, client, server) in [
        (device("lab", "pump"), true, false),
        (gateway("lab"), true, true),
        (controller(), false, true),
        (crate::Profile::OcspResponder, false, false),
    ] {
        let chain = chain(&authority, &profile, &key());
        for (purpose, good) in [(Purpose::Client, client), (Purpose::Server, server)] {
            let expected = if good { Ok(()) } else { Err(BadChain::Purpose) };
            assert_eq!(anchors.verify(&chain, purpose, NOW), expected, "{profile:?} {purpose:?}");
        }
    }
    assert_eq!(anchors.verify(authority.chain(), Purpose::Client, NOW), Err(BadChain::Purpose));
}

#[test]
fn what_is_no_chain_is_refused() {
    let root = root();
    let anchors = anchors(&[&root]);
    let leaf = root.issue(&device("lab", "pump"), &public(&key()), [3; 16], SHORT).unwrap();
    let long = vec![leaf.clone(); MAX_CHAIN + 1];
    for bad in [vec![], vec![vec![]], vec![leaf[1..].to_vec()], long] {
        assert_eq!(anchors.verify(&bad, Purpose::Client, NOW), Err(BadChain::Form));
    }
    for bad in [vec![leaf; 1], vec![root.certificate().to_vec(); MAX_ANCHORS + 1], vec![vec![]]] {
        assert_eq!(Anchors::new(&bad, []).unwrap_err(), BadChain::Form);
    }
}

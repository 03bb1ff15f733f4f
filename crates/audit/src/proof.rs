//! Proofs that an entry is in a tree, and that a tree is the beginning of a later one (RFC 6962 §2.1.1, §2.1.2; checked
//! as RFC 9162 §2.1.3.2 and §2.1.4.2 say).
//!
//! Making one asks for hashes of complete subtrees by height and number; who keeps them is the caller's affair.

use crate::Hash;
use crate::tree::root_of;

/// The hashes beside the way from an entry up to the root of the first `size` entries; empty where there is no such
/// entry.
pub fn inclusion<E>(
    index: u64,
    size: u64,
    mut node: impl FnMut(u32, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    if index >= size {
        return Ok(Vec::new());
    }
    let (mut first, mut end, mut beside) = (0, size, Vec::new());
    while end - first > 1 {
        let middle = first + split(end - first);
        if index < middle {
            beside.push(subtree(middle, end, &mut node)?);
            end = middle;
        } else {
            beside.push(subtree(first, middle, &mut node)?);
            first = middle;
        }
    }
    beside.reverse();
    Ok(beside)
}

/// The hashes that lead from the root of the first `old` entries to that of the first `new`; empty where the two are one
/// tree, or `old` is none.
pub fn consistency<E>(
    old: u64,
    new: u64,
    mut node: impl FnMut(u32, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    if old == 0 || old >= new {
        return Ok(Vec::new());
    }
    let (mut first, mut end, mut hashes) = (0, new, Vec::new());
    while end != old {
        let middle = first + split(end - first);
        if old <= middle {
            hashes.push(subtree(middle, end, &mut node)?);
            end = middle;
        } else {
            hashes.push(subtree(first, middle, &mut node)?);
            first = middle;
        }
    }
    if first > 0 {
        hashes.push(subtree(first, end, &mut node)?);
    }
    hashes.reverse();
    Ok(hashes)
}

/// The entry with this hash stands at `index` in the tree of this size and root.
#[must_use]
pub fn includes(leaf: Hash, index: u64, size: u64, root: Hash, proof: &[Hash]) -> bool {
    if index >= size {
        return false;
    }
    let (mut number, mut last, mut hash) = (index, size - 1, leaf);
    for beside in proof {
        if last == 0 {
            return false;
        }
        if number & 1 == 1 || number == last {
            hash = Hash::node(*beside, hash);
            skip_missing(&mut number, &mut last);
        } else {
            hash = Hash::node(hash, *beside);
        }
        number >>= 1;
        last >>= 1;
    }
    last == 0 && hash == root
}

/// The tree of the old size and root is the beginning of the new one.
#[must_use]
pub fn extends(old: (u64, Hash), new: (u64, Hash), proof: &[Hash]) -> bool {
    if old.0 == 0 || old.0 >= new.0 {
        let same = old == new || (old.0 == 0 && old.1 == Hash::empty());
        return same && proof.is_empty();
    }
    let (mut number, mut last) = (old.0 - 1, new.0 - 1);
    while number & 1 == 1 {
        number >>= 1;
        last >>= 1;
    }
    let (seed, proof) = if old.0.is_power_of_two() {
        (old.1, proof)
    } else {
        let Some((seed, rest)) = proof.split_first() else { return false };
        (*seed, rest)
    };
    let (mut old_root, mut new_root) = (seed, seed);
    for beside in proof {
        if last == 0 {
            return false;
        }
        if number & 1 == 1 || number == last {
            old_root = Hash::node(*beside, old_root);
            new_root = Hash::node(*beside, new_root);
            skip_missing(&mut number, &mut last);
        } else {
            new_root = Hash::node(new_root, *beside);
        }
        number >>= 1;
        last >>= 1;
    }
    last == 0 && old_root == old.1 && new_root == new.1
}

/// At the right edge, levels without a neighbour are passed over.
const fn skip_missing(number: &mut u64, last: &mut u64) {
    while *number & 1 == 0 && *number != 0 {
        *number >>= 1;
        *last >>= 1;
    }
}

/// The hash of the entries from `first` to before `end`, which is where [`split`] cuts.
fn subtree<E>(first: u64, end: u64, node: &mut impl FnMut(u32, u64) -> Result<Hash, E>) -> Result<Hash, E> {
    let mut from = first;
    let mut complete = Vec::new();
    while from < end {
        let height = (end - from).ilog2();
        complete.push(node(height, from >> height)?);
        from += 1 << height;
    }
    Ok(root_of(&complete))
}

/// The largest power of two below `length`, which is 2 or more.
const fn split(length: u64) -> u64 {
    1 << (length - 1).ilog2()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tree;
    use std::collections::BTreeMap;
    use std::convert::Infallible;

    const SIZE: u64 = 70;

    struct Grown {
        nodes: BTreeMap<(u32, u64), Hash>,
        roots: Vec<Hash>,
    }

    fn grown() -> Grown {
        let (mut tree, mut nodes) = (Tree::new(), BTreeMap::new());
        let mut roots = vec![tree.root()];
        for number in 0..SIZE {
            tree.append(leaf(number), |height, number, hash| {
                nodes.insert((height, number), hash);
            });
            roots.push(tree.root());
        }
        Grown { nodes, roots }
    }

    fn leaf(number: u64) -> Hash {
        Hash::leaf(&number.to_be_bytes())
    }

    impl Grown {
        fn node(&self, height: u32, number: u64) -> Result<Hash, Infallible> {
            Ok(self.nodes.get(&(height, number)).copied().unwrap_or(Hash([0; 32])))
        }

        fn root(&self, size: u64) -> Hash {
            usize::try_from(size).ok().and_then(|size| self.roots.get(size).copied()).unwrap_or(Hash([0; 32]))
        }
    }

    #[test]
    fn every_entry_is_proven_in_every_tree_and_nothing_else_is() {
        let grown = grown();
        for size in 1..=SIZE {
            let root = grown.root(size);
            for index in 0..size {
                let proof = inclusion(index, size, |h, n| grown.node(h, n)).unwrap();
                assert!(includes(leaf(index), index, size, root, &proof), "{index} of {size}");
                assert!(!includes(leaf(index + 1), index, size, root, &proof));
                assert!(!includes(leaf(index), (index + 1) % size, size, root, &proof) || size == 1);
                assert!(!includes(leaf(index), index, size, grown.root(size - 1), &proof));
                let longer = [proof.as_slice(), &[root]].concat();
                assert!(!includes(leaf(index), index, size, root, &longer));
                assert!(proof.is_empty() || !includes(leaf(index), index, size, root, &proof[1..]));
            }
            assert!(!includes(leaf(size), size, size, root, &[]));
        }
    }

    #[test]
    fn every_tree_is_proven_to_extend_the_earlier_ones_and_no_other() {
        let grown = grown();
        for new in 0..=SIZE {
            for old in 0..=new {
                let proof = consistency(old, new, |h, n| grown.node(h, n)).unwrap();
                let (before, after) = ((old, grown.root(old)), (new, grown.root(new)));
                assert!(extends(before, after, &proof), "{old} to {new}");
                assert!(!extends((old, Hash([7; 32])), after, &proof));
                assert!(old == 0 || !extends(before, (new, Hash([7; 32])), &proof));
                let longer = [proof.as_slice(), &[after.1]].concat();
                assert!(!extends(before, after, &longer));
                assert!(proof.is_empty() || !extends(before, after, &proof[1..]));
            }
            assert!(!extends((new + 1, grown.root(new)), (new, grown.root(new)), &[]));
        }
    }
}

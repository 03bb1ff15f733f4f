//! The tree while it grows: only its right edge is needed (RFC 6962 §2.1).
//!
//! It does not know the entries, nor where the hashes of what is complete are kept.
//!
//! INVARIANT: the edge has one hash for each bit of the size that is set, that of the largest subtree first.

use crate::Hash;

/// Entries a tree may have: what a database counts with a sign, and no arithmetic here overflows.
pub const MAX_SIZE: u64 = 1 << 62;

/// A tree of entries, as far as appending to it needs one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    size: u64,
    edge: Vec<Hash>,
}

impl Tree {
    /// The tree without entries.
    #[must_use]
    pub const fn new() -> Self {
        Self { size: 0, edge: Vec::new() }
    }

    /// What was kept of a tree: its size, and the bytes of [`Tree::edge`]. Nothing where the two do not belong together.
    #[must_use]
    pub fn restore(size: u64, edge: &[u8]) -> Option<Self> {
        let hashes = edge.chunks(Hash::LENGTH).map(Hash::from_bytes).collect::<Option<Vec<_>>>()?;
        let expected = usize::try_from(size.count_ones()).ok()?;
        (size <= MAX_SIZE && hashes.len() == expected).then_some(Self { size, edge: hashes })
    }

    /// How many entries.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The right edge, 32 bytes a hash.
    #[must_use]
    pub fn edge(&self) -> Vec<u8> {
        self.edge.iter().flat_map(|hash| hash.0).collect()
    }

    /// Adds a leaf. Every subtree that is complete by it is told with its height, its number among those of its height,
    /// and its hash; the first is the leaf itself.
    pub fn append(&mut self, leaf: Hash, mut complete: impl FnMut(u32, u64, Hash)) {
        let (mut height, mut number, mut hash) = (0, self.size, leaf);
        complete(height, number, hash);
        while number & 1 == 1 {
            let Some(left) = self.edge.pop() else { break };
            (height, number, hash) = (height + 1, number >> 1, Hash::node(left, hash));
            complete(height, number, hash);
        }
        self.edge.push(hash);
        self.size = self.size.saturating_add(1);
    }

    /// The hash of all of it.
    #[must_use]
    pub fn root(&self) -> Hash {
        root_of(&self.edge)
    }

    /// The complete subtrees at the right edge, the largest first.
    pub(crate) fn subtrees(&self) -> &[Hash] {
        &self.edge
    }
}

/// The root over complete subtrees that stand beside each other, each smaller than the one before.
pub(crate) fn root_of(subtrees: &[Hash]) -> Hash {
    let from_the_right = subtrees.iter().rev().copied();
    from_the_right.reduce(|right, left| Hash::node(left, right)).unwrap_or_else(Hash::empty)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Entries and roots that Certificate Transparency's implementations test with
    /// (github.com/google/certificate-transparency, `merkletree/merkle_tree_test.cc`; Apache-2.0).
    pub(crate) const ENTRIES: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    #[test]
    fn a_tree_has_the_roots_that_others_compute() {
        let mut tree = Tree::new();
        assert_eq!(tree.root().to_string(), ROOTS[0]);
        for (entry, root) in ENTRIES.iter().zip(&ROOTS[1..]) {
            tree.append(Hash::leaf(entry), |_, _, _| {});
            assert_eq!(tree.root().to_string(), *root);
        }
        assert_eq!(tree.size(), 8);
    }

    #[test]
    fn a_tree_grows_on_from_its_edge_alone() {
        let mut whole = Tree::new();
        for number in 0..600_u32 {
            let mut restored = Tree::restore(whole.size(), &whole.edge()).unwrap();
            for tree in [&mut whole, &mut restored] {
                tree.append(Hash::leaf(&number.to_be_bytes()), |_, _, _| {});
            }
            assert_eq!(whole, restored);
        }
    }

    #[test]
    fn what_is_complete_is_told_once() {
        let mut tree = Tree::new();
        let mut told = Vec::new();
        for number in 0..8_u8 {
            tree.append(Hash::leaf(&[number]), |height, number, _| told.push((height, number)));
        }
        told.sort_unstable();
        let expected = [
            (0..8).map(|n| (0, n)).collect::<Vec<_>>(),
            vec![(1, 0), (1, 1), (1, 2), (1, 3), (2, 0), (2, 1), (3, 0)],
        ];
        assert_eq!(told, expected.concat());
    }

    #[test]
    fn an_edge_of_another_size_is_refused() {
        for (size, length) in [(0, 32), (1, 0), (2, 64), (3, 63), (u64::MAX, 64 * 32)] {
            assert_eq!(Tree::restore(size, &vec![0; length]), None, "{size}");
        }
    }
}

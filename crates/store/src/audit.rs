//! The audit log in the store: every record is a leaf of a Merkle tree that only grows (`nullius_audit`).
//!
//! A record is appended in the transaction that does what it tells, and the checkpoint over it is signed in the same one:
//! after any crash the log is whole and says what happened. The log is also the stream of events: who follows it asks for
//! records from a number on. The key that signs is made with the first record and sealed like every secret.
//!
//! INVARIANT: no statement here changes or removes a record.

#[cfg(test)]
mod durable;
mod files;
mod read;

pub use files::{consistency, file, inclusion};
pub use read::{Leaf, MAX_PAGE, Order, Page, checkpoint, find, leaves, page, size, verifier};

use crate::keys::cipher::random;
use crate::{StoreError, Tx, secrets};
use nullius_audit::layout::HEIGHT;
use nullius_audit::{Checkpoint, Entry, Hash, SigningKey, Tree, VerifierKey};

/// Under which name the seed of the log's key is sealed.
const SECRET: &str = "audit/log";

/// Appends a record; its number.
///
/// # Errors
/// [`StoreError::Record`] for an answer to what is not there or decides nothing, and what the database fails with.
pub fn append(tx: &mut Tx<'_>, entry: &Entry) -> Result<u64, StoreError> {
    append_all(tx, std::slice::from_ref(entry))
}

/// Appends records, signing once; the number of the first.
///
/// # Errors
/// As for [`append`]; then none of them is appended.
pub fn append_all(tx: &mut Tx<'_>, entries: &[Entry]) -> Result<u64, StoreError> {
    let mut head = Head::take(tx, entries.len())?;
    let first = head.tree.size();
    for entry in entries {
        head.append(tx, entry)?;
    }
    if !entries.is_empty() {
        head.sign(tx)?;
    }
    Ok(first)
}

/// Whose turn it is to append.
struct Head {
    tree: Tree,
    verifier: Option<String>,
}

impl Head {
    /// Counting comes first: of two writers the second waits here, or is told to try again.
    fn take(tx: &mut Tx<'_>, count: usize) -> Result<Self, StoreError> {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let sql = "UPDATE audit_head SET size = size + $1 RETURNING size - $1, edge, verifier";
        let row = tx.one(sql, &[count.into()])?.ok_or_else(no_head)?;
        let edge = row.maybe_bytes(1)?.unwrap_or_default();
        let tree = Tree::restore(row.count(0)?, &edge);
        let tree =
            tree.ok_or_else(|| StoreError::Damaged("the audit log's edge is not its size's".to_owned()))?;
        Ok(Self { tree, verifier: row.maybe_text(2)? })
    }

    fn append(&mut self, tx: &mut Tx<'_>, entry: &Entry) -> Result<(), StoreError> {
        let number = self.tree.size();
        let answered = entry.of.map(|of| read::phase(tx, of)).transpose()?.flatten();
        entry.follows(number, |_| answered)?;
        let record = entry.encode()?;
        let hash = Hash::leaf(&record);
        insert(tx, number, entry, record, hash)?;
        let mut complete = Vec::new();
        self.tree.append(hash, |height, number, hash| complete.push((height, number, hash)));
        for (height, number, hash) in complete {
            if height > 0 && height % HEIGHT == 0 {
                let sql = "INSERT INTO audit_node (level, number, hash) VALUES ($1, $2, $3)";
                tx.execute(sql, &[(height / HEIGHT).into(), number.into(), hash.0.as_slice().into()])?;
            }
        }
        Ok(())
    }

    fn sign(self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let key = match &self.verifier {
            Some(verifier) => known_key(tx, verifier)?,
            None => first_key(tx)?,
        };
        let origin = key.verifier().name().to_owned();
        let checkpoint = Checkpoint { origin, size: self.tree.size(), root: self.tree.root() }.sign(&key);
        let sql = "UPDATE audit_head SET edge = $1, checkpoint = $2, verifier = $3";
        let values = [self.tree.edge().into(), checkpoint.into(), key.verifier().to_string().into()];
        tx.execute(sql, &values).map(|_| ())
    }
}

fn insert(
    tx: &mut Tx<'_>,
    number: u64,
    entry: &Entry,
    record: Vec<u8>,
    hash: Hash,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO audit_leaf (number, record, hash, site, object) VALUES ($1, $2, $3, $4, $5)";
    let (site, object) = (entry.site.as_deref(), entry.object.as_str());
    let values =
        [number.into(), record.into(), hash.0.as_slice().into(), read::word(site), read::word(Some(object))];
    tx.execute(sql, &values).map(|_| ())
}

/// The log's name is as random as its key: no two logs share one, wherever their checkpoints are kept.
fn first_key(tx: &mut Tx<'_>) -> Result<SigningKey, StoreError> {
    let name = format!("nullius/audit/{:016x}", u64::from_be_bytes(random()?));
    let seed = random::<32>()?;
    secrets::put(tx, SECRET, &seed)?;
    SigningKey::from_seed(&name, &seed).map_err(|error| StoreError::Key(error.to_string()))
}

fn known_key(tx: &mut Tx<'_>, verifier: &str) -> Result<SigningKey, StoreError> {
    let damaged = || StoreError::Damaged("the audit log's key is gone, or another log's".to_owned());
    let public = VerifierKey::parse(verifier).map_err(|_| damaged())?;
    let seed = secrets::find(tx, SECRET)?.ok_or_else(damaged)?;
    let seed = seed.expose().try_into().map_err(|_| damaged())?;
    let key = SigningKey::from_seed(public.name(), seed).map_err(|_| damaged())?;
    if *key.verifier() == public { Ok(key) } else { Err(damaged()) }
}

fn no_head() -> StoreError {
    StoreError::Damaged("the audit log has no head".to_owned())
}

#[cfg(test)]
mod tests;

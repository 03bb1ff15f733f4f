//! What people are, and where.

use crate::{Row, StoreError, Tx};

/// One role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldRole {
    /// A site, or `*` for all.
    pub site: String,
    /// Its name.
    pub role: String,
    /// Who gave it: `local`, or `provider`.
    pub source: String,
}

/// A person's roles, by site.
pub fn of(tx: &mut Tx<'_>, person: &str) -> Result<Vec<HeldRole>, StoreError> {
    let sql = "SELECT site, role, source FROM person_role WHERE person = $1 ORDER BY site";
    tx.query(sql, &[person.into()])?.iter().map(held).collect()
}

/// Gives a role in place of the one held there.
pub fn set(tx: &mut Tx<'_>, person: &str, held: &HeldRole) -> Result<(), StoreError> {
    drop_role(tx, person, &held.site)?;
    let sql = "INSERT INTO person_role (person, site, role, source) VALUES ($1, $2, $3, $4)";
    let (site, role, source) = (held.site.as_str(), held.role.as_str(), held.source.as_str());
    tx.execute(sql, &[person.into(), site.into(), role.into(), source.into()])?;
    Ok(())
}

/// Takes the role held there; whether there was one.
pub fn drop_role(tx: &mut Tx<'_>, person: &str, site: &str) -> Result<bool, StoreError> {
    let sql = "DELETE FROM person_role WHERE person = $1 AND site = $2";
    Ok(tx.execute(sql, &[person.into(), site.into()])? > 0)
}

/// Active people who hold that role there, one person left out.
pub fn others_with(tx: &mut Tx<'_>, role: &str, site: &str, but: &str) -> Result<u64, StoreError> {
    let sql = "SELECT COUNT(*) FROM person_role r JOIN person p ON p.id = r.person \
               WHERE r.role = $1 AND r.site = $2 AND r.person <> $3 AND p.active = 1";
    let row = tx.one(sql, &[role.into(), site.into(), but.into()])?;
    row.map_or(Ok(0), |row| row.count(0))
}

fn held(row: &Row) -> Result<HeldRole, StoreError> {
    Ok(HeldRole { site: row.text(0)?, role: row.text(1)?, source: row.text(2)? })
}

//! Passwords: argon2id (RFC 9106), off the threads that serve, a few at a time.
//!
//! A hash takes 19 MiB for some 30 ms: enough to make guessing dear, and dear for us too where strangers ask for many at
//! once. So few are made at the same time, few wait, and the rest are told to come later.
//!
//! INVARIANT: to verify takes one hash whether there is a password to compare with or not.

use crate::http::Problem;
use crate::secret;
use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::constant_time;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// KiB, passes and lanes: the second choice of OWASP's password storage cheat sheet (2024), and how all begin.
const COST: (u32, u32, u32) = (19_456, 2, 1);
const HEAD: &str = "$argon2id$v=19$m=19456,t=2,p=1$";

/// Hashes made at once.
const AT_ONCE: usize = 2;

/// Requests that wait for a hash: two seconds of work.
const WAITING: usize = 64;

/// Characters a password has at least, and bytes at most (NIST SP 800-63B §5.1.1.2 asks for 8, and for 64 or more).
const SHORTEST: usize = 12;
const LONGEST: usize = 256;

/// Makes hashes, a few at a time.
#[derive(Clone, Debug)]
pub(crate) struct Passwords {
    at_once: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { at_once: Arc::new(Semaphore::new(AT_ONCE)), waiting: Arc::new(Semaphore::new(WAITING)) }
    }
}

impl Passwords {
    /// What is kept of a new password.
    ///
    /// # Errors
    /// 422 for one that is too short or too long; 503 where too many wait.
    pub(crate) async fn hash(&self, password: String) -> Result<String, Problem> {
        if password.chars().count() < SHORTEST || password.len() > LONGEST {
            return Err(Problem::wrong(
                "bad-password",
                format!("a password has at least {SHORTEST} characters, and at most {LONGEST} bytes"),
            ));
        }
        let salt = secret::random::<16>()?;
        let hash = self.work(password, salt).await?;
        Ok(format!("{HEAD}{}${}", STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash)))
    }

    /// The password is the one of which `kept` is kept. Without one it is not, and takes as long.
    ///
    /// # Errors
    /// 503 where too many wait.
    pub(crate) async fn verify(&self, password: String, kept: Option<&str>) -> Result<bool, Problem> {
        let parts = kept.and_then(parts);
        let (salt, expected) = parts.unwrap_or_default();
        let password = if password.len() > LONGEST { String::new() } else { password };
        let found = self.work(password, salt).await?;
        Ok(constant_time::verify_slices_are_equal(&found, &expected).is_ok() && parts.is_some())
    }

    async fn work(&self, password: String, salt: [u8; 16]) -> Result<[u8; 32], Problem> {
        let _waiting = self.waiting.try_acquire().map_err(|_| busy())?;
        let _turn = self.at_once.acquire().await.map_err(|_| busy())?;
        let hash = spawn_blocking(move || argon2id(password.as_bytes(), &salt)).await;
        hash.ok().flatten().ok_or_else(|| {
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the password could not be hashed")
        })
    }
}

fn argon2id(password: &[u8], salt: &[u8]) -> Option<[u8; 32]> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, Some(32)).ok()?;
    let mut hash = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(password, salt, &mut hash)
        .ok()?;
    Some(hash)
}

/// Salt and hash of what was kept.
fn parts(kept: &str) -> Option<([u8; 16], [u8; 32])> {
    let (salt, hash) = kept.strip_prefix(HEAD)?.split_once('$')?;
    let salt = STANDARD_NO_PAD.decode(salt).ok()?.try_into().ok()?;
    let hash = STANDARD_NO_PAD.decode(hash).ok()?.try_into().ok()?;
    Some((salt, hash))
}

fn busy() -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "too many sign in at once: try again in a moment")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_again_and_nothing_else_is() {
        let passwords = Passwords::default();
        let kept = passwords.hash("correct horse battery".to_owned()).await.unwrap();
        assert!(passwords.verify("correct horse battery".to_owned(), Some(&kept)).await.unwrap());
        for (password, kept) in [
            ("correct horse batterz", Some(kept.as_str())),
            ("", Some(kept.as_str())),
            ("correct horse battery", None),
            ("correct horse battery", Some("$argon2id$v=19$m=8,t=1,p=1$AAAA$AAAA")),
        ] {
            assert!(!passwords.verify(password.to_owned(), kept).await.unwrap(), "{password} {kept:?}");
        }
        assert_ne!(passwords.hash("correct horse battery".to_owned()).await.unwrap(), kept);
    }

    #[tokio::test]
    async fn short_passwords_are_refused() {
        let passwords = Passwords::default();
        assert_eq!(passwords.hash("eleven char".to_owned()).await.unwrap_err().status(), 422);
        assert_eq!(passwords.hash("x".repeat(257)).await.unwrap_err().status(), 422);
    }

    #[tokio::test]
    async fn who_comes_when_many_wait_is_told_to_come_later() {
        let passwords = Passwords::default();
        let _all = passwords.waiting.acquire_many(u32::try_from(WAITING).unwrap()).await.unwrap();
        assert_eq!(passwords.verify(String::new(), None).await.unwrap_err().status(), 503);
    }
}

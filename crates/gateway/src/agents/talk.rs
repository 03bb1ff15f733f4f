//! What is said on a continuity connection, without the connection: who may say what, and when a proof is one.
//!
//! INVARIANT: a nonce is answered once, rightly or wrongly; a proof that nobody asked for ends the connection, and one that was
//! asked for before the link came is none.

use nullius_identity::RequestedKey;
use nullius_protocol::agent::{FromAgent, ToAgent, VERSION, proof_message};
use nullius_protocol::link::Hash;

/// Frames between two challenges that an agent may send: a ping for each twenty seconds of the longest lease, and room.
const MAX_FRAMES: u32 = 128;

/// Void challenges whose answers may still be under way: as often as a link may flap while an agent signs.
const MAX_VOID: usize = 8;

/// How far a conversation has come.
#[derive(Debug)]
pub(super) struct Talk {
    key: RequestedKey,
    exporter: [u8; 32],
    lease: u32,
    greeted: bool,
    asked: Option<Hash>,
    /// What was asked and not answered when it was asked anew.
    void: Vec<Hash>,
    frames: u32,
}

/// What follows from a frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// To be said.
    Say(ToAgent),
    /// To be said, and then the key is to be proved.
    Greet(ToAgent),
    /// The key is proved.
    Proved,
    /// It answers what is void by now.
    Nothing,
}

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Breach {
    #[error("another version of the connection than this gateway's")]
    Version,
    #[error("a hello is said once, and first")]
    Greeting,
    #[error("a proof that nobody asked for")]
    Unasked,
    #[error("the signature is not by the certificate's key over this connection's challenge")]
    Signature,
    #[error("more is said than there is to say")]
    Flood,
}

impl Talk {
    pub(super) const fn new(key: RequestedKey, exporter: [u8; 32], lease: u32) -> Self {
        Self { key, exporter, lease, greeted: false, asked: None, void: Vec::new(), frames: 0 }
    }

    /// Asks for a proof. An older challenge is void.
    pub(super) fn ask(&mut self, nonce: Hash) -> ToAgent {
        if self.void.len() >= MAX_VOID {
            self.void.clear();
        }
        self.void.extend(self.asked.replace(nonce));
        self.frames = 0;
        ToAgent::Challenge { nonce }
    }

    /// A challenge is open.
    pub(super) const fn is_waiting(&self) -> bool {
        self.asked.is_some()
    }

    /// Takes what the agent says; `now` in milliseconds since 1970.
    pub(super) fn take(&mut self, frame: &FromAgent, now: u64) -> Result<Step, Breach> {
        self.frames += 1;
        if self.frames > MAX_FRAMES {
            return Err(Breach::Flood);
        }
        match frame {
            FromAgent::Hello { version, .. } if !self.greeted => {
                if *version != VERSION {
                    return Err(Breach::Version);
                }
                self.greeted = true;
                Ok(Step::Greet(ToAgent::Welcome { version: VERSION, lease: self.lease, now }))
            }
            FromAgent::Proof { nonce, signature } if self.greeted => self.proved(nonce, &signature.0),
            FromAgent::Ping if self.greeted => Ok(Step::Say(ToAgent::Pong)),
            FromAgent::Hello { .. } | FromAgent::Proof { .. } | FromAgent::Ping => Err(Breach::Greeting),
        }
    }

    fn proved(&mut self, nonce: &Hash, signature: &[u8]) -> Result<Step, Breach> {
        if let Some(place) = self.void.iter().position(|void| void == nonce) {
            self.void.remove(place);
            return Ok(Step::Nothing);
        }
        if self.asked.take() != Some(*nonce) {
            return Err(Breach::Unasked);
        }
        let message = proof_message(&self.exporter, nonce);
        if self.key.verifies(&message, signature) { Ok(Step::Proved) } else { Err(Breach::Signature) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nullius_protocol::link::Blob;
    use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, SigningKey as _};

    const EXPORTER: [u8; 32] = [9; 32];

    fn talk(key: &KeyPair) -> Talk {
        let leaf = CertificateParams::default().self_signed(key).unwrap();
        Talk::new(crate::agents::proof::key_of(leaf.der()).unwrap(), EXPORTER, 300)
    }

    fn hello(version: u32) -> FromAgent {
        FromAgent::Hello { version, software: "test".into() }
    }

    fn proof(key: &KeyPair, exporter: &[u8; 32], nonce: Hash) -> FromAgent {
        let signature = key.sign(&proof_message(exporter, &nonce)).unwrap();
        FromAgent::Proof { nonce, signature: Blob(signature) }
    }

    #[test]
    fn a_key_is_proved_by_a_signature_over_connection_and_nonce() {
        for algorithm in [&PKCS_ECDSA_P256_SHA256, &PKCS_ED25519] {
            let key = KeyPair::generate_for(algorithm).unwrap();
            let mut talk = talk(&key);
            let welcome = ToAgent::Welcome { version: VERSION, lease: 300, now: 5 };
            assert_eq!(talk.take(&hello(VERSION), 5), Ok(Step::Greet(welcome)));
            let nonce = Hash([1; 32]);
            talk.ask(nonce);
            assert_eq!(talk.take(&proof(&key, &EXPORTER, nonce), 5), Ok(Step::Proved));
            assert!(!talk.is_waiting());
            assert_eq!(talk.take(&proof(&key, &EXPORTER, nonce), 5), Err(Breach::Unasked), "twice");
        }
    }

    #[test]
    fn what_is_no_proof_ends_it() {
        let (key, other) = (
            KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap(),
            KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap(),
        );
        let nonce = Hash([1; 32]);
        for (what, proof, breach) in [
            ("another key", proof(&other, &EXPORTER, nonce), Breach::Signature),
            ("another connection", proof(&key, &[8; 32], nonce), Breach::Signature),
            ("another nonce", proof(&key, &EXPORTER, Hash([2; 32])), Breach::Unasked),
        ] {
            let mut talk = talk(&key);
            talk.take(&hello(VERSION), 0).unwrap();
            talk.ask(nonce);
            assert_eq!(talk.take(&proof, 0), Err(breach), "{what}");
            assert!(!talk.is_waiting(), "there is one try: {what}");
        }
    }

    #[test]
    fn an_answer_to_what_was_asked_before_is_no_proof_and_no_breach_either() {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let mut talk = talk(&key);
        talk.take(&hello(VERSION), 0).unwrap();
        let [before, now] = [Hash([1; 32]), Hash([2; 32])];
        talk.ask(before);
        talk.ask(now);
        assert_eq!(talk.take(&proof(&key, &EXPORTER, before), 0), Ok(Step::Nothing));
        assert!(talk.is_waiting());
        assert_eq!(talk.take(&proof(&key, &EXPORTER, now), 0), Ok(Step::Proved));
        assert_eq!(talk.take(&proof(&key, &EXPORTER, before), 0), Err(Breach::Unasked), "twice");
        for byte in 0..255 {
            talk.ask(Hash([byte; 32]));
            assert!(talk.void.len() <= MAX_VOID);
        }
    }

    #[test]
    fn a_hello_comes_first_and_once_and_nobody_chatters() {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        assert_eq!(talk(&key).take(&FromAgent::Ping, 0), Err(Breach::Greeting));
        assert_eq!(talk(&key).take(&hello(VERSION + 1), 0), Err(Breach::Version));
        let mut talk = talk(&key);
        talk.take(&hello(VERSION), 0).unwrap();
        assert_eq!(talk.take(&hello(VERSION), 0), Err(Breach::Greeting));
        for _ in 2..MAX_FRAMES {
            assert_eq!(talk.take(&FromAgent::Ping, 0), Ok(Step::Say(ToAgent::Pong)));
        }
        assert_eq!(talk.take(&FromAgent::Ping, 0), Err(Breach::Flood));
    }
}

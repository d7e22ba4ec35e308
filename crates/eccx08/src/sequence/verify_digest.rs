//! Nonce (pass-through), Verify: checks a signature over a digest.

use super::{Outbox, Sequence, Step};
use crate::command::{DigestSource, NoncePassThrough, Verdict, VerifyExternal};
use crate::error::Error;

/// Verifies a signature over a digest with a public key.
#[derive(Clone, Copy, Debug)]
pub struct VerifyDigest<'a> {
    public_key: &'a [u8; 64],
    digest: &'a [u8; 32],
    signature: &'a [u8; 64],
    loaded: bool,
}

impl<'a> VerifyDigest<'a> {
    /// Verifies r and s in `signature` over `digest` with X and Y in `public_key`.
    #[must_use]
    pub const fn new(public_key: &'a [u8; 64], digest: &'a [u8; 32], signature: &'a [u8; 64]) -> Self {
        Self { public_key, digest, signature, loaded: false }
    }
}

impl Sequence for VerifyDigest<'_> {
    type Output = Verdict;

    fn advance(&mut self, reply: Option<&[u8]>, outbox: &mut Outbox) -> Result<Step<Verdict>, Error> {
        let nonce = NoncePassThrough::temp_key(self.digest);
        let verify = VerifyExternal {
            source: DigestSource::TempKey,
            signature: self.signature,
            public_key: self.public_key,
        };
        match reply {
            None => {
                self.loaded = false;
                outbox.send(&nonce)
            }
            Some(reply) if !self.loaded => {
                outbox.receive(&nonce, reply)?;
                self.loaded = true;
                outbox.send(&verify)
            }
            Some(reply) => outbox.receive(&verify, reply).map(Step::Done),
        }
    }
}

//! What the scenarios share: an element on a model of its bus, and the software that checks its answers.
#![allow(dead_code, reason = "each scenario is a crate of its own and uses a part")]

use std::rc::Rc;

use eccx08::provision::{Provisioned, Provisioning, Survey};
use eccx08::{Consent, Eccx08, Image, Slot};
use eccx08_sim::{Builder, NvImage, Profile, Sim, SimBus, SimDelay};
use monoclock::ManualClock;
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::ecdsa::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};

/// The driver on the model.
pub(crate) type Element = Eccx08<SimBus, SimDelay>;

/// Builds a model and puts the driver on it.
pub(crate) fn element(builder: Builder) -> (Sim, Element) {
    let sim = builder.build(Rc::new(ManualClock::new()));
    let element = Eccx08::new(sim.bus(), sim.delay());
    (sim, element)
}

/// Takes a blank element all the way.
pub(crate) fn provision(
    element: &mut Element,
) -> Provisioning<'_, SimBus, SimDelay, eccx08::GeneralCall, Provisioned> {
    let image = Image::for_chip(element.chip().unwrap());
    let survey = element.survey(image).unwrap();
    let Survey::Blank(blank) = survey else { panic!("not blank") };
    let consent = Consent::to_lock_for_ever(blank.serial_number());
    Survey::Blank(blank).complete(&consent).unwrap()
}

/// The memory of an element of this profile after provisioning.
pub(crate) fn provisioned(profile: Profile) -> NvImage {
    let (sim, mut element) = element(Sim::builder(profile));
    provision(&mut element);
    sim.nv().unwrap()
}

/// Number of seeds for runs with random faults: `ECCX08_SEEDS`, or a few.
pub(crate) fn seeds() -> core::ops::Range<u64> {
    0..std::env::var("ECCX08_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(10)
}

/// SHA-256 in software.
pub(crate) fn sha256(message: &[u8]) -> [u8; 32] {
    Sha256::digest(message).into()
}

/// Verifies a signature with another implementation than the element's.
pub(crate) fn verifies(public_key: &[u8; 64], digest: &[u8; 32], signature: &[u8; 64]) -> bool {
    let mut point = [4; 65];
    point[1..].copy_from_slice(public_key);
    let key = VerifyingKey::from_sec1_bytes(&point).unwrap();
    Signature::from_slice(signature).is_ok_and(|signature| key.verify_prehash(digest, &signature).is_ok())
}

/// Signs with slot 0 and checks the signature with the public key that the model tells.
pub(crate) fn assert_signs(sim: &Sim, element: &mut Element) {
    let digest = sha256(b"assert_signs");
    let signature = element.key(Slot::S0).sign(&digest).unwrap();
    assert!(verifies(&sim.public_key(0).unwrap(), &digest, &signature));
}

/// An element whose owner locked it with `image`, with these contents of slots.
pub(crate) fn owned(profile: Profile, image: &Image, slots: &[(Slot, &[u8])]) -> NvImage {
    let mut config = [0; 128];
    config[16..].copy_from_slice(image.bytes());
    let blank = NvImage::locked_with(profile, &config);
    slots.iter().fold(blank, |nv, (slot, bytes)| nv.with_slot(slot.number(), bytes))
}

//! Tokens around every end of a SHA-256 block, hashed in software and by the element.

mod support;

use eccx08::sequence::SignDigest;
use eccx08::{ChipSha256, Error, Opcode, Slot};
use eccx08_sim::{Profile, Sim};
use jwt_signer::Token;
use support::{element, provisioned, sha256, verifies};

#[test]
fn signing_inputs_of_63_to_65_and_127_to_129_bytes() {
    for profile in Profile::ALL {
        let (sim, mut element) = element(Sim::builder(profile).nv(provisioned(profile)));
        let public_key = sim.public_key(0).unwrap();
        let mut lengths = Vec::new();
        for payload in [19, 20, 21, 67, 68, 69] {
            let payload = vec![b'x'; payload];
            let token = Token::new(&payload);
            lengths.push(token.signing_input_len());
            let mut buffer = [0; 256];
            let text = token.sign(&mut element.key(Slot::S0), &mut buffer).unwrap();
            let (input, _) = text.rsplit_once('.').unwrap();
            let input = input.to_owned();

            // The element hashes the same input, and its signature is over that digest.
            let mut hash = ChipSha256::new(&mut element);
            let digest = token.write_signing_input(|_| Ok::<_, ()>(()), &mut hash).unwrap();
            assert_eq!(digest, sha256(input.as_bytes()));
            let signature = element.key(Slot::S0).sign(&digest).unwrap();
            assert!(verifies(&public_key, &digest, &signature));
            let mut text = String::new();
            let put = |bytes: &[u8]| {
                text.push_str(core::str::from_utf8(bytes).unwrap());
                Ok::<_, ()>(())
            };
            Token::write_signature(&signature, put).unwrap();
            assert_eq!(text.trim_start_matches('.').len(), 86);
        }
        assert_eq!(lengths, [63, 64, 65, 127, 128, 129]);
    }
}

#[test]
fn through_the_message_digest_buffer_of_a_608() {
    for profile in Profile::ALL {
        let (sim, mut element) = element(Sim::builder(profile).nv(provisioned(profile)));
        let digest = sha256(b"buffer");
        let chip = element.chip().unwrap();
        sim.clear_report();
        let signature = element.run(SignDigest::new(Slot::S0, &digest).through_message_digest_buffer());
        if profile.is_608() {
            assert!(verifies(&sim.public_key(0).unwrap(), &digest, &signature.unwrap()));
        } else {
            assert_eq!(signature, Err(Error::Unsupported { opcode: Opcode::Sign, chip }));
            assert_eq!(sim.report().addressed, 0);
        }
    }
}

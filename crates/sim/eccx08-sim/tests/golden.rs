//! Vectors of the protocol reference (sections 9 and of eccx08-vectors.py), byte by byte.

mod support;

use eccx08_sim::{NvImage, Profile, SignatureNonce, Sim};
use support::{Host, command, hex};

/// Section 9.3: Info per profile.
#[test]
fn info_names_the_part() {
    for (profile, revision, frame) in [
        (Profile::Atecc508a, [0, 0, 0x50, 0], hex::<7>("07 00 00 50 00 03 91")),
        (Profile::Atecc608a, [0, 0, 0x60, 1], hex("07 00 00 60 01 00 3A")),
        (Profile::Atecc608a, [0, 0, 0x60, 2], hex("07 00 00 60 02 80 38")),
        (Profile::Atecc608b, [0, 0, 0x60, 3], hex("07 00 00 60 03 83 BB")),
    ] {
        let mut host = Host::awake(Sim::builder(profile).revision(revision));
        host.write(&hex::<8>("03 07 30 00 00 00 03 5D")).unwrap();
        host.response();
        host.write(&[0]).unwrap();
        assert_eq!(host.read(7).unwrap(), frame);
    }
}

/// Section 9.6: the packets that this file's own framing must equal.
#[test]
fn packets_are_framed_as_in_the_reference() {
    let counted: Vec<u8> = (0..32).collect();
    for (packet, bytes) in [
        (command(0x30, 1, 0, &[]), hex::<8>("03 07 30 01 00 00 00 D7").to_vec()),
        (command(0x1B, 0, 0, &[]), hex::<8>("03 07 1B 00 00 00 24 CD").to_vec()),
        (command(0x02, 0x82, 0x0C40, &[]), hex::<8>("03 07 02 82 40 0C A9 A4").to_vec()),
        (command(0x12, 0, 4, &[0xC0, 0, 0x55, 0]), hex::<12>("03 0B 12 00 04 00 C0 00 55 00 8C 8F").to_vec()),
        (command(0x40, 4, 0, &[]), hex::<8>("03 07 40 04 00 00 83 87").to_vec()),
        (command(0x41, 0x80, 0, &[]), hex::<8>("03 07 41 80 00 00 28 05").to_vec()),
        (command(0x17, 0, 0x063E, &[]), hex::<8>("03 07 17 00 3E 06 68 04").to_vec()),
        (command(0x47, 2, 3, b"abc"), hex::<11>("03 0A 47 02 03 00 61 62 63 70 53").to_vec()),
    ] {
        assert_eq!(packet, bytes);
    }
    let nonce = command(0x16, 3, 0, &counted);
    assert_eq!(nonce[..6], hex::<6>("03 27 16 03 00 00"));
    assert_eq!(nonce[38..], hex::<2>("04 EE"));
}

/// Section 9.5: a block that was read from an ATECC608A-LoRaWAN.
#[test]
fn a_captured_configuration_block_reads_back() {
    let capture =
        hex::<35>("23 01234B16 00006002 0F3A7DF2 27015500 B2000001 8FBD858F CE0FCE0F CE0FCE0F 6B82");
    let mut nv = NvImage::blank(Profile::Atecc608a);
    for (word, bytes) in (0..).zip(capture[1..33].chunks(4)) {
        nv = nv.with_config_word(word, bytes.try_into().unwrap());
    }
    let sim = Sim::builder(Profile::Atecc608a).nv(nv).build(std::rc::Rc::default());
    let mut bus = sim.bus();
    use embedded_hal::delay::DelayNs;
    use embedded_hal::i2c::I2c;
    let _ = bus.write(0, &[1]);
    sim.delay().delay_us(1500);
    bus.write(0x59, &hex::<8>("03 07 02 80 00 00 09 AD")).unwrap();
    sim.delay().delay_ms(5);
    let mut frame = [0; 35];
    bus.read(0x59, &mut frame).unwrap();
    assert_eq!(frame, capture);
}

/// Section 9.9 and RFC 6979 A.2.5: a signature with deterministic k.
#[test]
fn rfc_6979_signs_as_the_vector() {
    let key = hex("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721");
    let digest: [u8; 32] = hex("af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf");
    let nv = support::locked(Profile::Atecc608a).with_private_key(0, &key);
    let sim = Sim::builder(Profile::Atecc608a).nv(nv).signature_nonce(SignatureNonce::Rfc6979);
    let mut host = Host::awake(sim);
    let public: [u8; 64] = hex("60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6
         7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
    assert_eq!(host.run(0x40, 0, 0, &[]), public);
    let signature: [u8; 64] = hex("EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716
         F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8");
    assert_eq!(host.sign(0, &digest), signature);
}

/// Section 9.9: the token of cryptoauthlib's tests, through Verify (external).
#[test]
fn the_token_vector_verifies() {
    let public: [u8; 64] = hex("013195B2304DC77EC0946A02E04EDC51EDF7E8779D44C92B90B8F7C34B729BD8
         11746E88319AE5C9EF683451347FABF9C22C81378AA2F36EB9544C5AF962F6ED");
    let digest: [u8; 32] = hex("1d24a656f6744e9b7c854d4c5644f4f3bdd0080e20c81e320b7a91ee4dbf5898");
    let good: [u8; 64] = hex("d2ff9062a9add9973482a55a2b4218d9b4561a04d9e12dc3545dabb1914f5d5b
         b550cf45fc00ae8a7d07929a8d22c8d81fa2175e7ccc8bfc4155d63820b3ab91");
    for profile in Profile::ALL {
        let mut host = Host::awake(Sim::builder(profile));
        for (signature, point, status) in
            [(good, public, 0x00), (flipped(&good), public, 0x01), (good, flipped(&public), 0x05)]
        {
            assert_eq!(host.fresh(0x16, 0x03, 0, &digest), [0]);
            let data = [signature, point].concat();
            assert_eq!(host.run(0x45, 0x02, 0x0004, &data), [status], "{profile}");
        }
    }
}

fn flipped(bytes: &[u8; 64]) -> [u8; 64] {
    let mut flipped = *bytes;
    flipped[63] ^= 1;
    flipped
}

/// Section 9.9: SHA of "abc", and of every length around a block.
#[test]
fn sha_is_sha_256() {
    use sha2::Digest;
    for profile in Profile::ALL {
        let mut host = Host::awake(Sim::builder(profile));
        assert_eq!(host.run(0x47, 0, 0, &[]), [0]);
        host.run(0x47, 2, 3, b"abc");
        host.write(&[0]).unwrap();
        let frame: [u8; 35] = hex("23 BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD B3FF");
        assert_eq!(host.read(35).unwrap(), frame);
        for length in (62..67).chain(126..131) {
            let message = vec![0x5A; length];
            assert_eq!(host.fresh(0x47, 0, 0, &[]), [0]);
            let (blocks, rest) = message.as_chunks::<64>();
            for block in blocks {
                assert_eq!(host.run(0x47, 1, 64, block), [0]);
            }
            let tail = u16::try_from(rest.len()).unwrap();
            assert_eq!(host.run(0x47, 2, tail, rest), sha2::Sha256::digest(&message)[..], "{length}");
        }
        assert_eq!(host.fresh(0x47, 0, 0, &[]), [0]);
        assert_eq!(host.run(0x47, 2, 64, &[0; 64]), [0x03], "an end of 64 bytes");
        assert_eq!(host.run(0x47, 2, 0, &[]).len(), 32);
        assert_eq!(host.run(0x47, 2, 0, &[]), [0x0F], "an end without a start");
        assert_eq!(host.run(0x47, 1, 64, &[0; 64]), [0x0F], "an update without a start");
    }
}

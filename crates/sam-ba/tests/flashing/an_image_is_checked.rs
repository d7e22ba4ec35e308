//! What is no program for this board is refused before anything is erased.

use crate::line::image;
use proptest::prelude::*;
use sam_ba::{Flasher, Image, ImageError, Region, Settings};

const ARM: u16 = 40;
const RISC_V: u16 = 243;
const HEADER: u16 = 52;
const PROGRAM_HEADER: u16 = 32;

/// An ELF file that loads `segments`: addresses in memory and in flash, and the bytes.
fn elf_file(machine: u16, segments: &[(u32, u32, Vec<u8>)]) -> Vec<u8> {
    const EXECUTABLE: u16 = 2;
    const LOAD: u32 = 1;
    let count = u16::try_from(segments.len()).unwrap();
    let mut file = b"\x7FELF\x01\x01\x01".to_vec();
    file.resize(16, 0);
    file.extend([EXECUTABLE, machine].iter().flat_map(|half| half.to_le_bytes()));
    file.extend([1, 0, u32::from(HEADER), 0, 0].iter().flat_map(|word| word.to_le_bytes()));
    let sizes = [HEADER, PROGRAM_HEADER, count, 40, 0, 0];
    file.extend(sizes.iter().flat_map(|half| half.to_le_bytes()));
    let mut offset = u32::from(HEADER + PROGRAM_HEADER * count);
    for (memory, flash, bytes) in segments {
        let length = u32::try_from(bytes.len()).unwrap();
        let header = [LOAD, offset, *memory, *flash, length, length, 4, 4];
        file.extend(header.iter().flat_map(|word| word.to_le_bytes()));
        offset += length;
    }
    segments.iter().for_each(|(_, _, bytes)| file.extend(bytes));
    file
}

fn program() -> Vec<u8> {
    image(1000).bytes().to_vec()
}

#[test]
fn initialised_data_follows_the_code_and_gaps_are_erased_flash() {
    let segments = [(0x2000, 0x2000, program()), (0x2000_0000, 0x2400, vec![1, 2, 3])];
    let image = Image::from_file(&elf_file(ARM, &segments)).unwrap();
    assert_eq!(image.range(), 0x2000..0x2403);
    assert_eq!(image.bytes()[..1000], program());
    assert!(image.bytes()[1000..0x400].iter().all(|byte| *byte == 0xFF));
    assert_eq!(image.bytes()[0x400..], [1, 2, 3]);
    assert_eq!(Image::from_file(image.bytes()).unwrap(), image, "the plain bytes are the same image");
}

#[test]
fn nothing_goes_below_the_program_or_beyond_the_flash() {
    for (start, length) in [(0, 1000), (0x1FFF, 1000), (0x3_FFFF, 2), (0x2000_0000, 4), (0xFFFF_FFFF, 1)] {
        let segments = [(0x2000, 0x2000, program()), (start, start, vec![0; length])];
        let refused = Image::from_elf(&elf_file(ARM, &segments));
        assert_eq!(refused, Err(ImageError::Outside { start, length }), "0x{start:X}");
    }
}

#[test]
fn files_for_something_else_are_refused() {
    let segments = [(0x2000, 0x2000, program())];
    let foreign = Image::from_elf(&elf_file(RISC_V, &segments));
    assert_eq!(foreign, Err(ImageError::Foreign { machine: RISC_V }));
    let twice = [(0x2000, 0x2000, program()), (0x2100, 0x2100, vec![0; 4])];
    assert_eq!(Image::from_elf(&elf_file(ARM, &twice)), Err(ImageError::Overlap(0x2100)));
    let mut cut = elf_file(ARM, &segments);
    cut.truncate(cut.len() - 100);
    assert_eq!(Image::from_elf(&cut), Err(ImageError::Truncated(0x2000)));
    let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    assert!(matches!(Image::from_file(&own), Err(ImageError::Elf(_) | ImageError::Foreign { .. })));
}

#[test]
fn vectors_must_make_sense() {
    let with = |stack: u32, reset: u32| {
        let mut bytes = program();
        bytes[..4].copy_from_slice(&stack.to_le_bytes());
        bytes[4..8].copy_from_slice(&reset.to_le_bytes());
        Image::from_bytes(&bytes)
    };
    assert!(with(0x2000_8000, 0x2009).is_ok());
    for stack in [0, 0x2000_0000, 0x2000_8008, 0x2000_7FFC, 0xFFFF_FFFF] {
        assert_eq!(with(stack, 0x2009), Err(ImageError::StackPointer(stack)));
    }
    for reset in [0, 0x2008, 0x1FFF, 0x2001 + 1000, 0xFFFF_FFFF] {
        assert_eq!(with(0x2000_8000, reset), Err(ImageError::ResetVector(reset)));
    }
    assert_eq!(Image::from_bytes(&[0; 7]), Err(ImageError::TooShort(7)));
    assert_eq!(
        Image::from_bytes(&vec![0; 253_953]),
        Err(ImageError::TooLong { length: 253_953, room: 253_952 })
    );
}

#[test]
fn an_image_that_would_cover_the_settings_is_refused_unless_they_go() {
    let region = Region::from(0x3_F800).unwrap();
    let (fits, too_long) = (image(0x3_D800), image(0x3_D801));
    assert!(Flasher::new(&fits, Settings::Keep(region)).is_ok());
    let refused = Flasher::new(&too_long, Settings::Keep(region)).unwrap_err();
    assert_eq!(refused, ImageError::OverSettings { end: 0x3_F801, settings: 0x3_F800 });
    assert!(Flasher::new(&too_long, Settings::Erase).is_ok());
}

#[test]
fn a_uf2_file_says_the_same_to_an_independent_reader() {
    let image = image(1001);
    let file = sam_ba::uf2(&image);
    assert_eq!(file.len(), 4 * 512);
    let (bytes, families) = uf2_decode::convert_from_uf2(&file).unwrap();
    assert_eq!(bytes[..1001], *image.bytes());
    assert!(bytes[1001..].iter().all(|byte| *byte == 0xFF));
    assert_eq!(families.get(&0x68ED_2B88), Some(&0x2000));
}

proptest! {
    #[test]
    fn no_file_makes_it_panic(file in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Image::from_file(&file);
        let mut elf = b"\x7FELF\x01\x01\x01".to_vec();
        elf.extend(&file);
        let _ = Image::from_file(&elf);
    }

    #[test]
    fn no_damaged_elf_file_makes_it_panic(at in 0_usize..1100, byte in any::<u8>()) {
        let mut file = elf_file(ARM, &[(0x2000, 0x2000, program())]);
        let at = at % file.len();
        file[at] = byte;
        let _ = Image::from_file(&file);
    }
}

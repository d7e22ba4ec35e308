//! The UF2 format: blocks of 512 bytes that a mass-storage loader takes in any order.

use crate::image::Image;

const MAGIC: [u32; 2] = [0x0A32_4655, 0x9E5D_5157];
const MAGIC_END: u32 = 0x0AB1_6F30;
/// The field `fileSize` holds a family instead.
const FAMILY_PRESENT: u32 = 0x2000;
/// The family SAMD21.
const SAMD21: u32 = 0x68ED_2B88;
const PAYLOAD: u32 = 256;
const BLOCK: usize = 512;

/// Returns `image` as a UF2 file for the family SAMD21.
///
/// Arduino's own loader does not read such files; one of the project uf2-samdx1 does.
pub fn uf2(image: &Image) -> Vec<u8> {
    let payloads = image.bytes().chunks(PAYLOAD as usize);
    let count = u32::try_from(payloads.len()).unwrap_or(u32::MAX);
    let mut file = Vec::with_capacity(payloads.len() * BLOCK);
    for (number, payload) in (0_u32..).zip(payloads) {
        let address = image.range().start + number * PAYLOAD;
        let header = [MAGIC[0], MAGIC[1], FAMILY_PRESENT, address, PAYLOAD, number, count, SAMD21];
        file.extend(header.iter().flat_map(|field| field.to_le_bytes()));
        let mut data = [0xFF; PAYLOAD as usize];
        data[..payload.len()].copy_from_slice(payload);
        file.extend_from_slice(&data);
        file.resize((number as usize + 1) * BLOCK - size_of::<u32>(), 0);
        file.extend(MAGIC_END.to_le_bytes());
    }
    file
}

//! Any bytes, in pieces of any size: the tokens do not depend on how the bytes are cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sara_u201::at::{DataFrame, Framing, Token, Tokenizer};

fn tokens(input: &[u8], size: usize) -> (Vec<u8>, Vec<u8>) {
    let framing =
        Framing { prompt: Some(b'@'), data: Some(DataFrame { prefix: b"+USORD", field: 2, hex: false }) };
    let mut tokenizer = Tokenizer::<64>::new();
    let (mut lines, mut data) = (Vec::new(), Vec::new());
    for mut piece in input.chunks(size) {
        while let Some(token) = tokenizer.next(&mut piece, framing) {
            match token {
                Token::Line { text, .. } | Token::DataHeader(text) => lines.extend_from_slice(text),
                Token::Data(bytes) => data.extend_from_slice(bytes),
                Token::Prompt => lines.push(b'@'),
                Token::DataEnd { whole } => lines.push(u8::from(whole)),
            }
        }
    }
    (lines, data)
}

fuzz_target!(|input: &[u8]| {
    let Some((&size, input)) = input.split_first() else { return };
    assert_eq!(tokens(input, usize::from(size) + 1), tokens(input, input.len().max(1)));
});

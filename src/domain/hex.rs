//! Bytes as hexadecimal digits and back: hashes, keys, signatures.
//!
//! Lower case is written; both cases are read. Nothing here runs in constant time: compare
//! secrets as bytes, with [`crate::domain::authentication`].

/// Writes bytes as lower-case hexadecimal digits, two for each.
pub fn encode(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from(if half < 10 { b'0' + half } else { b'a' + half - 10 });
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 0x0f));
    }
    text
}

/// Reads hexadecimal digits; none if there is an odd number of them or anything else among them.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
    let digits = digits?;
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    digits
        .chunks_exact(2)
        .map(|pair| match pair {
            [high, low] => u8::try_from(high * 16 + low).ok(),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_being_written_and_read() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(decode(&encode(&bytes)), Some(bytes));
        assert_eq!(encode(&[0x00, 0x9f, 0xa0]), "009fa0");
    }

    #[test]
    fn half_a_byte_and_other_letters_are_not_read() {
        for text in ["0", "0g", "é0", " 00"] {
            assert_eq!(decode(text), None, "{text:?} was taken");
        }
    }
}

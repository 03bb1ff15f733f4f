//! Values that cross a boundary as text: epochs as `1.42`, bytes and hashes as hexadecimal digits.
//!
//! INVARIANT: what is read is exactly what would be written; a leading zero, a sign or a capital is an error.

pub(crate) mod epoch {
    //! [`Epoch`] as `1.42`.

    use nullius_model::Epoch;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(crate) fn serialize<S: Serializer>(epoch: &Epoch, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(epoch)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Epoch, D::Error> {
        let text = String::deserialize(from)?;
        super::parse_epoch(&text)
            .ok_or_else(|| D::Error::custom("an epoch is written `TERM.COUNTER`, as in `1.42`"))
    }
}

pub(crate) mod optional_epoch {
    //! The same where there may be none.

    use nullius_model::Epoch;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Wrapped(#[serde(with = "super::epoch")] Epoch);

    pub(crate) fn serialize<S: Serializer>(epoch: &Option<Epoch>, to: S) -> Result<S::Ok, S::Error> {
        epoch.map(Wrapped).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Epoch>, D::Error> {
        Ok(Option::<Wrapped>::deserialize(from)?.map(|Wrapped(epoch)| epoch))
    }
}

pub(crate) mod hex {
    //! Bytes as hexadecimal digits.

    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&super::to_hex(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        super::from_hex(&text)
            .ok_or_else(|| D::Error::custom("expected pairs of lower-case hexadecimal digits"))
    }
}

pub(crate) mod hash {
    //! A SHA-256 as hexadecimal digits.

    use crate::link::Hash;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(crate) fn serialize<S: Serializer>(hash: &Hash, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(hash)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Hash, D::Error> {
        let text = String::deserialize(from)?;
        let bytes = super::from_hex(&text).and_then(|bytes| bytes.try_into().ok());
        bytes.map(Hash).ok_or_else(|| D::Error::custom("expected 64 lower-case hexadecimal digits"))
    }
}

pub(crate) mod hashes {
    //! The same, of many.

    use crate::link::Hash;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Wrapped(#[serde(with = "super::hash")] Hash);

    pub(crate) fn serialize<S: Serializer>(hashes: &[Hash], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(hashes.iter().copied().map(Wrapped))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Hash>, D::Error> {
        Ok(Vec::<Wrapped>::deserialize(from)?.into_iter().map(|Wrapped(hash)| hash).collect())
    }
}

pub(crate) mod blobs {
    //! Many byte strings as hexadecimal digits.

    use crate::link::Blob;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Wrapped(#[serde(with = "super::hex")] Vec<u8>);

    pub(crate) fn serialize<S: Serializer>(blobs: &[Blob], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(blobs.iter().map(|blob| super::to_hex(&blob.0)))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Blob>, D::Error> {
        Ok(Vec::<Wrapped>::deserialize(from)?.into_iter().map(|Wrapped(bytes)| Blob(bytes)).collect())
    }
}

/// `1.42`; nothing for any other spelling.
pub fn parse_epoch(text: &str) -> Option<nullius_model::Epoch> {
    let (term, counter) = text.split_once('.')?;
    let epoch = nullius_model::Epoch { term: term.parse().ok()?, counter: counter.parse().ok()? };
    (epoch.to_string() == text).then_some(epoch)
}

/// Lower-case hexadecimal digits, two a byte.
pub fn to_hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(if nibble < 10 { b'0' + nibble } else { b'a' - 10 + nibble });
    bytes.iter().flat_map(|&byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The bytes that [`to_hex`] wrote; nothing where a character is no lower-case digit or one is left over.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes =
        pairs.iter().map(|&[high, low]| Some((value(high)? << 4) | value(low)?)).collect::<Option<_>>();
    bytes.filter(|_| rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_from_their_digits_and_nothing_else_is_taken() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(from_hex(&to_hex(&bytes)), Some(bytes));
        for bad in ["0", "0g", "0A", " 0", "00 "] {
            assert_eq!(from_hex(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_epoch_has_one_spelling() {
        let epoch = parse_epoch("1.42").unwrap();
        assert_eq!((epoch.term, epoch.counter), (1, 42));
        for bad in ["", "1", "1.", ".1", "01.2", "1.+2", "1.2.3", "1.18446744073709551616"] {
            assert_eq!(parse_epoch(bad), None, "{bad}");
        }
    }
}

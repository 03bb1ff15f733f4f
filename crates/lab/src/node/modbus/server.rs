//! What a server answers from its memory.

use super::codec::Exception;

/// Coils and registers a device has; each kind is one table, whichever function asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::node) struct Memory {
    /// Outputs and inputs of one bit.
    pub(in crate::node) coils: Vec<bool>,
    /// Registers of 16 bits.
    pub(in crate::node) registers: Vec<u16>,
}

/// Most bits of one read (V1.1b3, 6.1), and of one write (6.11).
const MAX_BITS: (u16, u16) = (2000, 1968);
/// Most registers of one read (V1.1b3, 6.3), and of one write (6.12).
const MAX_REGISTERS: (u16, u16) = (125, 123);

/// The reply to `request` (function code and data), and what it does to the memory.
pub(in crate::node) fn answer(request: &[u8], memory: &mut Memory) -> Vec<u8> {
    let Some((&function, data)) = request.split_first() else {
        return vec![0x80, Exception::Function as u8];
    };
    match serve(function, data, memory) {
        Ok(reply) => [&[function], reply.as_slice()].concat(),
        Err(exception) => vec![function | 0x80, exception as u8],
    }
}

fn serve(function: u8, data: &[u8], memory: &mut Memory) -> Result<Vec<u8>, Exception> {
    match function {
        1 | 2 => {
            let (first, count) = span(data, MAX_BITS.0)?;
            let bits = read(&memory.coils, first, count)?;
            Ok(counted(&packed(bits)))
        }
        3 | 4 => {
            let (first, count) = span(data, MAX_REGISTERS.0)?;
            let words = read(&memory.registers, first, count)?;
            Ok(counted(&words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<_>>()))
        }
        5 => {
            let (address, value) = pair(data)?;
            let on = match value {
                0xff00 => true,
                0 => false,
                _ => return Err(Exception::Value),
            };
            write(&mut memory.coils, address, &[on])?;
            Ok(data.to_vec())
        }
        6 => {
            let (address, value) = pair(data)?;
            write(&mut memory.registers, address, &[value])?;
            Ok(data.to_vec())
        }
        15 => {
            let (first, count, bytes) = block(data, MAX_BITS.1)?;
            write(&mut memory.coils, first, &unpacked(bytes, count)?)?;
            Ok(data.iter().take(4).copied().collect())
        }
        16 => {
            let (first, count, bytes) = block(data, MAX_REGISTERS.1)?;
            write(&mut memory.registers, first, &words(bytes, count)?)?;
            Ok(data.iter().take(4).copied().collect())
        }
        _ => Err(Exception::Function),
    }
}

fn pair(data: &[u8]) -> Result<(u16, u16), Exception> {
    match *data {
        [a, b, c, d] => Ok((u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]))),
        _ => Err(Exception::Value),
    }
}

/// First address and how many.
fn span(data: &[u8], most: u16) -> Result<(u16, u16), Exception> {
    let (first, count) = pair(data)?;
    if count == 0 || count > most { Err(Exception::Value) } else { Ok((first, count)) }
}

/// First address, how many, and the bytes of the values.
fn block(data: &[u8], most: u16) -> Result<(u16, u16, &[u8]), Exception> {
    let (head, rest) = data.split_at_checked(4).ok_or(Exception::Value)?;
    let (first, count) = span(head, most)?;
    match rest.split_first() {
        Some((&length, bytes)) if usize::from(length) == bytes.len() => Ok((first, count, bytes)),
        _ => Err(Exception::Value),
    }
}

fn read<T>(table: &[T], first: u16, count: u16) -> Result<&[T], Exception> {
    let first = usize::from(first);
    table.get(first..first + usize::from(count)).ok_or(Exception::Address)
}

fn write<T: Copy>(table: &mut [T], first: u16, values: &[T]) -> Result<(), Exception> {
    let first = usize::from(first);
    let place = table.get_mut(first..first + values.len()).ok_or(Exception::Address)?;
    place.copy_from_slice(values);
    Ok(())
}

fn counted(bytes: &[u8]) -> Vec<u8> {
    let length = u8::try_from(bytes.len()).unwrap_or(u8::MAX);
    [&[length], bytes].concat()
}

/// The first bit is the lowest of the first byte.
fn packed(bits: &[bool]) -> Vec<u8> {
    let byte = |eight: &[bool]| eight.iter().rev().fold(0, |byte, &bit| byte << 1 | u8::from(bit));
    bits.chunks(8).map(byte).collect()
}

fn unpacked(bytes: &[u8], count: u16) -> Result<Vec<bool>, Exception> {
    let count = usize::from(count);
    if bytes.len() != count.div_ceil(8) {
        return Err(Exception::Value);
    }
    let bits = bytes.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1));
    Ok(bits.take(count).collect())
}

fn words(bytes: &[u8], count: u16) -> Result<Vec<u16>, Exception> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() || pairs.len() != usize::from(count) {
        return Err(Exception::Value);
    }
    Ok(pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory() -> Memory {
        Memory {
            coils: vec![true, false, true, false, false, false, false, false, true],
            registers: vec![1, 2, 3],
        }
    }

    /// Every function, and every way to ask it wrongly.
    #[test]
    fn each_request_gets_the_reply_of_the_specification() {
        let cases: [(&[u8], &[u8]); 18] = [
            (&[1, 0, 0, 0, 9], &[1, 2, 5, 1]),
            (&[2, 0, 1, 0, 2], &[2, 1, 2]),
            (&[3, 0, 1, 0, 2], &[3, 4, 0, 2, 0, 3]),
            (&[4, 0, 0, 0, 1], &[4, 2, 0, 1]),
            (&[5, 0, 1, 0xff, 0], &[5, 0, 1, 0xff, 0]),
            (&[6, 0, 2, 1, 2], &[6, 0, 2, 1, 2]),
            (&[15, 0, 0, 0, 3, 1, 2], &[15, 0, 0, 0, 3]),
            (&[16, 0, 0, 0, 2, 4, 0, 9, 0, 8], &[16, 0, 0, 0, 2]),
            (&[3, 0, 2, 0, 2], &[0x83, 2]),
            (&[3, 0xff, 0xff, 0, 125], &[0x83, 2]),
            (&[3, 0, 0, 0, 0], &[0x83, 3]),
            (&[3, 0, 0, 0, 126], &[0x83, 3]),
            (&[3, 0, 0], &[0x83, 3]),
            (&[5, 0, 1, 0xff, 1], &[0x85, 3]),
            (&[6, 0, 3, 0, 0], &[0x86, 2]),
            (&[16, 0, 0, 0, 2, 4, 0, 9], &[0x90, 3]),
            (&[43, 14, 1, 0], &[0xab, 1]),
            (&[], &[0x80, 1]),
        ];
        for (request, reply) in cases {
            assert_eq!(answer(request, &mut memory()), reply, "{request:?}");
        }
    }

    #[test]
    fn what_was_written_is_read() {
        let mut memory = memory();
        answer(&[16, 0, 0, 0, 2, 4, 0, 9, 0, 8], &mut memory);
        answer(&[15, 0, 0, 0, 3, 1, 2], &mut memory);
        assert_eq!(memory.registers, [9, 8, 3]);
        assert_eq!(memory.coils.iter().take(3).copied().collect::<Vec<_>>(), [false, true, false]);
    }
}

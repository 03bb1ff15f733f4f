//! What the kernel hands over of a port's frames: those to the gateway's group and port (classic BPF, `linux/filter.h`).
//!
//! It spares the gateway the rest of the plant's traffic. What it lets through is read again in full by [`super::frame`].

use super::frame::MAX_FRAME;
use nullius_capture::Instruction;
use nullius_protocol::agent::{GROUP, GROUP_MAC, PORT};

/// Loads of a word, half a word and a byte at an offset; a jump where equal; the end.
const WORD: u16 = 0x20;
const HALF: u16 = 0x28;
const BYTE: u16 = 0x30;
const EQUAL: u16 = 0x15;
const RETURN: u16 = 0x06;

/// Whether the network card took a VLAN tag off (`SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT`).
const TAGGED: u32 = 0xffff_f000 + 48;

/// Bytes of a frame beyond the longest that is read: what the kernel pads.
const PADDING: usize = 64;

/// The program.
pub(super) fn program() -> Vec<Instruction> {
    let [a, b, c, d, e, f] = GROUP_MAC;
    let group = GROUP.octets();
    let word = |at: usize| {
        u32::from_be_bytes(group.get(at..).and_then(|four| four.first_chunk()).copied().unwrap_or_default())
    };
    let tests = [
        (WORD, TAGGED, 0),
        (WORD, 0, u32::from_be_bytes([a, b, c, d])),
        (HALF, 4, u32::from(u16::from_be_bytes([e, f]))),
        (HALF, 12, 0x86dd),
        (BYTE, 20, 17),
        (WORD, 38, word(0)),
        (WORD, 42, word(4)),
        (WORD, 46, word(8)),
        (WORD, 50, word(12)),
        (HALF, 56, u32::from(PORT)),
    ];
    let last = tests.len() * 2 + 1;
    let mut program: Vec<Instruction> = Vec::with_capacity(last + 1);
    for (load, at, value) in tests {
        program.push((load, 0, 0, at));
        // where it differs: to the last instruction, counted from the next one
        let away = u8::try_from(last - program.len() - 1).unwrap_or_default();
        program.push((EQUAL, 0, away, value));
    }
    program.push((RETURN, 0, 0, u32::try_from(MAX_FRAME + PADDING).unwrap_or_default()));
    program.push((RETURN, 0, 0, 0));
    program
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_jump_ends_at_the_refusal() {
        let program = program();
        let last = program.len() - 1;
        assert_eq!(program[last], (RETURN, 0, 0, 0));
        for (at, &(code, yes, no, _)) in program.iter().enumerate() {
            if code == EQUAL {
                assert_eq!((yes, at + 1 + usize::from(no)), (0, last));
            }
        }
    }
}

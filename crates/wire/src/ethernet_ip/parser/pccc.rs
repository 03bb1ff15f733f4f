//! PCCC: the command set of PLC-5, SLC 500 and MicroLogix, carried in CIP's Execute_PCCC service
//! (Rockwell Automation publication 1770-6.5.16, "DF1 Protocol and Command Set", chapter 7).

use crate::reader::{Parse, Reader};

/// A PCCC command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Pccc {
    pub(in super::super) command: u8,
    pub(in super::super) function: u8,
    /// The data table it touches, for the typed logical commands.
    pub(in super::super) file: Option<FileRange>,
}

/// Part of a data file: `N7:3` and how many bytes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct FileRange {
    pub(in super::super) kind: u8,
    pub(in super::super) file: u16,
    pub(in super::super) element: u16,
    pub(in super::super) bytes: u8,
}

/// The command of all extended functions.
pub(in super::super) const EXTENDED: u8 = 0x0f;

/// Reads the data of an Execute_PCCC request: the requester's identity, then the command.
pub(in super::super) fn command(data: &[u8]) -> Parse<Pccc> {
    let mut reader = Reader::new(data);
    let requester = reader.u8()?;
    // The length counts itself.
    reader.skip(usize::from(requester.saturating_sub(1)))?;
    let command = reader.u8()?;
    reader.skip(1 + 2)?;
    let function = reader.u8()?;
    let typed = command == EXTENDED && matches!(function, 0xa1 | 0xa2 | 0xa9 | 0xaa | 0xab);
    let file = if typed { Some(file_range(&mut reader)?) } else { None };
    Ok(Pccc { command, function, file })
}

fn file_range(reader: &mut Reader<'_>) -> Parse<FileRange> {
    let bytes = reader.u8()?;
    let file = field(reader)?;
    let kind = reader.u8()?;
    let element = field(reader)?;
    Ok(FileRange { kind, file, element, bytes })
}

/// One byte, or 0xFF and two.
fn field(reader: &mut Reader<'_>) -> Parse<u16> {
    match reader.u8()? {
        0xff => reader.le16(),
        byte => Ok(u16::from(byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::unhex;

    #[test]
    fn a_typed_logical_read_names_its_file_and_every_cut_is_refused() {
        let whole = unhex("07 4d00 01020304 0f 00 0100 a2 14 07 89 ff0001 00");
        let file = Some(FileRange { kind: 0x89, file: 7, element: 256, bytes: 20 });
        assert_eq!(command(&whole), Ok(Pccc { command: 0x0f, function: 0xa2, file }));
        for cut in 0..whole.len() - 1 {
            assert!(command(&whole[..cut]).is_err(), "{cut}");
        }
        assert!(command(&unhex("ff 00")).is_err(), "the requester's length lies");
    }
}

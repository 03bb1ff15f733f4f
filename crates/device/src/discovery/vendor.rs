//! The manufacturer a hardware address was assigned to (IEEE Registration Authority).
//!
//! An address can be set at will: the vendor is a hint, never proof.

use nullius_model::Mac;

/// The organisation the address block belongs to; nothing for an address that software made up.
pub fn of(mac: Mac) -> Option<&'static str> {
    if mac.is_group() || mac.is_locally_administered() || mac.is_none() {
        return None;
    }
    let [a, b, c, d, e, f] = mac.octets();
    let text = format!("{a:02X}{b:02X}{c:02X}{d:02X}{e:02X}{f:02X}");
    oui_data::lookup(&text).map(|block| block.organization())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vendor_is_known_by_its_block_and_a_made_up_address_has_none() {
        assert!(of(Mac::new([0x00, 0x04, 0x17, 2, 0x36, 0x35])).is_some());
        assert_eq!(of(Mac::new([0x02, 0, 0, 0, 0, 1])), None);
        assert_eq!(of(Mac::BROADCAST), None);
    }
}

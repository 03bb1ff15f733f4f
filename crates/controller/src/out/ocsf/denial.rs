//! The words in which a gateway records a denial, taken apart again.
//!
//! A record of a gateway is one line of text, and its words are those of `engine::DenialSummary`. What does not read
//! like one leaves the fields of the event empty; the text itself is in the event anyway.

/// What a record says of a denial.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Denial<'a> {
    pub(super) subject: Option<&'a str>,
    pub(super) object: Option<&'a str>,
    pub(super) carrier: Option<&'a str>,
    pub(super) port: Option<&'a str>,
    pub(super) count: Option<u64>,
    /// How sure the gateway was of the sender, and what that rests on. Records from before it said so have none.
    pub(super) sender: Option<(&'a str, &'a str)>,
    /// It passed: the stage is shadow.
    pub(super) only_counted: bool,
}

impl<'a> Denial<'a> {
    /// `… epoch 1.7: denied plc1 -> 10.0.0.7 tcp/502 (policy), 7 packets on port p1: sender IA2 bound by the inventory; …`
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let (_, said) = text.split_once(" epoch ")?.1.split_once(": ")?;
        let (only_counted, said) = match said.strip_prefix("denied ") {
            Some(rest) => (false, rest),
            None => (true, said.strip_prefix("would deny ")?),
        };
        let (subject, rest) = said.split_once(" -> ")?;
        let (object, rest) = rest.split_once(' ')?;
        let (carrier, rest) = rest.split_once(" (")?;
        let (_, rest) = rest.split_once("), ")?;
        let (count, rest) = rest.split_once(" packets")?;
        let (place, because) = rest.split_once(": ").unwrap_or_default();
        let port = place.strip_prefix(" on port ");
        let sender =
            because.strip_prefix("sender ").and_then(|said| said.split_once("; ")?.0.split_once(' '));
        let (subject, object, carrier) = (Some(subject), Some(object), Some(carrier));
        Some(Self { subject, object, carrier, port, count: count.parse().ok(), sender, only_counted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nullius_engine::{Carrier, DenialKind, DenialSummary, Identified, Party};
    use nullius_model::{Assurance, DenialReason, DeviceName, Mac, PortName};

    #[test]
    fn what_the_engine_writes_is_read_back() {
        for only_counted in [false, true] {
            let summary = DenialSummary {
                port: (!only_counted).then(|| PortName::new("p1").unwrap()),
                kind: DenialKind {
                    subject: Party::Device(DeviceName::new("plc1").unwrap()),
                    object: Party::Station(Mac::new([0, 1, 2, 3, 4, 5])),
                    carrier: Carrier::Link(0x88cc),
                    reason: DenialReason::ALL[0],
                    only_counted,
                },
                sender: Identified { assurance: Assurance::Ia4, by: "certificate, software key" },
                count: 9,
                first: nullius_model::Uptime::default(),
                last: nullius_model::Uptime::default(),
                because: vec!["one: two".to_owned()],
            };
            let text = format!("2026-11-22T20:16:20.000001Z epoch 1.7: {summary}");
            let read = Denial::read(&text).unwrap();
            assert_eq!((read.subject, read.object), (Some("plc1"), Some("00:01:02:03:04:05")));
            assert_eq!((read.carrier, read.count), (Some("link/0x88cc"), Some(9)));
            assert_eq!((read.port, read.only_counted), ((!only_counted).then_some("p1"), only_counted));
            assert_eq!(read.sender, Some(("IA4", "certificate, software key")));
        }
        assert_eq!(Denial::read("2026 epoch 1.7: applied"), None);
    }

    #[test]
    fn a_record_from_before_senders_were_judged_reads_as_it_did() {
        let old = "2026-11-22T20:16:20Z epoch 1.7: denied plc1 -> cam1 tcp/80 (policy), 7 packets on port p1: \
            no policy permits it";
        let read = Denial::read(old).unwrap();
        assert_eq!(
            (read.subject, read.port, read.count, read.sender),
            (Some("plc1"), Some("p1"), Some(7), None)
        );
    }
}

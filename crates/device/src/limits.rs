//! How much a site may remember.

/// Bounds of every table. What does not fit is let go: the least seen and least known first, and it is said so.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Pairs of hardware and network address. A flood of spoofed addresses makes a hundred thousand a minute.
    pub stations: usize,
    /// Claims kept of one station; a device that renames itself each second would otherwise fill memory.
    pub facts_per_station: usize,
    /// Claims over all stations; each takes up to half a kilobyte.
    pub facts: usize,
    /// Conversations. A port scan opens one a probe.
    pub conversations: usize,
    /// Symbols of one conversation. Real channels have a median of 11 and at most 47 (dynamics §5.2).
    pub symbols_per_conversation: usize,
    /// Symbols over all conversations.
    pub symbols: usize,
    /// Distinct findings.
    pub findings: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            stations: 32_768,
            facts_per_station: 64,
            facts: 131_072,
            conversations: 32_768,
            symbols_per_conversation: 4_096,
            symbols: 131_072,
            findings: 16_384,
        }
    }
}

/// How many of a shared table's entries one owner may have, of `limit` at most, while `room` is left: the fuller the
/// table, the fewer. Whoever fills it alone leaves room for others; all together they leave some for the next.
pub(crate) const fn share(limit: usize, room: usize) -> usize {
    let fair = room.div_ceil(64);
    if fair < limit { fair } else { limit }
}

//! Two of a kind: what is kept of each direction of a flow.

use nullius_model::Direction;

/// One for what the client sends and one for what the server sends.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sides<T> {
    pub(crate) client: T,
    pub(crate) server: T,
}

impl<T> Sides<T> {
    /// Both together, by `measure`.
    pub(crate) fn sum(&self, measure: impl Fn(&T) -> usize) -> usize {
        measure(&self.client) + measure(&self.server)
    }

    /// That of the end which sends in `direction`.
    pub(crate) const fn of(&mut self, direction: Direction) -> &mut T {
        match direction {
            Direction::FromClient => &mut self.client,
            Direction::FromServer => &mut self.server,
        }
    }
}

//! What crosses a boundary: signed bundles, the local API, stored state.

//! A plant in network namespaces.

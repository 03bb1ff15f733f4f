//! The operations, over both databases.

mod acts;
mod desk;
mod devices;
mod enrolment;
mod grants;
mod policy;
mod reading;
mod wholes;

//! The operations of the API, one file a noun, and the document that describes them.
//!
//! Each operation says in `x-permission` what it takes (see `http::gate`). What every operation of a kind may answer
//! is added in `document`, once.

mod audit;
mod device_events;
mod device_import;
mod devices;
mod document;
mod emergencies;
mod enrolment;
mod events;
mod gateways;
mod grants;
mod info;
mod manufacturers;
#[cfg(test)]
mod matrix;
mod policy;
mod proposals;
mod receivers;
mod session;
mod sites;
mod standing;
mod tokens;
mod users;
mod why;
mod work;

use crate::App;
use utoipa_axum::router::OpenApiRouter;

/// All operations, and the document.
pub(crate) fn routes() -> OpenApiRouter<App> {
    let mut routes = OpenApiRouter::with_openapi(document::empty())
        .merge(audit::routes())
        .merge(crate::join::routes())
        .merge(device_events::routes())
        .merge(device_import::routes())
        .merge(devices::routes())
        .merge(emergencies::routes())
        .merge(enrolment::routes())
        .merge(events::routes())
        .merge(gateways::routes())
        .merge(grants::routes())
        .merge(info::routes())
        .merge(manufacturers::routes())
        .merge(policy::routes())
        .merge(proposals::routes())
        .merge(receivers::routes())
        .merge(session::routes())
        .merge(sites::routes())
        .merge(standing::routes())
        .merge(tokens::routes())
        .merge(users::routes())
        .merge(why::routes());
    document::complete(routes.get_openapi_mut());
    routes
}

#[cfg(test)]
mod tests;

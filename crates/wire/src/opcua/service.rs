//! Services by the identifier of their binary encoding (OPC 10000-6 Annex A) and what they do (OPC 10000-4).

use nullius_model::VerbClass;

/// A service of the standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Service {
    /// Its name in the standard.
    pub(super) verb: &'static str,
    pub(super) class: VerbClass,
    /// Identifier of its request.
    pub(super) request: u32,
    /// Identifier of its answer.
    pub(super) response: u32,
}

/// What answers a request that failed as a whole.
pub(super) const SERVICE_FAULT: u32 = 397;

pub(super) const GET_ENDPOINTS: u32 = 428;
pub(super) const OPEN_SECURE_CHANNEL: u32 = 446;
pub(super) const CLOSE_SECURE_CHANNEL: u32 = 452;
pub(super) const CREATE_SESSION: u32 = 461;
pub(super) const ACTIVATE_SESSION: u32 = 467;
pub(super) const ADD_NODES: u32 = 488;
pub(super) const DELETE_NODES: u32 = 500;
pub(super) const READ: u32 = 631;
pub(super) const HISTORY_READ: u32 = 664;
pub(super) const WRITE: u32 = 673;
pub(super) const CALL: u32 = 712;
pub(super) const CREATE_MONITORED_ITEMS: u32 = 751;

/// The service that this is the request of.
pub(super) fn of_request(id: u32) -> Option<&'static Service> {
    SERVICES.iter().find(|service| service.request == id)
}

/// The service that this is the answer of.
pub(super) fn of_response(id: u32) -> Option<&'static Service> {
    SERVICES.iter().find(|service| service.response == id)
}

/// Every service. Publish is asked for by the client, so that it belongs to its subscription.
static SERVICES: &[Service] = &[
    service(READ, "Read", VerbClass::Read),
    service(826, "Publish", VerbClass::Subscribe),
    service(WRITE, "Write", VerbClass::Write),
    service(CALL, "Call", VerbClass::Command),
    service(527, "Browse", VerbClass::Discover),
    service(533, "BrowseNext", VerbClass::Discover),
    service(422, "FindServers", VerbClass::Discover),
    Service { response: 12209, ..service(12208, "FindServersOnNetwork", VerbClass::Discover) },
    service(GET_ENDPOINTS, "GetEndpoints", VerbClass::Discover),
    service(437, "RegisterServer", VerbClass::Discover),
    Service { response: 12212, ..service(12211, "RegisterServer2", VerbClass::Discover) },
    service(554, "TranslateBrowsePathsToNodeIds", VerbClass::Discover),
    service(OPEN_SECURE_CHANNEL, "OpenSecureChannel", VerbClass::Connect),
    service(CLOSE_SECURE_CHANNEL, "CloseSecureChannel", VerbClass::Connect),
    service(CREATE_SESSION, "CreateSession", VerbClass::Connect),
    service(ACTIVATE_SESSION, "ActivateSession", VerbClass::Connect),
    service(473, "CloseSession", VerbClass::Connect),
    service(479, "Cancel", VerbClass::Connect),
    service(ADD_NODES, "AddNodes", VerbClass::Configure),
    service(494, "AddReferences", VerbClass::Configure),
    service(DELETE_NODES, "DeleteNodes", VerbClass::Configure),
    service(506, "DeleteReferences", VerbClass::Configure),
    service(560, "RegisterNodes", VerbClass::Read),
    service(566, "UnregisterNodes", VerbClass::Read),
    service(615, "QueryFirst", VerbClass::Read),
    service(621, "QueryNext", VerbClass::Read),
    service(HISTORY_READ, "HistoryRead", VerbClass::Read),
    service(700, "HistoryUpdate", VerbClass::Write),
    service(CREATE_MONITORED_ITEMS, "CreateMonitoredItems", VerbClass::Subscribe),
    service(763, "ModifyMonitoredItems", VerbClass::Subscribe),
    service(769, "SetMonitoringMode", VerbClass::Subscribe),
    service(775, "SetTriggering", VerbClass::Subscribe),
    service(781, "DeleteMonitoredItems", VerbClass::Subscribe),
    service(787, "CreateSubscription", VerbClass::Subscribe),
    service(793, "ModifySubscription", VerbClass::Subscribe),
    service(799, "SetPublishingMode", VerbClass::Subscribe),
    service(832, "Republish", VerbClass::Subscribe),
    service(841, "TransferSubscriptions", VerbClass::Subscribe),
    service(847, "DeleteSubscriptions", VerbClass::Subscribe),
    service(410, "TestStack", VerbClass::Diagnose),
    service(416, "TestStackEx", VerbClass::Diagnose),
];

/// The identifiers of nearly all answers are three above those of the requests.
const fn service(request: u32, verb: &'static str, class: VerbClass) -> Service {
    Service { verb, class, request, response: request + 3 }
}

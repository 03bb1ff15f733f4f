//! The same questions for Cedar's authoriser, over all policies and the smallest set of entities that will do.

use crate::site::Site;
use cedar_policy::{
    Authorizer, Context, Entities, Entity, EntityUid, PolicySet, Request as CedarRequest, Response,
    RestrictedExpression as Expression,
};
use nullius_policy::Request;
use std::collections::{HashMap, HashSet};

pub(crate) struct Cedar {
    policies: PolicySet,
    authorizer: Authorizer,
}

impl Cedar {
    pub(crate) fn new(policies: &str) -> Self {
        Self { policies: policies.parse().unwrap(), authorizer: Authorizer::new() }
    }

    pub(crate) fn ask(&self, request: &CedarRequest, entities: &Entities) -> Response {
        self.authorizer.is_authorized(request, &self.policies, entities)
    }
}

pub(crate) fn question(site: &Site, request: &Request) -> (CedarRequest, Entities) {
    let (subject, object) = (request.subject.as_str(), request.object.device.as_str());
    let service = uid("Service", &request.object.to_string());
    let context = [
        ("ia", Expression::new_long(3)),
        ("mode", Expression::new_string("normal".to_owned())),
        ("time", record(&[("minute", 0), ("weekday", 0)])),
        ("risk", Expression::new_long(1)),
        ("conforms", Expression::new_bool(true)),
        ("message", record(&[("unit", 1), ("address", 100), ("quantity", 8)])),
    ];
    let context = context.map(|(name, value)| (name.to_owned(), value));
    let action = uid("Modbus::Action", &request.verb);
    let question = CedarRequest::new(
        uid("Device", subject),
        action.clone(),
        service.clone(),
        Context::from_pairs(context).unwrap(),
        None,
    );
    let mut entities: HashMap<EntityUid, Entity> = HashMap::new();
    for device in [subject, object] {
        let declared = site.repository.inventory().devices.iter().find(|(name, _)| name.as_str() == device);
        let groups = declared.unwrap().1.groups.iter();
        let parents =
            groups.map(|group| uid("Group", group)).chain([uid("Zone", "floor"), uid("Group", "machines")]);
        entities.insert(
            uid("Device", device),
            Entity::new(uid("Device", device), HashMap::new(), parents.collect()).unwrap(),
        );
    }
    let parents = HashSet::from([uid("Device", object)]);
    entities.insert(service.clone(), Entity::new(service, HashMap::new(), parents).unwrap());
    let class = request.class.name();
    let parents = HashSet::from([
        uid("Modbus::Action", &format!("any {class}")),
        uid("Modbus::Action", "any"),
        uid("Action", class),
    ]);
    entities.insert(action.clone(), Entity::new(action, HashMap::new(), parents).unwrap());
    (question.unwrap(), Entities::from_entities(entities.into_values(), None).unwrap())
}

fn record(fields: &[(&str, i64)]) -> Expression {
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), Expression::new_long(*value)));
    Expression::new_record(fields).unwrap()
}

fn uid(kind: &str, name: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.parse().unwrap(), name.parse().unwrap())
}

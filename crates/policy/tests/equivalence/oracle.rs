//! Cedar's own authoriser over everything at once.

use crate::plant::Plant;
use cedar_policy::{
    AuthorizationError, Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid,
    PolicyId, PolicySet, Request as CedarRequest, RestrictedExpression as Expression, Schema,
};
use nullius_model::Channel;
use nullius_policy::inventory::Device;
use nullius_policy::{Effect, Inputs, MessageFields, Moment, Permit, Request, Verbs, verbs};
use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

pub(crate) struct Oracle {
    policies: PolicySet,
    entities: Entities,
    authorizer: Authorizer,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) effect: Effect,
    pub(crate) reasons: Vec<String>,
    pub(crate) errors: Vec<String>,
}

impl Oracle {
    pub(crate) fn new(plant: &Plant, policies: &str, permits: &[Permit]) -> Self {
        let mut text = policies.to_owned();
        for permit in permits {
            text += &grant(permit);
        }
        let mut set = PolicySet::new();
        for policy in text.parse::<PolicySet>().unwrap().policies() {
            let id = policy.annotation("id").unwrap();
            set.add(policy.new_id(PolicyId::new(id))).unwrap();
        }
        Self { policies: set, entities: entities(plant), authorizer: Authorizer::new() }
    }

    pub(crate) fn decide(
        &self,
        plant: &Plant,
        request: &Request,
        inputs: &Inputs,
        moment: &Moment,
        permits: &[Permit],
    ) -> Answer {
        let protocol = plant.inventory.service(&request.object).unwrap().protocol;
        let verb =
            verbs(protocol).iter().find(|verb| verb.class == request.class && verb.name == request.verb);
        let actions = match protocol.name() {
            "modbus" => "Modbus::Action",
            "mqtt" => "Mqtt::Action",
            "coap" => "Coap::Action",
            "http" => "Http::Action",
            _ => "Action",
        };
        let mut context = context(inputs, moment, in_use(request, permits));
        if actions != "Action" {
            context.push(("message".to_owned(), message(&request.message.clone().unwrap_or_default())));
        }
        let request = CedarRequest::new(
            uid("Device", request.subject.as_str()),
            uid(actions, verb.unwrap().action),
            uid("Service", &request.object.to_string()),
            Context::from_pairs(context).unwrap(),
            None,
        );
        let response = self.authorizer.is_authorized(&request.unwrap(), &self.policies, &self.entities);
        let diagnostics = response.diagnostics();
        let mut errors: Vec<String> = diagnostics.errors().map(failed).collect();
        let mut reasons: Vec<String> = diagnostics.reason().map(ToString::to_string).collect();
        errors.sort_unstable();
        reasons.sort_unstable();
        let effect = match response.decision() {
            Decision::Allow if errors.is_empty() => Effect::Allow,
            Decision::Allow | Decision::Deny => Effect::Deny,
        };
        Answer { effect, reasons, errors }
    }
}

fn failed(error: &AuthorizationError) -> String {
    let AuthorizationError::PolicyEvaluationError(error) = error;
    error.policy_id().to_string()
}

fn in_use<'p>(request: &Request, permits: &'p [Permit]) -> Option<&'p Permit> {
    let covering = permits.iter().filter(|permit| {
        permit.subject == request.subject
            && permit.object == request.object
            && permit.verbs.contains(request.class)
    });
    covering.max_by_key(|permit| (permit.approvers, Reverse(&permit.id)))
}

fn grant(permit: &Permit) -> String {
    let action = match &permit.verbs {
        Verbs::All => "action".to_owned(),
        Verbs::Classes(classes) => {
            let classes: Vec<String> = classes.iter().map(|class| format!("Action::\"{class}\"")).collect();
            format!("action in [{}]", classes.join(", "))
        }
    };
    let (id, subject, object) = (&permit.id, &permit.subject, &permit.object);
    format!(
        "@id(\"{id}\") permit (principal == Device::\"{subject}\", {action}, resource == Service::\"{object}\");\n"
    )
}

fn context(inputs: &Inputs, moment: &Moment, grant: Option<&Permit>) -> Vec<(String, Expression)> {
    let long = Expression::new_long;
    let time =
        record([("minute", long(i64::from(moment.minute))), ("weekday", long(i64::from(moment.weekday)))]);
    let mut fields = vec![
        ("ia", long(inputs.assurance as i64)),
        ("mode", Expression::new_string(moment.mode.name().to_owned())),
        ("time", time),
    ];
    if let Some(posture) = inputs.posture {
        let good = Expression::new_bool(posture.good);
        fields.push(("posture", record([("good", good), ("age", long(i64::from(posture.age)))])));
    }
    fields.extend(inputs.risk.map(|risk| ("risk", long(i64::from(risk)))));
    fields.extend(inputs.conforms.map(|conforms| ("conforms", Expression::new_bool(conforms))));
    if let Some(grant) = grant {
        fields.push(("approved_by", long(i64::from(grant.approvers))));
        let order = grant.work_order.as_ref();
        fields.extend(order.map(|order| ("work_order", Expression::new_string(order.to_string()))));
    }
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn message(fields: &MessageFields) -> Expression {
    let long = |value: Option<u32>| value.map(|value| Expression::new_long(i64::from(value)));
    let text = |value: &Option<nullius_model::SmolStr>| {
        value.as_ref().map(|value| Expression::new_string(value.to_string()))
    };
    let all = [
        ("unit", long(fields.unit)),
        ("address", long(fields.address)),
        ("quantity", long(fields.quantity)),
        ("value_min", fields.value_min.map(Expression::new_long)),
        ("value_max", fields.value_max.map(Expression::new_long)),
        ("topic", text(&fields.topic)),
        ("qos", long(fields.qos.map(u32::from))),
        ("retain", fields.retain.map(Expression::new_bool)),
        ("path", text(&fields.path)),
        ("size", fields.size.map(|size| Expression::new_long(i64::try_from(size).unwrap()))),
    ];
    record(all.into_iter().filter_map(|(name, value)| Some((name, value?))))
}

fn record(fields: impl IntoIterator<Item = (&'static str, Expression)>) -> Expression {
    Expression::new_record(fields.into_iter().map(|(name, value)| (name.to_owned(), value))).unwrap()
}

fn uid(kind: &'static str, name: &str) -> EntityUid {
    thread_local!(static KINDS: RefCell<HashMap<&'static str, EntityTypeName>> = RefCell::default());
    // Parsing a name costs Cedar more than answering the question.
    let kind =
        KINDS.with_borrow_mut(|kinds| kinds.entry(kind).or_insert_with(|| kind.parse().unwrap()).clone());
    EntityUid::from_type_name_and_id(kind, EntityId::new(name))
}

fn entities(plant: &Plant) -> Entities {
    let mut all = Vec::new();
    for (name, zone) in &plant.inventory.zones {
        let class = HashMap::from([("class".to_owned(), text(zone.class.name()))]);
        all.push(Entity::new(uid("Zone", name), class, HashSet::new()).unwrap());
    }
    for (name, group) in &plant.inventory.groups {
        let parents = group.parents.iter().map(|parent| uid("Group", parent)).collect();
        all.push(Entity::new(uid("Group", name), HashMap::new(), parents).unwrap());
    }
    for device in plant.inventory.devices.values() {
        all.extend(of_device(device));
    }
    static SCHEMA: LazyLock<Schema> =
        LazyLock::new(|| Schema::from_cedarschema_str(nullius_policy::SCHEMA).unwrap().0);
    Entities::from_entities(all, Some(&SCHEMA)).unwrap()
}

fn of_device(device: &Device) -> Vec<Entity> {
    let this = uid("Device", device.name.as_str());
    let mut parents: HashSet<EntityUid> = device.groups.iter().map(|group| uid("Group", group)).collect();
    parents.insert(uid("Zone", &device.zone));
    let tags = Expression::new_set(device.tags.iter().map(|tag| text(tag)));
    let mut attributes =
        HashMap::from([("class".to_owned(), text(&device.class)), ("tags".to_owned(), tags)]);
    attributes.extend(device.vendor.as_ref().map(|vendor| ("vendor".to_owned(), text(vendor))));
    let mut all = vec![Entity::new(this.clone(), attributes, parents).unwrap()];
    for service in device.services.values() {
        let (transport, port) = match service.channel {
            Channel::Tcp(port) => ("tcp", port),
            Channel::Udp(port) => ("udp", port),
            Channel::Echo => ("echo", 0),
        };
        let attributes = HashMap::from([
            ("protocol".to_owned(), text(service.protocol.name())),
            ("port".to_owned(), Expression::new_long(i64::from(port))),
            ("transport".to_owned(), text(transport)),
        ]);
        let id = format!("{}/{}", device.name, service.name);
        all.push(Entity::new(uid("Service", &id), attributes, HashSet::from([this.clone()])).unwrap());
    }
    all
}

fn text(text: &str) -> Expression {
    Expression::new_string(text.to_owned())
}

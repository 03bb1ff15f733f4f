//! What classes are told by: words in claims, DHCP options, manufacturers. Data for `classify`.
//!
//! Points run from 1, a hint, to 10; what is cheap to fake weighs little.

use super::classify::Class;
use nullius_model::Attribute;

/// Words in what a device says of itself, and what they speak for.
pub(super) const CLAIMS: &[(&[Attribute], &[&str], Class, u32)] = {
    use Attribute::{
        Capability, Description, DeviceRole, Hostname, Model, ProductCode, ServerSoftware, Service,
        UserAgent, VendorClass,
    };
    &[
        (&[Capability], &["router"], Class::Router, 5),
        (&[Capability], &["bridge", "switch"], Class::Switch, 6),
        (&[Capability], &["wlan", "access point"], Class::Switch, 5),
        (&[Capability], &["telephone", "phone"], Class::Phone, 6),
        (&[Service], &["_ipp", "_printer", "_pdl-datastream"], Class::Printer, 8),
        (&[Service, Model, Description], &["printer", "laserjet", "officejet"], Class::Printer, 5),
        (&[Service], &["_axis-video", "_rtsp", "networkvideo", "digitalsecuritycamera"], Class::Camera, 8),
        (
            &[Hostname, Model, Description, ServerSoftware, Service],
            &["camera", "ipcam", "iotcam", "localcam", "webcam", "dcs-"],
            Class::Camera,
            6,
        ),
        (&[Service, Model], &["belkin", "wemo", "insight", "basicdevice"], Class::Appliance, 6),
        (
            &[Hostname, Model],
            &["plug", "kettle", "coffee", "bulb", "siren", "hs100", "hs110"],
            Class::Appliance,
            6,
        ),
        (&[Hostname], &["esp_", "esp-"], Class::Appliance, 4),
        (&[Service], &["_dhnap._tcp", "_hap._tcp"], Class::Appliance, 4),
        (&[VendorClass], &["udhcp"], Class::Appliance, 3),
        (
            &[Hostname, Model, ServerSoftware, Service],
            &["hue-bridge", "ipbridge", "philips hue", "homehub"],
            Class::Gateway,
            8,
        ),
        (&[VendorClass], &["msft"], Class::Workstation, 5),
        (&[VendorClass], &["android"], Class::Phone, 6),
        (&[UserAgent], &["windows nt", "macintosh", "x11; linux"], Class::Workstation, 5),
        (&[UserAgent, Hostname, Model], &["iphone", "ipad", "android"], Class::Phone, 6),
        (&[Service], &["_smb._tcp", "_afpovertcp", "_workstation", "_companion-link"], Class::Workstation, 3),
        (&[DeviceRole], &["io-controller", "io controller"], Class::Controller, 5),
        (
            &[DeviceRole, Description, Model],
            &["programmable logic controller", "plc", "cpu 3", "cpu-1", "6es7", "controllogix", "m340"],
            Class::Controller,
            6,
        ),
        (&[DeviceRole], &["human-machine interface", "hmi"], Class::Supervisor, 6),
        (&[DeviceRole, Description, Model], &["communications adapter", "gateway"], Class::Gateway, 4),
        (&[DeviceRole], &["dhcp server"], Class::Router, 4),
        (&[ProductCode, Description], &["cisco ios", "catalyst", "scalance"], Class::Switch, 6),
        (&[ServerSoftware], &["openssh", "apache", "nginx", "iis"], Class::Server, 2),
    ]
};

/// Systems of people's computers by DHCP options only they ask for: 249 is Microsoft's classless routes (MS-DHCPE), and
/// Apple alone asks for 95 (LDAP) together with 252 (proxy discovery).
pub(super) const DHCP_SYSTEMS: &[(&str, &[&str])] = &[("Windows", &["249"]), ("macOS", &["95", "252"])];

/// Makers of mostly one kind of device. A block address is cheap to fake: few points.
pub(super) const MAKERS: &[(&[&str], Class, u32)] = &[
    (
        &[
            "elau",
            "siemens",
            "rockwell",
            "allen-bradley",
            "schneider",
            "telemecanique",
            "modicon",
            "beckhoff",
            "wago",
            "phoenix contact",
            "omron",
            "b&r",
        ],
        Class::Controller,
        2,
    ),
    (&["schweitzer", "abb ", "ge multilin"], Class::Controller, 2),
    (&["axis communications", "hikvision", "dahua", "edimax"], Class::Camera, 2),
    (&["philips lighting", "signify"], Class::Gateway, 2),
    (&["belkin", "tp-link", "smarter", "espressif", "tuya"], Class::Appliance, 2),
    (&["hewlett packard", "dell", "intel corporate", "lenovo", "vmware"], Class::Workstation, 1),
    (&["brother industries", "canon", "seiko epson", "kyocera"], Class::Printer, 3),
    (&["cisco", "hirschmann", "moxa", "ubiquiti", "aruba"], Class::Switch, 2),
    (
        &["johnson controls", "honeywell", "tridium", "automated logic", "delta controls"],
        Class::BuildingController,
        2,
    ),
];

//! Two thousand devices in forty cells; within a cell everybody talks to everybody: about a hundred thousand rules.

pub(crate) const DEVICES: usize = 2_000;
const CELLS: usize = 40;

/// The repository, as (path, text).
pub(crate) fn repository() -> Vec<(&'static str, String)> {
    vec![("inventory.toml", inventory()), ("policies/cells.cedar", policies())]
}

fn policies() -> String {
    (0..CELLS)
        .map(|cell| {
            format!(
                "@id(\"cell-{cell}\")\n@owner(\"bench\")\npermit (principal in Group::\"cell-{cell}\", action, \
                 resource in Group::\"cell-{cell}\")\nunless {{ context has risk && context.risk >= 3 }};\n"
            )
        })
        .collect()
}

fn inventory() -> String {
    let mut text = String::from(
        "format = 1\n[site]\nname = \"fleet\"\n[[zone]]\nname = \"floor\"\nowner = \"bench\"\nclass = \"operations\"\n",
    );
    for cell in 0..CELLS {
        text += &format!("[[group]]\nname = \"cell-{cell}\"\n");
    }
    for number in 0..DEVICES {
        let (cell, high, low) = (number % CELLS, number / 250, number % 250 + 1);
        text += &format!(
            "[[device]]\nname = \"d{number}\"\nzone = \"floor\"\ngroups = [\"cell-{cell}\"]\nclass = \"device\"\n\
             port = \"p{number}\"\nmac = \"02:00:00:01:{high:02x}:{low:02x}\"\naddresses = [\"10.8.{high}.{low}\"]\n\
             [[device.service]]\nname = \"data\"\nprotocol = \"tcp\"\nchannel = \"tcp/4840\"\n"
        );
    }
    text
}

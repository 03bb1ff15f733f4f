//! Application function codes (IEEE 1815-2012 §4.2, table 4-1) and what they do.

use nullius_model::VerbClass;

pub(super) const CONFIRM: u8 = 0;
pub(super) const WRITE: u8 = 2;
pub(super) const OPEN_FILE: u8 = 25;
pub(super) const RESPONSE: u8 = 129;
pub(super) const UNSOLICITED_RESPONSE: u8 = 130;
pub(super) const AUTHENTICATE_RESPONSE: u8 = 131;

/// A request the standard names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Function {
    /// Its name in the standard.
    pub(super) verb: &'static str,
    pub(super) class: VerbClass,
    /// The outstation answers it.
    pub(super) is_answered: bool,
    /// Which of its objects carry data, not only headers.
    pub(super) data: Data,
}

/// Which objects of a fragment are followed by their data. Objects with a size prefix always are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Data {
    /// None: the headers say what is meant.
    None,
    /// Only the time (group 50) that says when.
    Time,
    /// All.
    All,
}

impl Data {
    /// Whether objects of `group` are followed by data.
    pub(super) const fn follows(self, group: u8) -> bool {
        match self {
            Self::None => false,
            Self::Time => group == 50,
            Self::All => true,
        }
    }
}

/// What the request with this code does; a code the standard does not name is taken for the worst.
pub(super) const fn of_request(code: u8) -> Option<Function> {
    use VerbClass::{Admin, Command, Configure, Connect, Diagnose, Program, Read, Subscribe, Write};
    Some(match code {
        CONFIRM => unanswered("confirm", Connect, Data::None),
        1 => answered("read", Read, Data::None),
        WRITE => answered("write", Write, Data::All),
        3 => answered("select", Command, Data::All),
        4 => answered("operate", Command, Data::All),
        5 => answered("direct_operate", Command, Data::All),
        6 => unanswered("direct_operate_nr", Command, Data::All),
        7 => answered("immed_freeze", Write, Data::None),
        8 => unanswered("immed_freeze_nr", Write, Data::None),
        9 => answered("freeze_clear", Write, Data::None),
        10 => unanswered("freeze_clear_nr", Write, Data::None),
        11 => answered("freeze_at_time", Write, Data::Time),
        12 => unanswered("freeze_at_time_nr", Write, Data::Time),
        13 => answered("cold_restart", Admin, Data::None),
        14 => answered("warm_restart", Admin, Data::None),
        15 => answered("initialize_data", Configure, Data::None),
        16 => answered("initialize_appl", Command, Data::None),
        17 => answered("start_appl", Command, Data::None),
        18 => answered("stop_appl", Command, Data::None),
        19 => answered("save_config", Configure, Data::None),
        20 => answered("enable_unsolicited", Subscribe, Data::None),
        21 => answered("disable_unsolicited", Subscribe, Data::None),
        22 => answered("assign_class", Configure, Data::None),
        23 => answered("delay_measure", Diagnose, Data::None),
        24 => answered("record_current_time", Configure, Data::None),
        OPEN_FILE => answered("open_file", Program, Data::All),
        26 => answered("close_file", Connect, Data::All),
        27 => answered("delete_file", Program, Data::All),
        28 => answered("get_file_info", Read, Data::All),
        29 => answered("authenticate_file", Connect, Data::All),
        30 => answered("abort_file", Connect, Data::All),
        31 => answered("activate_config", Configure, Data::All),
        32 => answered("authenticate_req", Connect, Data::All),
        33 => unanswered("auth_req_no_ack", Connect, Data::All),
        _ => return None,
    })
}

const fn answered(verb: &'static str, class: VerbClass, data: Data) -> Function {
    Function { verb, class, is_answered: true, data }
}

const fn unanswered(verb: &'static str, class: VerbClass, data: Data) -> Function {
    Function { verb, class, is_answered: false, data }
}

/// What writing to `group` changes: not every write is of a process value.
pub(super) const fn class_of_write(group: u8) -> VerbClass {
    match group {
        // Device attributes, analogue input deadbands, the clock, data set prototypes and descriptors.
        0 | 34 | 50 | 85 | 86 => VerbClass::Configure,
        // Internal indications: the master clears the restart bit.
        80 => VerbClass::Diagnose,
        // Blocks of a file: settings, programs, firmware alike.
        70 => VerbClass::Program,
        // Authentication keys and users.
        120 => VerbClass::Configure,
        _ => VerbClass::Write,
    }
}

//! The types of application data units (IEC 60870-5-101 §7.2.1, -104 §6): mnemonic, class, size of one element.
//!
//! INVARIANT: each verb has one class.

use nullius_model::VerbClass;

/// One type identification.
#[derive(Clone, Copy, Debug)]
pub(super) struct Type {
    /// The mnemonic: `m_sp_na_1`.
    pub(super) name: &'static str,
    /// The same where a command only selects.
    pub(super) select: &'static str,
    /// The same where a command is taken back.
    pub(super) deactivate: &'static str,
    /// The same where a station tells that a command has come to its end.
    pub(super) terminate: &'static str,
    pub(super) class: VerbClass,
    pub(super) element: Element,
}

/// How long one information element is, and what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element {
    /// Bytes; `None` for a file segment, which fills the unit.
    pub(super) size: Option<u8>,
    pub(super) content: Content,
}

/// What an element begins with, or ends with where it says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Nothing that is told.
    Opaque,
    /// Bit 0.
    Single,
    /// Bits 0 and 1.
    Double,
    /// Bits 0 to 6, signed.
    Step,
    /// 16 bits, a fraction of one.
    Normalized,
    /// 16 bits.
    Scaled,
    /// A short float.
    Float,
    /// 32 bits.
    Counter,
    /// Bit 0, and bit 7 for select.
    SingleCommand,
    /// Bits 0 and 1, and bit 7 for select.
    DoubleCommand,
    /// As the value of the same name, and bit 7 of the byte behind for select.
    NormalizedSetpoint,
    ScaledSetpoint,
    FloatSetpoint,
    /// One byte that says of what: station, group, kind of reset.
    Qualifier,
    /// The name of a file, 16 bits.
    File,
}

macro_rules! types {
    ($id:expr; $($number:literal $name:literal $class:ident $content:ident $size:expr;)*) => {
        match $id {
            $($number => Some(Type {
                name: $name,
                select: concat!($name, "_select"),
                deactivate: concat!($name, "_deactivate"),
                terminate: concat!($name, "_terminated"),
                class: VerbClass::$class,
                element: Element { size: $size, content: Content::$content },
            }),)*
            _ => None,
        }
    };
}

/// The type of that number; none for those reserved or private.
pub(super) const fn named(id: u8) -> Option<Type> {
    match id {
        0..=44 | 70 => monitored(id),
        _ => controlled(id),
    }
}

/// What stations tell.
const fn monitored(id: u8) -> Option<Type> {
    types! { id;
        1 "m_sp_na_1" Publish Single Some(1);
        2 "m_sp_ta_1" Publish Single Some(4);
        3 "m_dp_na_1" Publish Double Some(1);
        4 "m_dp_ta_1" Publish Double Some(4);
        5 "m_st_na_1" Publish Step Some(2);
        6 "m_st_ta_1" Publish Step Some(5);
        7 "m_bo_na_1" Publish Opaque Some(5);
        8 "m_bo_ta_1" Publish Opaque Some(8);
        9 "m_me_na_1" Publish Normalized Some(3);
        10 "m_me_ta_1" Publish Normalized Some(6);
        11 "m_me_nb_1" Publish Scaled Some(3);
        12 "m_me_tb_1" Publish Scaled Some(6);
        13 "m_me_nc_1" Publish Float Some(5);
        14 "m_me_tc_1" Publish Float Some(8);
        15 "m_it_na_1" Publish Counter Some(5);
        16 "m_it_ta_1" Publish Counter Some(8);
        17 "m_ep_ta_1" Publish Opaque Some(6);
        18 "m_ep_tb_1" Publish Opaque Some(7);
        19 "m_ep_tc_1" Publish Opaque Some(7);
        20 "m_ps_na_1" Publish Opaque Some(5);
        21 "m_me_nd_1" Publish Normalized Some(2);
        30 "m_sp_tb_1" Publish Single Some(8);
        31 "m_dp_tb_1" Publish Double Some(8);
        32 "m_st_tb_1" Publish Step Some(9);
        33 "m_bo_tb_1" Publish Opaque Some(12);
        34 "m_me_td_1" Publish Normalized Some(10);
        35 "m_me_te_1" Publish Scaled Some(10);
        36 "m_me_tf_1" Publish Float Some(12);
        37 "m_it_tb_1" Publish Counter Some(12);
        38 "m_ep_td_1" Publish Opaque Some(10);
        39 "m_ep_te_1" Publish Opaque Some(11);
        40 "m_ep_tf_1" Publish Opaque Some(11);
        70 "m_ei_na_1" Publish Opaque Some(1);
    }
}

/// What stations are told, and files, which go both ways.
const fn controlled(id: u8) -> Option<Type> {
    types! { id;
        45 "c_sc_na_1" Command SingleCommand Some(1);
        46 "c_dc_na_1" Command DoubleCommand Some(1);
        47 "c_rc_na_1" Command DoubleCommand Some(1);
        48 "c_se_na_1" Write NormalizedSetpoint Some(3);
        49 "c_se_nb_1" Write ScaledSetpoint Some(3);
        50 "c_se_nc_1" Write FloatSetpoint Some(5);
        51 "c_bo_na_1" Write Opaque Some(4);
        58 "c_sc_ta_1" Command SingleCommand Some(8);
        59 "c_dc_ta_1" Command DoubleCommand Some(8);
        60 "c_rc_ta_1" Command DoubleCommand Some(8);
        61 "c_se_ta_1" Write NormalizedSetpoint Some(10);
        62 "c_se_tb_1" Write ScaledSetpoint Some(10);
        63 "c_se_tc_1" Write FloatSetpoint Some(12);
        64 "c_bo_ta_1" Write Opaque Some(11);
        100 "c_ic_na_1" Read Qualifier Some(1);
        101 "c_ci_na_1" Read Qualifier Some(1);
        102 "c_rd_na_1" Read Opaque Some(0);
        103 "c_cs_na_1" Configure Opaque Some(7);
        104 "c_ts_na_1" Diagnose Opaque Some(2);
        105 "c_rp_na_1" Admin Qualifier Some(1);
        106 "c_cd_na_1" Configure Opaque Some(2);
        107 "c_ts_ta_1" Diagnose Opaque Some(9);
        110 "p_me_na_1" Configure Normalized Some(3);
        111 "p_me_nb_1" Configure Scaled Some(3);
        112 "p_me_nc_1" Configure Float Some(5);
        113 "p_ac_na_1" Configure Opaque Some(1);
        120 "f_fr_na_1" Program File Some(6);
        121 "f_sr_na_1" Program File Some(7);
        122 "f_sc_na_1" Program File Some(4);
        123 "f_ls_na_1" Program File Some(5);
        124 "f_af_na_1" Program File Some(4);
        125 "f_sg_na_1" Program File None;
        126 "f_dr_ta_1" Program File Some(13);
        127 "f_sc_nb_1" Program File Some(16);
    }
}

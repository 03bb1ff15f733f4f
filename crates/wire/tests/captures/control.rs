//! Protocols that controllers are read and commanded by: DNP3, IEC 60870-5-104, Modbus and S7.

use crate::counts::{Count, Counts};

/// A capture and how many requests of each verb it holds.
pub(crate) type Truth = (&'static str, &'static [Count<'static>]);

/// Every request of a capture is told by its verb, and no other.
pub(crate) fn check(captures: &[Truth]) {
    for (capture, asked) in captures {
        assert_eq!(Counts::of(capture).asked_of_industry(), *asked, "{capture}");
    }
}

#[test]
fn dnp3_requests_are_as_many_as_the_referee_counts() {
    check(DNP3);
}

const DNP3: &[Truth] = &[
    (
        "dnp3/dnp3_example.pcap",
        &[("operate", 133), ("read", 115), ("select", 134), ("unsolicited_response", 4)],
    ),
    (
        "dnp3/dnp3.pcap",
        &[
            ("cold_restart", 2),
            ("confirm", 13),
            ("disable_unsolicited", 21),
            ("enable_unsolicited", 9),
            ("read", 17),
            ("select", 5),
            ("stop_appl", 12),
            ("unsolicited_response", 49),
            ("warm_restart", 2),
            ("write", 6),
        ],
    ),
    (
        "dnp3/dnp3_file_read.pcap",
        &[("close_file", 1), ("confirm", 1), ("open_file", 1), ("read", 1), ("write", 2)],
    ),
    ("dnp3/dnp3_link_only.pcap", &[("read", 1), ("request_link_status", 3)]),
    ("dnp3/dnp3_udp_read.pcap", &[("read", 4), ("request_link_status", 3)]),
    (
        "dnp3/dnp3_udp_select_operate.pcap",
        &[("operate", 1), ("read", 4), ("request_link_status", 1), ("select", 1)],
    ),
];

#[test]
fn iec104_requests_are_as_many_as_the_referee_counts() {
    check(IEC104);
}

const IEC104: &[Truth] = &[
    (
        "iec104/090813_diverse.pcap",
        &[
            ("c_dc_na_1", 2),
            ("c_dc_na_1_terminated", 2),
            ("c_dc_ta_1", 2),
            ("c_dc_ta_1_select", 2),
            ("c_dc_ta_1_terminated", 2),
            ("c_ic_na_1", 1),
            ("c_ic_na_1_terminated", 1),
            ("c_sc_na_1", 1),
            ("c_sc_na_1_select", 1),
            ("c_sc_na_1_terminated", 1),
            ("c_sc_ta_1", 1),
            ("c_sc_ta_1_select", 1),
            ("c_sc_ta_1_terminated", 1),
            ("c_se_nc_1", 2),
            ("c_se_nc_1_select", 2),
            ("c_se_nc_1_terminated", 2),
            ("c_se_ta_1", 1),
            ("c_se_ta_1_select", 1),
            ("c_se_ta_1_terminated", 1),
            ("c_se_tc_1", 1),
            ("c_se_tc_1_select", 1),
            ("c_se_tc_1_terminated", 1),
            ("m_me_nc_1", 14),
            ("m_sp_na_1", 1),
            ("m_sp_tb_1", 8),
            ("testfr", 2),
        ],
    ),
    (
        "iec104/JavaRMI_and_IEC_Misc.pcap",
        &[
            ("c_ic_na_1", 21),
            ("c_ic_na_1_terminated", 21),
            ("m_dp_na_1", 21),
            ("m_ei_na_1", 2),
            ("m_me_nb_1", 21),
            ("m_sp_na_1", 21),
            ("startdt", 2),
            ("testfr", 29),
        ],
    ),
];

#[test]
fn modbus_requests_are_as_many_as_the_referee_counts() {
    check(MODBUS);
}

const MODBUS: &[Truth] = &[
    (
        "modbus/ModbusTCP.pcap",
        &[
            ("read_coils", 1519),
            ("read_discrete_inputs", 1574),
            ("read_input_registers", 2768),
            ("write_multiple_coils", 2115),
            ("write_multiple_registers", 14),
        ],
    ),
    ("modbus/modbusSmall.pcap", &[("read_coils", 8), ("write_multiple_coils", 8)]),
    (
        "modbus/modbus_example.pcap",
        &[
            ("diagnostics", 1),
            ("mask_write_register", 2),
            ("read_coils", 2),
            ("read_device_identification", 1),
            ("read_discrete_inputs", 2),
            ("read_exception_status", 1),
            ("read_fifo_queue", 1),
            ("read_file_record", 1),
            ("read_holding_registers", 3),
            ("read_input_registers", 2),
            ("read_write_multiple_registers", 2),
            ("read_write_multiple_registers_read", 2),
            ("report_server_id", 1),
            ("write_file_record", 1),
            ("write_multiple_coils", 1),
            ("write_multiple_registers", 1),
            ("write_single_coil", 1),
            ("write_single_register", 1),
        ],
    ),
    (
        "modbus/modbus-and-non-modbus-p502.pcap",
        &[
            ("read_coils", 2),
            ("read_holding_registers", 1),
            ("write_single_coil", 2),
            ("write_single_register", 1),
        ],
    ),
];

#[test]
fn s7_requests_are_as_many_as_the_referee_counts() {
    check(S7COMM);
}

const S7COMM: &[Truth] = &[
    ("s7comm/s7comm_clean.pcap", &[("read_var", 2637)]),
    (
        "s7comm/s7comm_plus.pcap",
        &[
            ("connect_request", 1),
            ("plus_get_multi_variables", 6),
            ("plus_notification", 79),
            ("plus_set_multi_variables", 2),
            ("plus_set_variable", 26),
            ("read_var", 8),
            ("setup_communication", 1),
            ("write_var", 8),
        ],
    ),
    (
        "s7comm/s7ident.pcap",
        &[
            ("connect_request", 1),
            ("read_szl", 2),
            ("read_szl_identification", 3),
            ("read_var", 5),
            ("setup_communication", 1),
            ("start_upload", 4),
        ],
    ),
    (
        "s7comm/snap7.pcap",
        &[
            ("compress_memory", 1),
            ("copy_ram_to_rom", 1),
            ("end_upload", 4),
            ("get_block_info", 1),
            ("list_blocks", 1),
            ("plc_start", 1),
            ("plc_stop", 1),
            ("read_clock", 1),
            ("read_szl", 3),
            ("read_szl_identification", 3),
            ("read_var", 6),
            ("set_clock", 1),
            ("setup_communication", 1),
            ("start_upload", 5),
            ("upload", 4),
            ("write_var", 6),
        ],
    ),
];

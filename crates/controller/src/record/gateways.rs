//! Letting gateways in and turning them away.

use super::{Actor, line, tell};
use crate::App;
use crate::access::Caller;
use crate::http::Problem;
use crate::secret::random;
use nullius_model::DeviceName;
use nullius_protocol::link::{JoinToken, TOKEN_ID, TOKEN_SECRET};
use nullius_store::gateways::{self as rows, Gateway};
use nullius_store::{Tx, join_tokens};
use sha2::{Digest as _, Sha256};

/// How long a token is good for where nobody says, in seconds.
const USUAL: u64 = 3_600;

/// How long a token may be good for, in seconds: a week.
const SPAN: std::ops::RangeInclusive<u64> = 60..=604_800;

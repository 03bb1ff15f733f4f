//! Keys of every kind do the same, and each kind keeps them its way.

use super::*;
use crate::testing::Scratch;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// A key signs what its public half verifies, is found again, and asks for a certificate in its own name.
fn a_key_is_kept(keyring: &dyn Keyring) {
    let (handle, key) = keyring.make().unwrap();
    let (other, another) = keyring.make().unwrap();
    assert!(handle != other && key.point() != another.point(), "two keys are two");
    let again = keyring.open(&handle).unwrap();
    assert_eq!(again.point(), key.point());
    for round in 0..4_u8 {
        let message = [round; 100];
        let signature = again.sign(&message).unwrap();
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.point());
        public.verify(&message, &signature).unwrap();
        assert!(public.verify(b"something else", &signature).is_err());
    }
    let request = rcgen::CertificateParams::default().serialize_request(&Asking(key)).unwrap();
    assert!(nullius_identity::RequestedKey::from_request(request.der()).is_ok());
    for hostile in ["", "..", "../../etc/shadow", "zz", &format!("{handle}00")] {
        assert!(matches!(keyring.open(hostile), Err(KeyError::Damaged(_))), "{hostile}");
    }
    keyring.forget(&other).unwrap();
    keyring.forget(&other).unwrap();
    assert_eq!(keyring.open(&handle).unwrap().point(), again.point());
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_key_in_a_file_is_for_its_owner_alone() {
    let scratch = Scratch::new();
    let files = KeyFiles(scratch.path().join("keys"));
    a_key_is_kept(&files);
    let (handle, _) = files.make().unwrap();
    let path = files.0.join(format!("{handle}.p8"));
    assert_eq!((mode(&files.0), mode(&path)), (0o700, 0o600));
    for (path, mode) in [(&path, 0o640), (&path, 0o604), (&files.0, 0o750), (&files.0, 0o701)] {
        let before = fs::metadata(path).unwrap().permissions();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        assert!(matches!(files.open(&handle), Err(KeyError::Open { .. })), "{} {mode:o}", path.display());
        fs::set_permissions(path, before).unwrap();
    }
    fs::write(&path, b"no key").unwrap();
    assert!(matches!(files.open(&handle), Err(KeyError::Damaged(_))));
    files.forget(&handle).unwrap();
    assert!(matches!(files.open(&handle), Err(KeyError::File(_))));
}

#[cfg(feature = "pkcs11")]
mod pkcs11 {
    use super::*;
    use std::process::Command;
    use zeroize::Zeroizing;

    const LIBRARY: &str = "/usr/lib/softhsm/libsofthsm2.so";
    const NAME: &str = "key::tests::pkcs11::a_key_in_a_token_signs_and_stays_there";
    const CONFIG: &str = "SOFTHSM2_CONF";

    fn token(pin: &str) -> Token {
        let pin = Zeroizing::new(pin.to_owned());
        Token { library: LIBRARY.into(), label: "device".to_owned(), pin }
    }

    /// `SoftHSM` reads its settings from the environment: the test runs itself again with them.
    #[test]
    fn a_key_in_a_token_signs_and_stays_there() {
        match std::env::var_os(CONFIG) {
            Some(_) => inside(),
            None => outside(),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "only tests start programs")]
    fn outside() {
        let scratch = Scratch::new();
        let config = scratch.path().join("softhsm2.conf");
        let text =
            format!("directories.tokendir = {}\nobjectstore.backend = file\n", scratch.path().display());
        assert!(fs::write(&config, text).is_ok());
        let arguments = ["--init-token", "--free", "--label", "device", "--pin", "1234", "--so-pin", "5678"];
        let made = Command::new("softhsm2-util").env(CONFIG, &config).args(arguments).output();
        assert!(made.is_ok_and(|made| made.status.success()), "apt-get install softhsm2");
        let program = std::env::current_exe().unwrap_or_default();
        let ran = Command::new(program).env(CONFIG, &config).args(["--exact", NAME, "--nocapture"]).output();
        let said = ran.as_ref().map(|ran| String::from_utf8_lossy(&ran.stderr).into_owned());
        assert!(ran.as_ref().is_ok_and(|ran| ran.status.success()), "{said:?}");
    }

    fn inside() {
        assert!(matches!(token("0000").make(), Err(KeyError::Hardware(_))), "a wrong PIN");
        a_key_is_kept(&token("1234"));
        let elsewhere = Token { label: "unplugged".to_owned(), ..token("1234") };
        let error = elsewhere.make().map(|_| ()).map_err(|error| error.to_string());
        assert_eq!(error, Err("no token `unplugged` is plugged in".to_owned()));
    }
}

#[cfg(feature = "tpm")]
mod tpm {
    use super::*;
    use crate::testing::emulator::{ports, start};

    #[test]
    fn a_key_in_a_tpm_signs_outlives_a_restart_and_takes_no_room() {
        let scratch = Scratch::new();
        let ports = ports();
        let emulator = start(scratch.path(), ports);
        let tpm = Tpm(format!("swtpm:host=127.0.0.1,port={}", ports.0));
        a_key_is_kept(&tpm);
        // a TPM has room for three objects: none is left behind
        let keys: Vec<_> = (0..8).map(|_| tpm.make().unwrap()).collect();
        drop(emulator);
        assert!(matches!(keys[0].1.sign(b"a"), Err(KeyError::Hardware(_))), "the TPM is gone");
        let _emulator = start(scratch.path(), ports);
        for (handle, key) in &keys {
            assert_eq!(tpm.open(handle).unwrap().point(), key.point());
            key.sign(b"and the connection is made anew").unwrap();
        }
        let elsewhere = Scratch::new();
        let others = self::ports();
        let _other = start(elsewhere.path(), others);
        let other = Tpm(format!("swtpm:host=127.0.0.1,port={}", others.0));
        assert_ne!(other.open(&keys[0].0).unwrap().point(), keys[0].1.point(), "a handle is no key");
    }
}

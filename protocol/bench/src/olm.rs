//! One side of a conversation in Olm, as vodozemac has it.

use crate::{Side, TEXT};
use vodozemac::olm::{Account, OlmMessage, Session, SessionConfig, SessionPickle};

/// A session.
pub struct Olm(Session);

impl Side for Olm {
    type Message = OlmMessage;
    type Saved = Vec<u8>;

    fn set_up() -> (Self, Self) {
        let (one, mut two) = (Account::new(), Account::new());
        two.generate_one_time_keys(1);
        let key = *two.one_time_keys().values().next().unwrap();
        let mut session = one.create_outbound_session(SessionConfig::version_1(), two.curve25519_key(), key).unwrap();
        two.mark_keys_as_published();
        let OlmMessage::PreKey(first) = session.encrypt("").unwrap() else { panic!("the first message carries keys") };
        let created = two.create_inbound_session(SessionConfig::version_1(), one.curve25519_key(), &first).unwrap();
        (Self(session), Self(created.session))
    }

    fn encrypt(&mut self) -> OlmMessage {
        self.0.encrypt([b'a'; TEXT]).unwrap()
    }

    fn encrypt_unanswered(&mut self) -> OlmMessage {
        self.encrypt()
    }

    fn decrypt(&mut self, message: &OlmMessage) -> usize {
        self.0.decrypt(message).unwrap().len()
    }

    fn save(&self) -> Vec<u8> {
        rmp_serde::to_vec(&self.0.pickle()).unwrap()
    }

    fn load(bytes: &[u8]) -> Self {
        Self(Session::from_pickle(rmp_serde::from_slice::<SessionPickle>(bytes).unwrap()))
    }
}

//! `cairn setup`: a profile, to invite people from.
//!
//! In: a name, maybe a relay and a pass. Out: the profile. This file must never print a passphrase.

use super::next::{self, Done};
use super::{Run, Stop, passphrase, read};
use crate::cli::Setup;
use crate::config::PassphraseSource;
use crate::engine::{Engine, Pass, Protection};
use crate::home::Home;
use crate::language::{command as texts, step, trouble};
use cairn_protocol::address::{AddressError, RelayAddress};
use cairn_protocol::base32;

/// Runs it.
pub(super) fn run(run: &Run, setup: Setup) -> Result<(), Stop> {
    let home = run.home("setup")?;
    if Engine::exists(&home) {
        return Err(Stop::usage(trouble::profile_there(), "cairn status"));
    }
    let relay = setup.relay.map(|text| relay(&text)).transpose()?;
    let pass = setup.pass.map(pass).transpose()?;
    let name = read::name_or_ask(setup.name, run.config.may_ask && !run.config.json)?;
    let has_relay = relay.is_some();
    make(run, &home, &name, relay, pass, setup.no_passphrase)?;
    run.output.profile(&name)?;
    if setup.no_passphrase {
        run.output.say(&texts::no_passphrase())?;
    }
    next::print(run, Done::SetUp { relay: has_relay }, &[])
}

/// Makes a profile, with the protection that was asked for.
pub(super) fn make(
    run: &Run,
    home: &Home,
    name: &str,
    relay: Option<RelayAddress>,
    pass: Option<Pass>,
    no_passphrase: bool,
) -> Result<Engine, Stop> {
    let protection = if no_passphrase { Protection::None } else { Protection::Passphrase(new_passphrase(run, home)?) };
    Ok(Engine::create(home, name, relay, pass, protection)?)
}

fn new_passphrase(run: &Run, home: &Home) -> Result<zeroize::Zeroizing<String>, Stop> {
    match passphrase::provided(&run.config)? {
        Some(passphrase) => Ok(passphrase),
        None if run.config.may_ask && run.config.passphrase == PassphraseSource::Person => passphrase::chosen(home),
        None => Err(Stop::usage(texts::needs_passphrase(), step::passphrase())),
    }
}

/// A relay's address, as typed.
pub(super) fn relay(text: &str) -> Result<RelayAddress, Stop> {
    text.parse().map_err(|error: AddressError| {
        let why = match error {
            AddressError::Form => texts::address_form(),
            AddressError::Host => texts::address_host(),
            AddressError::Port => texts::address_port(),
            AddressError::Checksum => texts::address_end(),
        };
        Stop::usage(texts::address(why), step::ask_address())
    })
}

/// A pass, as typed or from standard input.
pub(super) fn pass(text: String) -> Result<Pass, Stop> {
    let text = read::or_stdin(text)?;
    base32::decode::<32>(text.trim())
        .map(Pass::from_bytes)
        .ok_or_else(|| Stop::usage(texts::pass(), step::whole_pass()))
}

//! Invitations: those that we made, what came too early to them, and those of others that we take.
//!
//! In: fresh invitations and claims. Out: the same, and what became of them. This file must never learn what the
//! private half holds.

use super::{Store, VaultError};
use cairn_protocol::mailbox::SlotId;
use cairn_protocol::token::{ClaimToken, ManageToken};
use cairn_protocol::wire::frame::{EnvelopeBytes, SealedBundleBytes};
use rusqlite::{OptionalExtension, Row};
use zeroize::Zeroizing;

/// What became of an invitation of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// It is being made: the relay may or may not have it.
    Making,
    /// It waits.
    Open,
    /// Somebody used it.
    Used,
    /// It was withdrawn.
    Revoked,
    /// Its time is over.
    Expired,
}

impl State {
    const fn code(self) -> i64 {
        match self {
            Self::Making => 0,
            Self::Open => 1,
            Self::Used => 2,
            Self::Revoked => 3,
            Self::Expired => 4,
        }
    }

    const fn from_code(code: i64) -> Self {
        match code {
            0 => Self::Making,
            1 => Self::Open,
            2 => Self::Used,
            3 => Self::Revoked,
            _ => Self::Expired,
        }
    }
}

/// An invitation to keep.
#[derive(Debug)]
pub(crate) struct NewInvitation<'a> {
    pub(crate) id: &'a str,
    pub(crate) label: Option<&'a str>,
    pub(crate) relay: &'a str,
    pub(crate) slot: &'a SlotId,
    pub(crate) link: &'a str,
    pub(crate) manage: &'a ManageToken,
    pub(crate) private: &'a [u8],
    pub(crate) mailbox: i64,
    pub(crate) created_at: i64,
    pub(crate) expires_at: i64,
    /// The contact with whom it makes a new start.
    pub(crate) rejoins: Option<&'a str>,
}

/// An invitation of ours.
#[derive(Debug)]
pub(crate) struct InvitationRow {
    pub(crate) id: String,
    pub(crate) label: Option<String>,
    pub(crate) relay: String,
    pub(crate) slot: SlotId,
    pub(crate) link: Option<String>,
    pub(crate) manage: ManageToken,
    /// The one-time keys, until used.
    pub(crate) private: Option<Zeroizing<Vec<u8>>>,
    pub(crate) mailbox: Option<i64>,
    pub(crate) state: State,
    /// In seconds.
    pub(crate) expires_at: i64,
    /// Recognises the accepted first envelope.
    pub(crate) guard: Option<Zeroizing<Vec<u8>>>,
    /// Whether a second taker was told.
    pub(crate) noticed: bool,
    /// The contact with whom it makes a new start.
    pub(crate) rejoins: Option<String>,
}

/// An invitation of somebody else that we take or took.
#[derive(Debug)]
pub(crate) struct JoinRow {
    pub(crate) claim: ClaimToken,
    /// Our mailbox for it.
    pub(crate) mailbox: Option<i64>,
    /// The bundle, between taking it and making the contact.
    pub(crate) bundle: Option<SealedBundleBytes>,
    /// The contact that came of it.
    pub(crate) contact: Option<String>,
    /// The contact with whom it makes a new start.
    pub(crate) rejoins: Option<String>,
}

const COLUMNS: &str =
    "id, label, relay, slot, link, manage, private, mailbox, state, expires_at, guard, noticed, rejoins";

fn invitation(row: &Row<'_>) -> rusqlite::Result<InvitationRow> {
    Ok(InvitationRow {
        id: row.get(0)?,
        label: row.get(1)?,
        relay: row.get(2)?,
        slot: SlotId::from_bytes(row.get(3)?),
        link: row.get(4)?,
        manage: ManageToken::from_bytes(row.get(5)?),
        private: row.get::<_, Option<Vec<u8>>>(6)?.map(Zeroizing::new),
        mailbox: row.get(7)?,
        state: State::from_code(row.get(8)?),
        expires_at: row.get(9)?,
        guard: row.get::<_, Option<Vec<u8>>>(10)?.map(Zeroizing::new),
        noticed: row.get(11)?,
        rejoins: row.get(12)?,
    })
}

impl Store<'_> {
    pub(crate) fn insert_invitation(&self, new: &NewInvitation<'_>) -> Result<(), VaultError> {
        self.0.execute(
            "INSERT INTO invitations (id, label, relay, slot, link, manage, private, mailbox, state, created_at, expires_at, rejoins)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, ?9, ?10, ?11)",
            (
                new.id,
                new.label,
                new.relay,
                new.slot.as_bytes(),
                new.link,
                new.manage.expose().as_slice(),
                new.private,
                new.mailbox,
                new.created_at,
                new.expires_at,
                new.rejoins,
            ),
        )?;
        Ok(())
    }

    /// All that we made, oldest first.
    pub(crate) fn invitations(&self) -> Result<Vec<InvitationRow>, VaultError> {
        let sql = format!("SELECT {COLUMNS} FROM invitations ORDER BY created_at, id");
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map([], invitation)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn invitation_where(&self, what: &str, value: impl rusqlite::ToSql) -> Result<Option<InvitationRow>, VaultError> {
        let sql = format!("SELECT {COLUMNS} FROM invitations WHERE {what} = ?1");
        Ok(self.0.prepare_cached(&sql)?.query_row([value], invitation).optional()?)
    }

    /// One of ours.
    pub(crate) fn invitation(&self, id: &str) -> Result<Option<InvitationRow>, VaultError> {
        self.invitation_where("id", id)
    }

    /// The one whose bundle waits at this place.
    pub(crate) fn invitation_at(&self, slot: &SlotId) -> Result<Option<InvitationRow>, VaultError> {
        self.invitation_where("slot", slot.as_bytes())
    }

    /// The one that this mailbox of ours belongs to.
    pub(crate) fn invitation_of_mailbox(&self, mailbox: i64) -> Result<Option<InvitationRow>, VaultError> {
        self.invitation_where("mailbox", mailbox)
    }

    /// The relay has it.
    pub(crate) fn open_invitation(&self, id: &str) -> Result<(), VaultError> {
        self.0.execute("UPDATE invitations SET state = 1 WHERE id = ?1 AND state = 0", [id])?;
        Ok(())
    }

    /// Somebody used it: the one-time keys go, the guard comes.
    pub(crate) fn use_invitation(&self, id: &str, contact: &str, guard: &[u8]) -> Result<(), VaultError> {
        self.0.execute(
            "UPDATE invitations SET state = 2, link = NULL, private = NULL, contact = ?2, guard = ?3 WHERE id = ?1",
            (id, contact, guard),
        )?;
        Ok(())
    }

    /// It ends unused: the one-time keys go, and its mailbox will.
    pub(crate) fn end_invitation(&self, invitation: &InvitationRow, state: State) -> Result<(), VaultError> {
        self.0.execute("DELETE FROM held WHERE invitation = ?1", [&invitation.id])?;
        self.0.execute(
            "UPDATE invitations SET state = ?2, link = NULL, private = NULL WHERE id = ?1",
            (&invitation.id, state.code()),
        )?;
        invitation.mailbox.map_or(Ok(()), |mailbox| self.give_up_mailbox(mailbox))
    }

    /// It could not be made.
    pub(crate) fn drop_invitation(&self, id: &str) -> Result<(), VaultError> {
        if let Some(mailbox) = self.invitation(id)?.and_then(|invitation| invitation.mailbox) {
            self.give_up_mailbox(mailbox)?;
        }
        self.0.execute("DELETE FROM invitations WHERE id = ?1 AND state = 0", [id])?;
        Ok(())
    }

    /// A second taker was told, or the time for one is over.
    pub(crate) fn set_noticed(&self, id: &str) -> Result<(), VaultError> {
        self.0.execute("UPDATE invitations SET noticed = 1 WHERE id = ?1", [id])?;
        Ok(())
    }

    /// The time is over in which the first envelope could come again.
    pub(crate) fn drop_guards(&self, now: i64) -> Result<(), VaultError> {
        self.0.execute("UPDATE invitations SET guard = NULL WHERE guard IS NOT NULL AND expires_at < ?1", [now])?;
        Ok(())
    }

    /// Keeps an envelope that came before the first one, unless `most` are kept already.
    pub(crate) fn hold(&self, invitation: &str, envelope: &EnvelopeBytes, most: usize) -> Result<bool, VaultError> {
        let known = "SELECT EXISTS (SELECT 1 FROM held WHERE invitation = ?1 AND envelope = ?2)";
        if self.0.query_row(known, (invitation, envelope.as_slice()), |row| row.get(0))? {
            return Ok(true);
        }
        let count: i64 =
            self.0.query_row("SELECT count(*) FROM held WHERE invitation = ?1", [invitation], |row| row.get(0))?;
        if usize::try_from(count).unwrap_or(usize::MAX) >= most {
            return Ok(false);
        }
        self.0.execute("INSERT INTO held (invitation, envelope) VALUES (?1, ?2)", (invitation, envelope.as_slice()))?;
        Ok(true)
    }

    /// Takes out what was kept, in the order in which it came.
    pub(crate) fn take_held(&self, invitation: &str) -> Result<Vec<EnvelopeBytes>, VaultError> {
        let mut statement = self.0.prepare_cached("SELECT envelope FROM held WHERE invitation = ?1 ORDER BY seq")?;
        let rows = statement.query_map([invitation], |row| Ok(Box::new(row.get(0)?)))?;
        let envelopes = rows.collect::<Result<_, _>>()?;
        self.0.execute("DELETE FROM held WHERE invitation = ?1", [invitation])?;
        Ok(envelopes)
    }

    /// The claim on somebody's invitation.
    pub(crate) fn join(&self, slot: &SlotId) -> Result<Option<JoinRow>, VaultError> {
        let row = self.0.query_row(
            "SELECT claim, mailbox, bundle, contact, rejoins FROM joins WHERE slot = ?1",
            [slot.as_bytes()],
            |row| {
                Ok(JoinRow {
                    claim: ClaimToken::from_bytes(row.get(0)?),
                    mailbox: row.get(1)?,
                    bundle: row.get::<_, Option<_>>(2)?.map(Box::new),
                    contact: row.get(3)?,
                    rejoins: row.get(4)?,
                })
            },
        );
        Ok(row.optional()?)
    }

    /// Keeps a claim before it is shown to the relay.
    pub(crate) fn insert_join(&self, slot: &SlotId, claim: &ClaimToken, mailbox: i64) -> Result<(), VaultError> {
        self.0.execute(
            "INSERT INTO joins (slot, claim, mailbox) VALUES (?1, ?2, ?3)",
            (slot.as_bytes(), claim.expose().as_slice(), mailbox),
        )?;
        Ok(())
    }

    /// With whom a claim that has made nothing yet is to make a new start; nobody: it makes a contact of its own.
    pub(crate) fn set_join_rejoins(&self, slot: &SlotId, rejoins: Option<&str>) -> Result<(), VaultError> {
        self.0
            .execute("UPDATE joins SET rejoins = ?2 WHERE slot = ?1 AND contact IS NULL", (slot.as_bytes(), rejoins))?;
        Ok(())
    }

    /// Keeps the bundle that the claim has got.
    pub(crate) fn set_join_bundle(&self, slot: &SlotId, bundle: &SealedBundleBytes) -> Result<(), VaultError> {
        self.0.execute("UPDATE joins SET bundle = ?2 WHERE slot = ?1", (slot.as_bytes(), bundle.as_slice()))?;
        Ok(())
    }

    /// The contact is made; the bundle is needed no more.
    pub(crate) fn finish_join(&self, slot: &SlotId, contact: &str) -> Result<(), VaultError> {
        self.0.execute("UPDATE joins SET contact = ?2, bundle = NULL WHERE slot = ?1", (slot.as_bytes(), contact))?;
        Ok(())
    }

    /// The claim came to nothing.
    pub(crate) fn drop_join(&self, slot: &SlotId) -> Result<(), VaultError> {
        if let Some(mailbox) = self.join(slot)?.and_then(|join| join.mailbox) {
            self.give_up_mailbox(mailbox)?;
        }
        self.0.execute("DELETE FROM joins WHERE slot = ?1 AND contact IS NULL", [slot.as_bytes()])?;
        Ok(())
    }
}

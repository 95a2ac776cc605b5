//! The one bounded reader and the one writer (protocol.md §2).
//!
//! In: bytes of an untrusted source. Out: integers, arrays and slices, or a typed refusal. This file must never learn
//! what a field means. Integers are big-endian and of fixed width, so that a value has exactly one encoding.

use crate::secret::SecretBytes;

/// Why bytes were refused. The peer or the relay is at fault, never the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes end before the structure does.
    #[error("the data ends too early")]
    Truncated,
    /// The structure ends before the bytes do.
    #[error("there is data after the end")]
    Trailing,
    /// A length or a count is above its limit.
    #[error("a length is above its limit")]
    TooLong,
    /// A type byte, a kind or a flag has a value that this version does not know.
    #[error("an unknown type")]
    Unknown,
    /// A version that this program does not speak.
    #[error("another version")]
    Version,
    /// A field holds a value that its definition forbids: padding that is not zero, text that is not UTF-8, a weak key.
    #[error("a value that is not allowed")]
    Invalid,
}

/// Reads a byte string from front to back; each method consumes what it returns.
#[derive(Debug, Clone)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// A reader over all of `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next `length` bytes.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] if fewer are left; nothing is consumed then.
    pub fn bytes(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let (head, rest) = self.0.split_at_checked(length).ok_or(DecodeError::Truncated)?;
        self.0 = rest;
        Ok(head)
    }

    /// The next `N` bytes as an array.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or(DecodeError::Truncated)?;
        self.0 = rest;
        Ok(*head)
    }

    /// One byte.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn u8(&mut self) -> Result<u8, DecodeError> {
        Ok(u8::from_be_bytes(self.array()?))
    }

    /// Two bytes, big-endian.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn u16(&mut self) -> Result<u16, DecodeError> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    /// Four bytes, big-endian.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn u32(&mut self) -> Result<u32, DecodeError> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    /// Eight bytes, big-endian.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn u64(&mut self) -> Result<u64, DecodeError> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    /// One byte that must be 0 or 1.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`]; [`DecodeError::Invalid`] for any other value.
    pub fn flag(&mut self) -> Result<bool, DecodeError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(DecodeError::Invalid),
        }
    }

    /// A length of two bytes, at most `limit`, and that many bytes.
    ///
    /// # Errors
    /// [`DecodeError::TooLong`] before anything is read; [`DecodeError::Truncated`].
    pub fn block(&mut self, limit: usize) -> Result<&'a [u8], DecodeError> {
        let length = usize::from(self.u16()?);
        if length > limit {
            return Err(DecodeError::TooLong);
        }
        self.bytes(length)
    }

    /// A [`block`](Self::block) that must be UTF-8.
    ///
    /// # Errors
    /// As `block`; [`DecodeError::Invalid`] if it is not UTF-8.
    pub fn text(&mut self, limit: usize) -> Result<&'a str, DecodeError> {
        core::str::from_utf8(self.block(limit)?).map_err(|_| DecodeError::Invalid)
    }

    /// All that is left must be zero: the padding of a structure of fixed size.
    ///
    /// # Errors
    /// [`DecodeError::Invalid`] if any byte is not zero.
    pub fn padding(self) -> Result<(), DecodeError> {
        // Looks at every byte whatever they hold: padding is secret as long as its content is.
        let sum = self.0.iter().fold(0_u8, |sum, byte| sum | byte);
        if sum == 0 { Ok(()) } else { Err(DecodeError::Invalid) }
    }

    /// Nothing may be left.
    ///
    /// # Errors
    /// [`DecodeError::Trailing`].
    pub const fn finish(self) -> Result<(), DecodeError> {
        if self.0.is_empty() { Ok(()) } else { Err(DecodeError::Trailing) }
    }
}

/// Joins parts whose lengths add up to `N`.
pub(crate) fn join<const N: usize>(parts: &[&[u8]]) -> Box<[u8; N]> {
    debug_assert_eq!(parts.iter().map(|part| part.len()).sum::<usize>(), N, "the parts add up");
    let mut all = Box::new([0; N]);
    let mut rest = all.as_mut_slice();
    for part in parts {
        let (head, tail) = rest.split_at_mut(part.len().min(rest.len()));
        head.iter_mut().zip(*part).for_each(|(to, from)| *to = *from);
        rest = tail;
    }
    all
}

/// Writes what [`Reader`] reads. The bytes are wiped when the writer is dropped: some of them are secret.
#[derive(Default)]
pub struct Writer(zeroize::Zeroizing<Vec<u8>>);

impl Writer {
    /// A writer with room for `capacity` bytes, so that growing leaves no copies of secrets behind.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self(zeroize::Zeroizing::new(Vec::with_capacity(capacity)))
    }

    /// Bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.reserve(bytes.len());
        self.0.extend_from_slice(bytes);
        self
    }

    /// Makes room; the smaller buffer is wiped, which a growing `Vec` would not do.
    fn reserve(&mut self, more: usize) {
        let needed = self.0.len().saturating_add(more);
        if needed > self.0.capacity() {
            let mut larger = zeroize::Zeroizing::new(Vec::with_capacity(needed.saturating_mul(2)));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
    }

    /// One byte.
    pub fn u8(&mut self, value: u8) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    /// Two bytes, big-endian.
    pub fn u16(&mut self, value: u16) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    /// Four bytes, big-endian.
    pub fn u32(&mut self, value: u32) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    /// Eight bytes, big-endian.
    pub fn u64(&mut self, value: u64) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    /// One byte, 0 or 1.
    pub fn flag(&mut self, value: bool) -> &mut Self {
        self.u8(u8::from(value))
    }

    /// A length of two bytes and the bytes. The caller has bounded them: what is above 65,535 bytes is cut,
    /// and every structure of this crate stays far below.
    pub fn block(&mut self, bytes: &[u8]) -> &mut Self {
        let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
        debug_assert_eq!(usize::from(length), bytes.len(), "blocks are bounded by the caller");
        self.u16(length).bytes(bytes.get(..usize::from(length)).unwrap_or_default())
    }

    /// Zero bytes up to `length` in all.
    pub fn pad_to(&mut self, length: usize) -> &mut Self {
        debug_assert!(self.0.len() <= length, "structures of fixed size are bounded by the caller");
        self.reserve(length.saturating_sub(self.0.len()));
        self.0.resize(length, 0);
        self
    }

    /// The bytes written so far.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// How many bytes were written so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was written yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Pads with zeros to `N` bytes: a structure of fixed size.
    pub(crate) fn into_fixed<const N: usize>(mut self) -> SecretBytes<N> {
        self.pad_to(N);
        // A writer that was given exactly this room becomes the structure: one buffer less to fill and to wipe.
        if self.0.capacity() == N {
            return match core::mem::take(&mut *self.0).try_into() {
                Ok(bytes) => SecretBytes::of(bytes),
                Err(bytes) => SecretBytes::of(join(&[&bytes])),
            };
        }
        SecretBytes::of(join(&[self.as_bytes()]))
    }

    /// The bytes, in a buffer that is wiped on drop.
    #[must_use]
    pub fn finish(self) -> zeroize::Zeroizing<Vec<u8>> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let mut writer = Writer::default();
        writer.u8(1).u16(2).u32(3).u64(4).flag(true).block(b"five").pad_to(32);
        let bytes = writer.finish();
        let mut reader = Reader::new(&bytes);
        assert_eq!((reader.u8(), reader.u16(), reader.u32(), reader.u64()), (Ok(1), Ok(2), Ok(3), Ok(4)));
        assert_eq!((reader.flag(), reader.text(4)), (Ok(true), Ok("five")));
        assert_eq!(reader.padding(), Ok(()));
    }

    #[test]
    fn a_block_above_its_limit_is_refused_before_it_is_read() {
        assert_eq!(Reader::new(&[0, 3, 1, 2, 3]).block(3), Ok(&[1, 2, 3][..]));
        assert_eq!(Reader::new(&[0, 3, 1, 2, 3]).block(2), Err(DecodeError::TooLong));
        assert_eq!(Reader::new(&[0xff, 0xff]).block(2), Err(DecodeError::TooLong));
    }

    #[test]
    fn trailing_bytes_odd_flags_and_filled_padding_are_refused() {
        assert_eq!(Reader::new(&[0]).finish(), Err(DecodeError::Trailing));
        assert_eq!(Reader::new(&[2]).flag(), Err(DecodeError::Invalid));
        for padding in [[0, 0, 1], [1, 0, 0], [0, 1, 1]] {
            assert_eq!(Reader::new(&padding).padding(), Err(DecodeError::Invalid));
        }
        assert_eq!(Reader::new(&[]).u8(), Err(DecodeError::Truncated));
    }

    #[test]
    fn a_writer_moves_to_a_larger_buffer_only_when_it_must_and_by_itself() {
        let mut writer = Writer::with_capacity(10);
        assert_eq!((writer.len(), writer.is_empty()), (0, true));
        let place = writer.as_bytes().as_ptr();
        writer.u64(1).u16(2);
        assert_eq!((writer.len(), writer.is_empty(), writer.as_bytes().as_ptr()), (10, false, place));
        // 26: twice what is needed. A `Vec` that grew would have 20, and would not have wiped the old buffer.
        assert_eq!(writer.bytes(&[3; 3]).0.capacity(), 26);
        assert_eq!(writer.as_bytes(), [0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 3, 3, 3]);
    }

    #[test]
    fn a_writer_with_exactly_the_room_becomes_the_structure_and_another_is_copied_from() {
        // A buffer that is too large would be made smaller, and its old place would not be wiped.
        for (room, becomes) in [(8, true), (9, false)] {
            let mut writer = Writer::with_capacity(room);
            let place = writer.u8(7).as_bytes().as_ptr();
            let fixed = writer.into_fixed::<8>();
            assert_eq!(fixed.expose(), &[7, 0, 0, 0, 0, 0, 0, 0]);
            assert_eq!(fixed.expose().as_ptr() == place, becomes, "{room}");
        }
    }
}

//! A TCP stream that takes all that has arrived with one call of the system.
//!
//! In: a stream. Out: the same bytes. This file must never learn what they are.
//!
//! TLS asks for 4 KiB at a time. Each thread has one place into which it reads more than that; what was not asked for yet
//! is copied out of it, so that a connection on which nothing comes keeps nothing.

use core::cell::RefCell;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Bytes of one read, at most. Larger: more of a busy peer's bytes in memory. Smaller: more calls for the same envelopes.
const READ: usize = 32 * 1024;

thread_local! {
    static PLACE: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ].into_boxed_slice());
}

/// The stream and what was read and not asked for yet.
#[derive(Debug)]
pub struct Eager {
    stream: TcpStream,
    rest: Box<[u8]>,
    given: usize,
}

impl Eager {
    /// Nothing has been read yet.
    #[must_use]
    pub fn new(stream: TcpStream) -> Self {
        Self { stream, rest: Box::default(), given: 0 }
    }

    /// Gives what there is of the rest; false if there is none.
    fn give(&mut self, out: &mut ReadBuf<'_>) -> bool {
        let Some(rest) = self.rest.get(self.given..).filter(|rest| !rest.is_empty()) else { return false };
        let (now, later) = rest.split_at(rest.len().min(out.remaining()));
        out.put_slice(now);
        self.given += now.len();
        if later.is_empty() {
            (self.rest, self.given) = (Box::default(), 0);
        }
        true
    }
}

impl AsyncRead for Eager {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.give(out) || out.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        PLACE.with_borrow_mut(|place| {
            let mut all = ReadBuf::new(place);
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut all))?;
            let (now, later) = all.filled().split_at(all.filled().len().min(out.remaining()));
            out.put_slice(now);
            self.rest = later.into();
            Poll::Ready(Ok(()))
        })
    }
}

impl AsyncWrite for Eager {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn bytes_come_in_order_however_few_are_asked_for_and_nothing_is_kept_after_them() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut sender = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let mut eager = Eager::new(listener.accept().await.unwrap().0);
        let sent: Vec<u8> = (0..3 * READ).map(|number| u8::try_from(number % 251).unwrap()).collect();
        let bytes = sent.clone();
        let sending = tokio::spawn(async move {
            sender.write_all(&bytes).await.unwrap();
        });
        let (mut received, mut few) = (Vec::new(), [0; 1000]);
        loop {
            let number = eager.read(&mut few).await.unwrap();
            if number == 0 {
                break;
            }
            received.extend_from_slice(&few[..number]);
            assert!(eager.rest.len() < READ);
        }
        sending.await.unwrap();
        assert!(received == sent, "{} of {} bytes", received.len(), sent.len());
        assert!(eager.rest.is_empty());
    }
}

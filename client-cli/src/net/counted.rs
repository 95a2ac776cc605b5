//! A stream whose bytes are counted: what the socket is given and what it gives, TLS and all.
//!
//! In: a stream. Out: the same stream, and two sums. This file must never learn what the bytes are.

use std::io::{IoSlice, Result};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that were counted and not taken yet.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    received: AtomicU64,
    sent: AtomicU64,
}

impl Traffic {
    /// Takes both sums, received first, if together they are more than `least`.
    pub(crate) fn take(&self, least: u64) -> Option<(u64, u64)> {
        let all = self.received.load(Ordering::Relaxed).saturating_add(self.sent.load(Ordering::Relaxed));
        (all > least).then(|| (self.received.swap(0, Ordering::Relaxed), self.sent.swap(0, Ordering::Relaxed)))
    }
}

fn add(sum: &AtomicU64, bytes: usize) {
    sum.fetch_add(u64::try_from(bytes).unwrap_or_default(), Ordering::Relaxed);
}

/// A stream that counts.
#[derive(Debug)]
pub(super) struct Counted<S> {
    stream: S,
    traffic: Arc<Traffic>,
}

impl<S> Counted<S> {
    pub(super) fn new(stream: S, traffic: Arc<Traffic>) -> Self {
        Self { stream, traffic }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let before = buffer.filled().len();
        let done = Pin::new(&mut self.stream).poll_read(cx, buffer);
        add(&self.traffic.received, buffer.filled().len().saturating_sub(before));
        done
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let done = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if let Poll::Ready(Ok(written)) = &done {
            add(&self.traffic.sent, *written);
        }
        done
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let done = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        if let Poll::Ready(Ok(written)) = &done {
            add(&self.traffic.sent, *written);
        }
        done
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

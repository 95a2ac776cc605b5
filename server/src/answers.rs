//! The requests of one connection that are under way.
//!
//! In: answers that are still to come. Out: each of them when it is there. This file must never learn what they answer.

use cairn_protocol::wire::frame::Reply;
use core::future::{Future, pending};
use core::pin::Pin;
use core::task::{Context, Poll};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

/// An answer to come, with the number of its request.
pub type Answer = Pin<Box<dyn Future<Output = (u32, Reply)> + Send>>;

/// Answers to come, in no order.
pub struct Answers(FuturesUnordered<Answer>);

impl Answers {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        let answers = FuturesUnordered::<Answer>::new();
        // One that is never there. Whenever the set has looked at all that it holds, it wakes its own task to be asked once
        // more, and that cost each request the waking of a thread for nothing. At this one it never looks again.
        answers.push(Box::pin(pending()));
        Self(answers)
    }

    /// Waits for one more.
    pub fn push(&self, answer: Answer) {
        self.0.push(answer);
    }

    /// How many are to come.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len().saturating_sub(1)
    }

    /// Whether none is to come.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One that is there, or the promise to wake who asks when one is.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<(u32, Reply)> {
        match self.0.poll_next_unpin(context) {
            Poll::Ready(Some(answer)) => Poll::Ready(answer),
            // It holds one that is never there, so it is never at its end.
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}

impl Default for Answers {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::sync::atomic::{AtomicUsize, Ordering};
    use core::task::Waker;
    use std::sync::Arc;
    use std::task::Wake;
    use tokio::sync::oneshot;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn who_waits_for_answers_is_woken_once_for_each_and_never_for_nothing() {
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut context = Context::from_waker(&waker);
        let mut answers = Answers::new();
        // At its start it may look at what it holds from the beginning.
        assert!(answers.poll_next(&mut context).is_pending());
        woken.0.store(0, Ordering::SeqCst);
        let mut waiting = Vec::new();
        for number in 0..5 {
            let (give, given) = oneshot::channel();
            waiting.push(give);
            answers.push(Box::pin(async move { (number, given.await.unwrap()) }));
            assert!(answers.poll_next(&mut context).is_pending());
            assert_eq!(answers.len(), waiting.len());
        }
        // Two that come at once are looked at in one go.
        for number in 5..7 {
            answers.push(Box::pin(async move { (number, pending().await) }));
        }
        assert!(answers.poll_next(&mut context).is_pending());
        assert_eq!(woken.0.load(Ordering::SeqCst), 0, "for nothing");
        for (number, give) in waiting.into_iter().enumerate().rev() {
            give.send(Reply::Done).unwrap();
            assert_eq!(woken.0.swap(0, Ordering::SeqCst), 1, "for answer {number}");
            let Poll::Ready((came, Reply::Done)) = answers.poll_next(&mut context) else { panic!("it is there") };
            assert_eq!(came as usize, number);
            assert!(answers.poll_next(&mut context).is_pending());
            assert_eq!(woken.0.load(Ordering::SeqCst), 0, "after answer {number}");
        }
        assert_eq!(answers.len(), 2);
        assert!(!answers.is_empty());
        assert!(Answers::new().is_empty());
    }
}

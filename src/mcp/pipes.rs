//! Standard input that tells when it has ended.
//!
//! The protocol's library lets calls that are running finish when the other end is gone; one that waits for
//! an answer must hear of it, or the process would stay for its sake.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::watch;

/// A reader that says when its end was reached.
pub struct Noticing<R> {
    inner: R,
    gone: watch::Sender<bool>,
}

impl<R> Noticing<R> {
    /// Reads from `inner` and sets `gone` at its end.
    pub fn new(inner: R, gone: watch::Sender<bool>) -> Self {
        Self { inner, gone }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Noticing<R> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut this.inner).poll_read(context, buffer));
        if read.is_err() || buffer.filled().len() == before {
            this.gone.send_replace(true);
        }
        Poll::Ready(read)
    }
}

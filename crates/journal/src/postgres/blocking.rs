//! Waiting for asynchronous work from code that blocks, wherever that code runs.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use tokio::runtime::{Builder, Handle, Runtime};

/// A runtime of our own, on which connections are driven. The caller's thread asks and sleeps until it is
/// answered: that is safe from a plain thread and, since no runtime is entered twice, from a task too.
pub(super) struct Loop {
    /// Gone only while it is dropped.
    runtime: Option<Runtime>,
    handle: Handle,
}

impl Loop {
    pub(super) fn start() -> std::io::Result<Self> {
        let runtime =
            Builder::new_multi_thread().worker_threads(1).thread_name("journal").enable_all().build()?;
        Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }

    pub(super) const fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Sockets and timers that the work makes belong to our runtime, whoever waits for it.
    pub(super) fn wait<F: Future>(&self, work: F) -> F::Output {
        let _ours = self.handle.enter();
        // Inside a caller's task, that task's budget would be used up and never come back while we wait.
        sleep_until_done(tokio::task::unconstrained(work))
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        // Dropped in a task, a runtime may not wait for its threads.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

struct Sleeper(Thread);

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn sleep_until_done<F: Future>(work: F) -> F::Output {
    let waker = Waker::from(Arc::new(Sleeper(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut work = pin!(work);
    loop {
        match work.as_mut().poll(&mut context) {
            Poll::Ready(done) => return done,
            Poll::Pending => thread::park(),
        }
    }
}

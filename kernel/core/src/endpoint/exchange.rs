//! What a server with one client at a time does all day, with one look at each side: the call that
//! finds the server waiting and nobody else about, and the reply after which it waits again. Each
//! is what the verbs of [`port`](super::port) come to; where they do not apply, those do.

use super::client::{CallKind, Cancel, Client, ClientState, List, ReplyToken};
use super::port::{Endpoint, Rendezvous};
use abi::ipc::Level;

impl Endpoint {
    /// The thread that a call from `from` would be delivered to, if it is the only one and nobody
    /// waits for a reply.
    #[inline]
    pub fn lone_receiver(&self, from: Level) -> Option<u32> {
        match self.rendezvous {
            Rendezvous::Receiving(List { first, last })
                if first == last && self.unanswered.is_empty() && self.level < from =>
            {
                Some(first)
            }
            _ => None,
        }
    }

    /// [`call`](Self::call) by `caller`, which is idle, delivered to the
    /// [lone receiver](Self::lone_receiver). Both come with their numbers.
    #[inline]
    pub fn call_lone(
        &mut self,
        (client, caller): (u32, &mut Client),
        (receiver, thread): (u32, &mut Client),
        kind: CallKind,
    ) -> ReplyToken {
        caller.start(kind, self.id);
        caller.state = ClientState::Received { receiver };
        thread.state = ClientState::Idle;
        self.rendezvous = Rendezvous::Idle;
        self.unanswered = List::of(client);
        ReplyToken::new(client, caller.sequence)
    }

    /// Whether a reply to `caller` ends the only call there is, so that `thread`, which sends it,
    /// may [go on waiting](Self::reply_lone).
    #[inline]
    pub fn is_lone_reply(&self, token: ReplyToken, caller: &Client, thread: &Client) -> bool {
        self.waits(caller, token)
            && self.unanswered == List::of(token.client())
            && self.untold == 0
            && matches!(self.rendezvous, Rendezvous::Idle)
            && thread.is_idle()
    }

    /// [`reply`](Self::reply) and [`receive`](Self::receive) where
    /// [`is_lone_reply`](Self::is_lone_reply): wake the caller, then sleep.
    #[inline]
    pub fn reply_lone(&mut self, caller: &mut Client, (receiver, thread): (u32, &mut Client)) {
        caller.state = ClientState::Idle;
        caller.cancel = Cancel::No;
        thread.state = ClientState::Receiving;
        self.unanswered = List::EMPTY;
        self.rendezvous = Rendezvous::Receiving(List::of(receiver));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::{CallOutcome, Clients, Interrupt, OnServerDeath};
    use crate::run_queue::Priority;
    use proptest::prelude::*;
    use std::{format, string::String, vec, vec::Vec};

    const KIND: CallKind =
        CallKind { on_server_death: OnServerDeath::OwnerDead, priority: Priority::NORMAL };

    /// Three callers and three threads.
    #[derive(Clone, Debug)]
    struct All(Vec<Client>);

    impl Clients for All {
        fn client(&self, id: u32) -> Option<&Client> {
            self.0.get(id as usize)
        }

        fn client_mut(&mut self, id: u32) -> Option<&mut Client> {
            self.0.get_mut(id as usize)
        }
    }

    impl All {
        fn pair(&mut self, one: u32, other: u32) -> (&mut Client, &mut Client) {
            let [one, other] = self.0.get_disjoint_mut([one as usize, other as usize]).unwrap();
            (one, other)
        }
    }

    fn show(port: &Endpoint, clients: &All) -> String {
        format!("{port:?} {clients:?}")
    }

    proptest! {
        #[test]
        fn the_short_way_ends_where_the_long_one_does(
            steps in prop::collection::vec((0u8..6, 0u32..3, 3u32..6), 1..60),
        ) {
            let mut port = Endpoint::new(0, Level::CONSOLE);
            let mut clients = All(vec![Client::new(); 6]);
            let mut tokens = [None; 3];
            for (verb, client, thread) in steps {
                let (mut long, mut long_clients) = (port.clone(), clients.clone());
                match verb {
                    0 | 1 => {
                        let outcome = long.call(&mut long_clients, client, Level::PROGRAM, KIND);
                        if let Ok(CallOutcome::Deliver { token, .. }) = outcome {
                            tokens[client as usize] = Some(token);
                        }
                        prop_assert!(port.lone_receiver(Level::CONSOLE).is_none());
                        let lone = port.lone_receiver(Level::PROGRAM);
                        if let Some(receiver) = lone.filter(|_| clients.0[client as usize].is_idle())
                        {
                            let (one, other) = clients.pair(client, receiver);
                            let token = port.call_lone((client, one), (receiver, other), KIND);
                            prop_assert_eq!(outcome, Ok(CallOutcome::Deliver { receiver, token }));
                            prop_assert_eq!(show(&port, &clients), show(&long, &long_clients));
                        }
                    }
                    2 | 3 => {
                        let Some(token) = tokens[client as usize] else { continue };
                        let was_idle = clients.0[thread as usize].is_idle();
                        long.reply(&mut long_clients, token);
                        if was_idle {
                            let _ = long.receive(&mut long_clients, thread);
                        }
                        let (one, other) = clients.pair(client, thread);
                        if port.is_lone_reply(token, one, other) {
                            port.reply_lone(one, (thread, other));
                            prop_assert_eq!(show(&port, &clients), show(&long, &long_clients));
                        }
                    }
                    4 => {
                        let _ = long.receive(&mut long_clients, thread);
                    }
                    _ => {
                        let _ = long.interrupt(&mut long_clients, client, Interrupt::Signal);
                    }
                }
                (port, clients) = (long, long_clients);
                port.check(&clients);
            }
        }
    }
}

use super::*;
use crate::chunk_table::ChunkTable;
use crate::run_queue::Priority;
use abi::errno::Errno;
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

type Table = ChunkTable<Client, 16>;

const RETRY: CallKind = kind(OnServerDeath::Retry, 16);
const ONCE: CallKind = kind(OnServerDeath::IoError, 16);

const fn kind(on_server_death: OnServerDeath, level: u8) -> CallKind {
    CallKind { on_server_death, priority: Priority::new(level) }
}

fn port(level: u8) -> (Endpoint, Table) {
    let mut clients = Table::new();
    clients.grow(16).unwrap();
    (Endpoint::new(0, Level::new(level).unwrap()), clients)
}

/// A call from a program that ends up received by thread 10.
fn received(port: &mut Endpoint, clients: &mut Table, client: u32, kind: CallKind) -> ReplyToken {
    assert_eq!(port.receive(clients, 10), Ok(ReceiveOutcome::Block));
    match port.call(clients, client, Level::PROGRAM, kind) {
        Ok(CallOutcome::Deliver { receiver: 10, token }) => token,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_call_meets_a_waiting_thread_or_is_taken_later() {
    let (mut port, mut clients) = port(3);
    let token = received(&mut port, &mut clients, 1, ONCE);
    assert_eq!(port.call(&mut clients, 2, Level::PROGRAM, ONCE), Ok(CallOutcome::Block));
    assert_eq!(port.check(&clients), (1, 0, 1));
    let (woken, next) = port.reply_receive(&mut clients, token, 10);
    assert_eq!(woken, Some(1));
    let Ok(ReceiveOutcome::Call { client: 2, token }) = next else { panic!("{next:?}") };
    assert_eq!(port.reply(&mut clients, token), Some(2));
    assert_eq!(port.reply(&mut clients, token), None, "a token is good for one reply");
    assert_eq!(port.check(&clients), (0, 0, 0));
    assert_eq!(port.rendezvous(), Rendezvous::Idle);
}

#[test]
fn calls_only_go_down() {
    let (mut port, mut clients) = port(3);
    let mut call = |from| port.call(&mut clients, 1, Level::new(from).unwrap(), ONCE);
    assert_eq!(call(2), Err(Errno::EDEADLK));
    assert_eq!(call(3), Err(Errno::EDEADLK));
    assert_eq!(call(4), Ok(CallOutcome::Block));
    assert_eq!(call(4), Err(Errno::EBUSY), "one call at a time");
    assert_eq!(Level::new(10), None);
}

#[test]
fn queued_callers_are_served_by_priority() {
    let (mut port, mut clients) = port(3);
    for (client, level) in [(1, 16), (2, 8), (3, 16), (4, 8), (5, 20)] {
        let kind = kind(OnServerDeath::Retry, level);
        port.call(&mut clients, client, Level::PROGRAM, kind).unwrap();
    }
    let order: Vec<u32> = (0..5)
        .map(|_| match port.receive(&mut clients, 10) {
            Ok(ReceiveOutcome::Call { client, .. }) => client,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(order, [2, 4, 1, 3, 5]);
    // Their server dies: they wait again in the same order.
    while let Some(orphan) = port.server_died(&mut clients) {
        assert!(matches!(orphan, Orphan::Requeued { .. }));
    }
    assert_eq!(port.check(&clients), (5, 0, 0));
    let Ok(ReceiveOutcome::Call { client: 2, .. }) = port.receive(&mut clients, 11) else {
        panic!("the order changed")
    };
}

#[test]
fn a_dead_servers_calls_are_done_again_or_fail_as_they_wished() {
    let (mut port, mut clients) = port(3);
    let token = received(&mut port, &mut clients, 1, RETRY);
    received(&mut port, &mut clients, 2, ONCE);
    received(&mut port, &mut clients, 3, kind(OnServerDeath::OwnerDead, 16));
    received(&mut port, &mut clients, 4, RETRY);
    port.interrupt(&mut clients, 4, Interrupt::Signal);
    port.call(&mut clients, 5, Level::PROGRAM, ONCE).unwrap();
    let orphans: Vec<_> = core::iter::from_fn(|| port.server_died(&mut clients)).collect();
    assert_eq!(
        orphans,
        [
            Orphan::Failed { client: 4, errno: Errno::EINTR },
            Orphan::Failed { client: 3, errno: Errno::EOWNERDEAD },
            Orphan::Failed { client: 2, errno: Errno::EIO },
            Orphan::Requeued { client: 1 },
        ]
    );
    assert_eq!(port.check(&clients), (2, 0, 0));
    assert_eq!(port.waiting(&clients, token), None);
    let next = port.receive(&mut clients, 11);
    let Ok(ReceiveOutcome::Call { client: 1, token: new }) = next else { panic!("{next:?}") };
    assert_eq!(port.reply(&mut clients, token), None, "the old token is worth nothing");
    assert_eq!(port.reply(&mut clients, new), Some(1));
}

#[test]
fn waiting_threads_of_a_dead_server_leave() {
    let (mut port, mut clients) = port(3);
    received(&mut port, &mut clients, 1, RETRY);
    port.receive(&mut clients, 10).unwrap();
    port.receive(&mut clients, 11).unwrap();
    let orphans: Vec<_> = core::iter::from_fn(|| port.server_died(&mut clients)).collect();
    let receiver = |task| Orphan::Receiver { task };
    assert_eq!(orphans, [receiver(10), receiver(11), Orphan::Requeued { client: 1 }]);
}

#[test]
fn a_thread_that_waits_never_misses_a_requeued_call() {
    let (mut port, mut clients) = port(3);
    received(&mut port, &mut clients, 1, RETRY);
    port.receive(&mut clients, 11).unwrap();
    let orphan = port.receiver_died(&mut clients, 10);
    assert!(matches!(orphan, Some(Orphan::Redelivered { client: 1, receiver: 11, .. })));
    assert_eq!(port.check(&clients), (0, 0, 1));
    assert_eq!(port.receiver_died(&mut clients, 10), None);
}

#[test]
fn a_signal_asks_and_a_kill_does_not() {
    let (mut port, mut clients) = port(3);
    let token = received(&mut port, &mut clients, 1, ONCE);
    let mut interrupt = |client, how| port.interrupt(&mut clients, client, how);
    assert_eq!(interrupt(1, Interrupt::Signal), CancelOutcome::Wait);
    assert_eq!(interrupt(1, Interrupt::Signal), CancelOutcome::Wait);
    assert_eq!(interrupt(2, Interrupt::Signal), CancelOutcome::NotWaiting);
    assert_eq!(port.receive(&mut clients, 10), Ok(ReceiveOutcome::Cancel { token }));
    assert_eq!(port.receive(&mut clients, 10), Ok(ReceiveOutcome::Block));
    assert_eq!(port.interrupt(&mut clients, 1, Interrupt::Signal), CancelOutcome::Wait);
    assert_eq!(port.interrupt(&mut clients, 1, Interrupt::Kill), CancelOutcome::Revoke);
    assert_eq!(port.reply(&mut clients, token), None);

    let token = match port.call(&mut clients, 1, Level::PROGRAM, ONCE) {
        Ok(CallOutcome::Deliver { token, .. }) => token,
        other => panic!("{other:?}"),
    };
    port.receive(&mut clients, 11).unwrap();
    let told = port.interrupt(&mut clients, 1, Interrupt::Signal);
    assert_eq!(told, CancelOutcome::Tell { receiver: 11, token });
    port.call(&mut clients, 2, Level::PROGRAM, ONCE).unwrap();
    assert_eq!(port.interrupt(&mut clients, 2, Interrupt::Signal), CancelOutcome::Gone);
    assert_eq!(port.check(&clients), (0, 0, 1));
}

#[test]
fn a_port_replies_only_to_its_own_callers() {
    let (mut port, mut clients) = port(3);
    let mut other = Endpoint::new(1, Level::INIT);
    let token = received(&mut port, &mut clients, 1, ONCE);
    assert_eq!(other.reply(&mut clients, token), None);
    for raw in [0, 1, u32::MAX, token.raw() ^ 0x1_0000, token.raw() ^ 4] {
        assert_eq!(port.reply(&mut clients, ReplyToken::from_raw(raw)), None);
    }
    assert_eq!(clients.get(1).unwrap().called_port(), Some(0));
    assert_eq!(port.reply(&mut clients, token), Some(1));
}

#[test]
fn a_failed_port_turns_everybody_away_until_it_is_reopened() {
    let (mut port, mut clients) = port(3);
    received(&mut port, &mut clients, 1, RETRY);
    port.call(&mut clients, 2, Level::PROGRAM, RETRY).unwrap();
    let orphans: Vec<_> = core::iter::from_fn(|| port.fail(&mut clients)).collect();
    let failed = |client| Orphan::Failed { client, errno: Errno::EIO };
    assert_eq!(orphans, [failed(2), failed(1)]);
    assert_eq!(port.call(&mut clients, 1, Level::PROGRAM, RETRY), Err(Errno::EIO));
    assert_eq!(port.receive(&mut clients, 10), Err(Errno::EPIPE));
    port.reopen();
    assert_eq!(port.call(&mut clients, 1, Level::PROGRAM, RETRY), Ok(CallOutcome::Block));
}

/// Three lists, kept the obvious way.
#[derive(Default)]
struct Model {
    /// Caller and kind, in the order of service.
    queue: Vec<(u32, CallKind)>,
    threads: Vec<u32>,
    /// Caller, kind, thread, and whether a cancel is to be told (or was).
    unanswered: Vec<(u32, CallKind, u32, Option<bool>)>,
}

impl Model {
    fn is_idle(&self, id: u32) -> bool {
        !self.queue.iter().any(|(client, _)| *client == id)
            && !self.unanswered.iter().any(|(client, ..)| *client == id)
            && !self.threads.contains(&id)
    }

    fn call(&mut self, client: u32, kind: CallKind) -> Option<u32> {
        if self.threads.is_empty() {
            let at = self.queue.iter().position(|(_, other)| other.priority > kind.priority);
            self.queue.insert(at.unwrap_or(self.queue.len()), (client, kind));
            return None;
        }
        let thread = self.threads.remove(0);
        self.unanswered.push((client, kind, thread, None));
        Some(thread)
    }

    fn receive(&mut self, thread: u32) -> (Option<u32>, Option<u32>) {
        if let Some(told) = self.unanswered.iter_mut().find(|(.., told)| *told == Some(false)) {
            told.3 = Some(true);
            return (None, Some(told.0));
        }
        if self.queue.is_empty() {
            self.threads.push(thread);
            return (None, None);
        }
        let (client, kind) = self.queue.remove(0);
        self.unanswered.push((client, kind, thread, None));
        (Some(client), None)
    }

    fn drop_thread(&mut self, thread: u32) -> Vec<u32> {
        self.threads.retain(|other| *other != thread);
        let (lost, kept): (Vec<_>, Vec<_>) =
            self.unanswered.iter().partition(|(_, _, other, _)| *other == thread);
        self.unanswered = kept;
        let mut failed = vec![];
        for (client, kind, _, cancel) in lost.into_iter().rev() {
            if kind.on_server_death != OnServerDeath::Retry || cancel.is_some() {
                failed.push(client);
            } else if let Some(thread) = (!self.threads.is_empty()).then(|| self.threads.remove(0))
            {
                self.unanswered.push((client, kind, thread, None));
            } else {
                let at = self.queue.iter().position(|(_, other)| other.priority >= kind.priority);
                self.queue.insert(at.unwrap_or(self.queue.len()), (client, kind));
            }
        }
        failed
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn nobody_is_lost_served_twice_or_left_waiting_beside_work(
        steps in prop::collection::vec((0u8..12, 0u32..8, 8u32..11, 0u8..3, 14u8..18), 1..150),
    ) {
        let (mut port, mut clients) = port(3);
        let mut model = Model::default();
        let mut tokens = [None; 8];
        for (verb, client, thread, death, level) in steps {
            let on_death =
                [OnServerDeath::Retry, OnServerDeath::IoError, OnServerDeath::OwnerDead];
            let kind = kind(on_death[usize::from(death)], level);
            match verb {
                0..4 => {
                    let called = port.call(&mut clients, client, Level::PROGRAM, kind);
                    if !model.is_idle(client) {
                        prop_assert_eq!(called, Err(Errno::EBUSY));
                        continue;
                    }
                    match (called, model.call(client, kind)) {
                        (Ok(CallOutcome::Deliver { receiver, token }), Some(thread)) => {
                            prop_assert_eq!(receiver, thread);
                            tokens[client as usize] = Some(token);
                        }
                        (found, expected) => {
                            prop_assert_eq!(found, Ok(CallOutcome::Block));
                            prop_assert_eq!(expected, None);
                        }
                    }
                }
                4..7 => {
                    if !model.is_idle(thread) {
                        prop_assert_eq!(port.receive(&mut clients, thread), Err(Errno::EBUSY));
                        continue;
                    }
                    match (port.receive(&mut clients, thread).unwrap(), model.receive(thread)) {
                        (ReceiveOutcome::Call { client, token }, (Some(expected), None)) => {
                            prop_assert_eq!(client, expected);
                            tokens[client as usize] = Some(token);
                        }
                        (ReceiveOutcome::Cancel { token }, (None, Some(client))) => {
                            prop_assert_eq!(Some(token), tokens[client as usize]);
                        }
                        (found, expected) => {
                            prop_assert_eq!(found, ReceiveOutcome::Block);
                            prop_assert_eq!(expected, (None, None));
                        }
                    }
                }
                7 | 8 => {
                    let Some(token) = tokens[client as usize] else { continue };
                    let at = model.unanswered.iter().position(|(other, ..)| *other == client);
                    let replied = port.reply(&mut clients, token);
                    prop_assert_eq!(replied, at.map(|_| client));
                    at.map(|at| model.unanswered.remove(at));
                    tokens[client as usize] = None;
                }
                9 => {
                    let signal = level.is_multiple_of(2);
                    let how = if signal { Interrupt::Signal } else { Interrupt::Kill };
                    let outcome = port.interrupt(&mut clients, client, how);
                    let queued = model.queue.iter().position(|(other, _)| *other == client);
                    let taken = model.unanswered.iter().position(|(other, ..)| *other == client);
                    match (queued, taken) {
                        (Some(at), _) => {
                            prop_assert_eq!(outcome, CancelOutcome::Gone);
                            model.queue.remove(at);
                        }
                        (_, Some(at)) if !signal => {
                            prop_assert_eq!(outcome, CancelOutcome::Revoke);
                            model.unanswered.remove(at);
                        }
                        (_, Some(at)) => {
                            let cancel = &mut model.unanswered[at].3;
                            if cancel.is_some() || model.threads.is_empty() {
                                prop_assert_eq!(outcome, CancelOutcome::Wait);
                                cancel.get_or_insert(false);
                            } else {
                                *cancel = Some(true);
                                let receiver = model.threads.remove(0);
                                let token = tokens[client as usize].unwrap();
                                let told = CancelOutcome::Tell { receiver, token };
                                prop_assert_eq!(outcome, told);
                            }
                        }
                        _ => prop_assert_eq!(outcome, CancelOutcome::NotWaiting),
                    }
                }
                10 => {
                    let waited = model.threads.contains(&thread);
                    prop_assert_eq!(port.stop_receiving(&mut clients, thread), waited);
                    model.threads.retain(|other| *other != thread);
                }
                _ => {
                    let expected = model.drop_thread(thread);
                    let mut failed = vec![];
                    while let Some(orphan) = port.receiver_died(&mut clients, thread) {
                        match orphan {
                            Orphan::Failed { client, .. } => failed.push(client),
                            Orphan::Redelivered { client, token, .. } => {
                                tokens[client as usize] = Some(token);
                            }
                            Orphan::Requeued { .. } | Orphan::Receiver { .. } => {}
                        }
                    }
                    prop_assert_eq!(failed, expected);
                }
            }
            let counts = (model.queue.len(), model.threads.len(), model.unanswered.len());
            let (queued, waiting, unanswered) = port.check(&clients);
            prop_assert_eq!((queued as usize, waiting as usize, unanswered as usize), counts);
            prop_assert!(queued == 0 || waiting == 0);
            for (client, _, receiver, _) in &model.unanswered {
                let state = ClientState::Received { receiver: *receiver };
                prop_assert_eq!(clients.get(*client).unwrap().state(), state);
            }
        }
    }
}

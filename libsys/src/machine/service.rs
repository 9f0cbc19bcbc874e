//! Being a service that `init` looks after, and finding services by name.
//!
//! `init` starts a server, owns its port and lets it have what its manifest grants. The server finds
//! nothing in a fixed place; it asks:
//!
//! ```ignore
//! let service = sys::service::check_in()?;
//! let line = service.irq(0)?;
//! service.serve(MY_BITS, &["disk"], &mut Disk::new(line))
//! ```
//!
//! A client says `sys::service::connect("disk")` and calls the port it gets. When the server dies,
//! the port stays, and the next server of the service goes on.

use crate::console::Line;
use crate::ipc::{
    Answer, Call, Connection, Frames, Handle, IoPorts, Irq, Port, Received, ReplyParts, ServedPort,
    Server, Token, Transport, serve, supervisor,
};
use crate::statistics::StatisticsRight;
use crate::{Errno, Result};
use core::convert::Infallible;
use proto::Name;
use proto::supervisor::{Entry, GrantKind, HEARTBEAT, Request};

/// What `init` has for a server that it started.
#[derive(Debug)]
pub struct Service {
    /// Where callers meet it.
    pub port: Port,
    /// Which server of the service this is since the boot, from 1.
    pub instance: u32,
    supervisor: Port,
}

/// Tells `init` that this server has started; the first thing it does.
///
/// EPERM: `init` has not started this process.
pub fn check_in() -> Result<Service> {
    let supervisor = supervisor()?;
    let mut answer = ask(&supervisor, &Request::CheckIn)?;
    let port = Port(answer.take_handle(0)?);
    Ok(Service { port, instance: answer.message.get(0), supervisor })
}

impl Service {
    /// The interrupt line of the manifest's `irq` number `index`, from 0.
    ///
    /// ENOENT: there are not so many.
    pub fn irq(&self, index: u32) -> Result<Irq> {
        self.grant(GrantKind::Irq, index).map(Irq)
    }

    /// The I/O ports of the manifest's `io-ports` number `index`, from 0.
    ///
    /// ENOENT: there are not so many.
    pub fn io_ports(&self, index: u32) -> Result<IoPorts> {
        self.grant(GrantKind::IoPorts, index).map(IoPorts)
    }

    /// The frames of the manifest's `frames` number `index`, from 0, as the last server left them.
    ///
    /// ENOENT: there are not so many.
    pub fn frames(&self, index: u32) -> Result<Frames> {
        self.grant(GrantKind::Frames, index).map(Frames)
    }

    /// The console's line, if the manifest has `console`.
    ///
    /// ENOENT: it has not.
    pub fn console(&self) -> Result<Line> {
        self.grant(GrantKind::Console, 0).map(Line)
    }

    /// The right to ask the kernel of all processes, if the manifest has `statistics`.
    ///
    /// ENOENT: it has not.
    pub fn statistics(&self) -> Result<StatisticsRight> {
        self.grant(GrantKind::Statistics, 0).map(StatisticsRight)
    }

    fn grant(&self, kind: GrantKind, index: u32) -> Result<Handle> {
        ask(&self.supervisor, &Request::Grant { kind, index })?.take_handle(0)
    }

    /// Offers the service under a name of its manifest: look-ups that wait for it end. Calls wait
    /// until this server receives them.
    ///
    /// EPERM: the manifest does not have the name. EINVAL: it is none.
    pub fn register(&self, name: &str) -> Result<()> {
        ask(&self.supervisor, &Request::Register(parse(name)?)).map(drop)
    }

    /// Becomes the server behind the port. `mask` says which bits of its notification it wants.
    ///
    /// The bit [`HEARTBEAT`] is `init`'s: [`heartbeat`](ServicePort::heartbeat) answers it.
    pub fn attach(self, mask: u32) -> Result<ServicePort> {
        let port = self.port.attach(mask | HEARTBEAT)?;
        Ok(ServicePort { port, supervisor: self.supervisor })
    }

    /// Attaches, offers the service under these names, and answers calls and `init`'s heartbeats.
    /// Returns only if that fails.
    pub fn serve(self, mask: u32, names: &[&str], server: &mut impl Server) -> Result<Infallible> {
        for name in names {
            self.register(name)?;
        }
        self.attach(mask)?.serve(server)
    }
}

/// The port that a service's server is behind.
#[derive(Debug)]
pub struct ServicePort {
    /// To receive and reply by.
    pub port: ServedPort,
    supervisor: Port,
}

impl ServicePort {
    /// Offers the service under one more name, as [`Service::register`] does.
    pub fn register(&self, name: &str) -> Result<()> {
        ask(&self.supervisor, &Request::Register(parse(name)?)).map(drop)
    }

    /// Answers the bit [`HEARTBEAT`]: this server works.
    pub fn heartbeat(&self) -> Result<()> {
        ask(&self.supervisor, &Request::Alive).map(drop)
    }

    /// Answers calls and heartbeats. Returns only if that fails.
    pub fn serve(&self, server: &mut impl Server) -> Result<Infallible> {
        serve(self, server)
    }
}

/// What comes is for the server, but for heartbeats, which are a notification without bits.
impl Transport for ServicePort {
    fn receive(&self, deadline: Option<u64>) -> Result<Received<'_>> {
        self.beyond_heartbeat(self.port.receive(deadline)?)
    }

    fn reply(&self, token: Token, reply: ReplyParts) -> Result<()> {
        self.port.reply(token, reply)
    }

    fn reply_receive(&self, token: Token, reply: ReplyParts) -> Result<Received<'_>> {
        self.beyond_heartbeat(self.port.reply_receive(token, reply)?)
    }
}

impl ServicePort {
    #[inline]
    fn beyond_heartbeat<'a>(&'a self, received: Received<'a>) -> Result<Received<'a>> {
        if let Received::Notification(bits) = received
            && bits & HEARTBEAT != 0
        {
            self.heartbeat()?;
            return Ok(Received::Notification(bits & !HEARTBEAT));
        }
        Ok(received)
    }
}

/// A connection to the service of this name, which waits until there is one. The server knows this
/// process by its id, and only this process can use the connection.
///
/// EINVAL: no such name is possible. EIO: the service has been given up. EINTR: a signal came.
/// EDEADLK: this process is `init`, or as trusted.
pub fn connect(name: &str) -> Result<Port> {
    look_up(name, true)
}

/// The same without waiting.
///
/// ENOENT: nobody offers such a service now.
pub fn try_connect(name: &str) -> Result<Port> {
    look_up(name, false)
}

fn look_up(name: &str, waits: bool) -> Result<Port> {
    let request = Request::LookUp { name: parse(name)?, waits };
    ask(&supervisor()?, &request)?.take_handle(0).map(Port)
}

/// What `init` knows of its services, in no order that means anything.
pub fn list() -> impl Iterator<Item = Entry> {
    let supervisor = supervisor();
    (0..).map_while(move |index| {
        let answer = ask(supervisor.as_ref().ok()?, &Request::List { index }).ok()?;
        Entry::decode(answer.message.words())
    })
}

fn parse(name: &str) -> Result<Name> {
    Name::new(name).ok_or(Errno::EINVAL)
}

fn ask(supervisor: &Port, request: &Request) -> Result<Answer> {
    let encoded = request.encode();
    supervisor.call(Call::new(encoded.label).words(encoded.words()))
}

//! The module's own HTTP client: one request at a time, on a socket that the host does not see.

use core::net::{Ipv4Addr, SocketAddrV4};
use core::time::Duration;

use crate::modem::ModemCore;
use crate::network::{ConnectionState, Handle};
use crate::sockets::{Socket, SocketState};
use crate::tls::TlsSession;

/// How many profiles AT+UHTTP has.
pub(crate) const PROFILES: usize = 4;
/// How long a request takes at most.
const TIMEOUT: Duration = Duration::from_secs(60);

/// One profile of AT+UHTTP.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HttpProfile {
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) authentication: u8,
    /// The TLS profile, when the request is to be secure.
    pub(crate) security: Option<usize>,
    /// AT+UHTTPER: class and code of the last failure.
    pub(crate) last_error: (u8, u8),
}

/// A request under way.
#[derive(Debug)]
pub(crate) struct Request {
    profile: usize,
    operation: u8,
    file: String,
    bytes: Vec<u8>,
    answer: Vec<u8>,
    stage: Stage,
    deadline: Duration,
    security: Option<usize>,
    host: String,
    port: u16,
}

#[derive(Debug)]
enum Stage {
    Resolving(Handle),
    Opening(Handle),
    Open(Box<Socket>),
}

/// The class of errors of AT+UHTTPER and the code for "no answer".
const FAILED: (u8, u8) = (3, 11);

impl ModemCore {
    /// Begins a request; `bytes` is the whole of it.
    pub(crate) fn begin_request(
        &mut self,
        profile: usize,
        operation: u8,
        file: &str,
        bytes: Vec<u8>,
        now: Duration,
    ) {
        let Some(settings) = self.http_profiles.get(profile).cloned() else { return };
        let port = settings.port.unwrap_or(if settings.security.is_some() { 443 } else { 80 });
        let stage = match settings.host.parse::<Ipv4Addr>() {
            Ok(ip) => Stage::Opening(self.network.connect(SocketAddrV4::new(ip, port), now)),
            Err(_) => Stage::Resolving(self.network.resolve(&settings.host, now)),
        };
        self.request = Some(Request {
            profile,
            operation,
            file: file.to_owned(),
            bytes,
            answer: Vec::new(),
            stage,
            deadline: now + TIMEOUT,
            security: settings.security,
            host: settings.host,
            port,
        });
    }

    /// When the request gives up.
    pub(crate) fn request_deadline(&self) -> Option<Duration> {
        self.request.as_ref().map(|request| request.deadline)
    }

    /// Moves the request on.
    pub(crate) fn poll_request(&mut self, now: Duration) {
        let Some(mut request) = self.request.take() else { return };
        match self.advance_request(&mut request, now) {
            None if now < request.deadline => self.request = Some(request),
            done => {
                if let Stage::Open(socket) = &mut request.stage {
                    socket.close(&mut *self.network, now);
                }
                self.end_request(&request, done == Some(true));
            }
        }
    }

    /// `Some(true)` once the answer is complete, `Some(false)` when there will be none.
    fn advance_request(&mut self, request: &mut Request, now: Duration) -> Option<bool> {
        match &mut request.stage {
            Stage::Resolving(query) => {
                let Ok(ip) = self.network.resolved(*query, now)? else { return Some(false) };
                let handle = self.network.connect(SocketAddrV4::new(ip, request.port), now);
                request.stage = Stage::Opening(handle);
                None
            }
            Stage::Opening(handle) => match self.network.state(*handle, now) {
                ConnectionState::Connecting => None,
                ConnectionState::Failed(_) => Some(false),
                ConnectionState::Open | ConnectionState::PeerClosed => {
                    let handle = *handle;
                    self.open_request(request, handle, now)
                }
            },
            Stage::Open(socket) => {
                socket.poll(&mut *self.network, now);
                request.answer.extend(socket.received.drain(..));
                let failed = socket.tls.as_ref().is_some_and(|tls| tls.failure().is_some());
                if failed || request.answer.len() > self.free_space() {
                    return Some(false);
                }
                let ended = socket.state == SocketState::Ended;
                let complete = is_complete(&request.answer, request.operation == 0);
                (complete || ended).then_some(complete || !request.answer.is_empty())
            }
        }
    }

    /// The connection stands: TLS if asked for, then the request.
    fn open_request(&mut self, request: &mut Request, handle: Handle, now: Duration) -> Option<bool> {
        let mut socket = Socket::new(6, 0, 0);
        socket.handle = Some(handle);
        socket.state = SocketState::Open;
        if let Some(profile) = request.security.and_then(|index| self.stored.security.get(index)) {
            let with_name = self.profile.quirks.server_name_indication;
            let time = self.rtc.unix(now);
            let tls = TlsSession::new(profile, &self.stored.credentials, &request.host, with_name, time);
            let Ok(tls) = tls else { return Some(false) };
            socket.tls = Some(tls);
        }
        socket.queue(&request.bytes);
        socket.poll(&mut *self.network, now);
        request.stage = Stage::Open(Box::new(socket));
        None
    }

    /// The answer becomes a file, and a URC tells.
    fn end_request(&mut self, request: &Request, done: bool) {
        if let Some(profile) = self.http_profiles.get_mut(request.profile) {
            profile.last_error = if done { (0, 0) } else { FAILED };
        }
        if done {
            self.stored.files.insert(request.file.clone(), request.answer.clone());
        }
        let (profile, operation) = (request.profile, request.operation);
        self.announce(format!("+UUHTTPCR: {profile},{operation},{}", u8::from(done)));
    }
}

/// Whether headers and body are there, as far as a content length tells.
fn is_complete(answer: &[u8], head_only: bool) -> bool {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(answer.get(..end).unwrap_or_default()).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length = length.and_then(|length| length.trim().parse::<usize>().ok());
    head_only || length.is_some_and(|length| answer.len() - end - 4 >= length)
}

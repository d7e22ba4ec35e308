//! The modem in the hands of a task.

use core::net::Ipv4Addr;

use super::hold::Hold;
use super::shared::Shared;
use super::socket::Socket;
use crate::bringup::PROFILE;
use crate::certificate::{Certificate, Upload};
use crate::command::{
    CertificateMd5, CertificateUpload, Command, ConnectSocket, CreateSocket, LastSocketError, Protocol,
    PsdActive, PsdAddress, ReadClock, RemoveCertificate, SecureSocket,
};
use crate::error::{ConnectError, Error};
use crate::lifecycle::PowerSaving;
use crate::lookup::resolve;
use crate::network::{Signal, signal};
use crate::registration::{Domain, Registration};
use crate::socket::SocketHandle;
use crate::time::{NetworkTime, Validity};
use crate::tls::TlsProfile;
use crate::transfer::reason;
use crate::urc::Urc;

/// A handle on the modem: as many tasks as want one have a copy.
///
/// Every future may be dropped. A command that was sent is then seen to its end by the runner, and its result
/// goes nowhere; one that was not is not sent. A bring-up that was begun goes on.
#[derive(Debug)]
pub struct Modem<'r, const SOCKETS: usize = 1, const BUFFER: usize = 512> {
    pub(super) shared: &'r Shared<SOCKETS, BUFFER>,
}

impl<const SOCKETS: usize, const BUFFER: usize> Clone for Modem<'_, SOCKETS, BUFFER> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<const SOCKETS: usize, const BUFFER: usize> Copy for Modem<'_, SOCKETS, BUFFER> {}

impl<'r, const SOCKETS: usize, const BUFFER: usize> Modem<'r, SOCKETS, BUFFER> {
    /// Has the modem brought up, and waits for it; returns at once if all stands. As [`crate::Modem::start`].
    ///
    /// # Errors
    /// As [`crate::Modem::start`]; every task that waits is told.
    pub async fn start(&self) -> Result<(), Error> {
        let seen = self.shared.with(|inner| {
            inner.start.wanted = true;
            inner.nudge();
            inner.start.failures
        });
        self.shared
            .wait_for(|inner| match inner.start.failed_since(seen) {
                Some(error) => Some(Err(error)),
                None => (!inner.start.wanted && inner.is_ready()).then_some(Ok(())),
            })
            .await
    }

    /// Whether the modem was brought up and has lost nothing of it since, as far as is known.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.shared.with(|inner| inner.is_ready())
    }

    /// The registration as last heard, by URC or answer.
    #[must_use]
    pub fn registration(&self, domain: Domain) -> Registration {
        self.shared.with(|inner| *inner.device.registration(domain))
    }

    /// Waits for the next URC; each goes to one task.
    ///
    /// What concerns data on sockets is kept by the runner and does not appear here.
    pub async fn next_urc(&self) -> Urc {
        self.shared.wait_for(|inner| inner.device.urcs.take()).await
    }

    /// Whether URCs came faster than they were taken, since this was asked last; the oldest were dropped.
    #[must_use]
    pub fn take_urcs_lost(&self) -> bool {
        self.shared.with(|inner| inner.device.urcs.take_lost())
    }

    /// Runs a command and waits for its answer.
    ///
    /// # Errors
    /// The modem refused, did not answer in time, or answered something else.
    pub async fn execute<X: Command>(&self, command: &X) -> Result<X::Response, Error> {
        Hold::take(self.shared).await?.execute(command).await
    }

    /// Runs a command whose data the modem asks for by a prompt.
    ///
    /// If the future is dropped after the prompt, the modem is given zeros for what it still waits for.
    ///
    /// # Errors
    /// As [`Modem::execute`].
    pub async fn execute_with<X: Command>(&self, command: &X, data: &[u8]) -> Result<X::Response, Error> {
        Hold::take(self.shared).await?.execute_with(command, data).await
    }

    /// How well the network is received.
    ///
    /// # Errors
    /// The modem does not answer.
    pub async fn signal(&self) -> Result<Signal, Error> {
        self.execute(&signal()).await
    }

    /// Reads the network's time; [`NetworkTime::Unset`] until the network has told it.
    ///
    /// # Errors
    /// The modem does not answer.
    pub async fn network_time(&self, validity: Validity) -> Result<NetworkTime, Error> {
        Ok(NetworkTime::judge(self.execute(&ReadClock).await?, validity))
    }

    /// Looks up a host's address.
    ///
    /// # Errors
    /// [`Error::Refused`] when the name does not exist or no server answers.
    pub async fn resolve(&self, host: &str) -> Result<Ipv4Addr, Error> {
        self.execute(&resolve(host)).await
    }

    /// The address that the packet data network gave.
    ///
    /// # Errors
    /// Packet data is not active.
    pub async fn address(&self) -> Result<Ipv4Addr, Error> {
        self.execute(&PsdAddress(PROFILE)).await
    }

    /// Chooses how the modem saves power; as [`crate::Modem::set_power_saving`], whose [`Error::Argument`] is
    /// not told here: without DTR wired, [`PowerSaving::Dtr`] saves nothing.
    ///
    /// # Errors
    /// The modem refuses.
    pub async fn set_power_saving(&self, saving: PowerSaving) -> Result<(), Error> {
        let mut hold = Hold::take(self.shared).await?;
        hold.execute(&saving.command()).await?;
        hold.with(|inner| (inner.saving, inner.awake) = (saving, false));
        Ok(())
    }

    /// Stores a certificate or key, unless the modem has the very same one under that name.
    ///
    /// # Errors
    /// As [`crate::Modem::store_certificate`].
    pub async fn store_certificate(&self, certificate: &Certificate<'_>) -> Result<Upload, Error> {
        let Certificate { kind, name, bytes, md5 } = *certificate;
        let length = certificate.length()?;
        let mut hold = Hold::take(self.shared).await?;
        match hold.execute(&CertificateMd5 { kind, name }).await {
            Ok(stored) if stored == md5 => return Ok(Upload::Present),
            Ok(_) => hold.execute(&RemoveCertificate { kind, name }).await?,
            Err(Error::Refused { .. }) => {}
            Err(error) => return Err(error),
        }
        match hold.execute_with(&CertificateUpload { kind, name, length }, bytes).await? {
            Some(stored) if stored != md5 => Err(Error::CertificateMismatch),
            _ => Ok(Upload::Stored),
        }
    }

    /// Connects to a host, by name or address, without TLS.
    ///
    /// # Errors
    /// [`Error::Connect`] with what the modem tells of the reason; [`Error::OutOfSockets`] when all of
    /// `SOCKETS` are in use.
    pub async fn connect(&self, host: &str, port: u16) -> Result<Socket<'r, SOCKETS, BUFFER>, Error> {
        self.open(host, port, None).await
    }

    /// Connects to a host by its name, with TLS.
    ///
    /// # Errors
    /// As [`Modem::connect`].
    pub async fn connect_tls(
        &self,
        host: &str,
        port: u16,
        tls: &TlsProfile<'_>,
    ) -> Result<Socket<'r, SOCKETS, BUFFER>, Error> {
        self.open(host, port, Some(tls)).await
    }

    async fn open(
        &self,
        host: &str,
        port: u16,
        tls: Option<&TlsProfile<'_>>,
    ) -> Result<Socket<'r, SOCKETS, BUFFER>, Error> {
        let place = self.shared.with(|inner| {
            let place = inner.pipes.iter().position(|pipe| !pipe.taken)?;
            inner.pipe(place)?.taken = true;
            Some(place)
        });
        let place = place.ok_or(Error::OutOfSockets)?;
        // Dropped on the way, it closes what there is of it.
        let socket = Socket { shared: self.shared, place };
        let mut hold = Hold::take(self.shared).await?;
        if let Some(tls) = tls {
            for setting in tls.settings(host) {
                hold.execute(&setting).await?;
            }
        }
        let created = hold.execute(&CreateSocket { protocol: Protocol::Tcp, local_port: 0 }).await;
        // A refusal may mean that packet data is gone, and the URC that tells it was lost.
        if matches!(created, Err(Error::Refused { .. }))
            && hold.execute(&PsdActive(PROFILE)).await == Ok(false)
        {
            hold.with(|inner| inner.device.lose_packet_data());
        }
        let number = created?;
        let opened = hold.with(|inner| {
            let generation = inner.device.sockets.open(number)?;
            inner.pipe(place)?.socket = Some(SocketHandle { number, generation });
            Some(())
        });
        opened.ok_or(Error::Garbled { command: "+USOCR=" })?;
        if let Some(tls) = tls {
            hold.execute(&SecureSocket { socket: number, profile: tls.number }).await?;
        }
        match hold.execute(&ConnectSocket { socket: number, host, port, secure: tls.is_some() }).await {
            Ok(()) => {}
            Err(Error::Refused { cause, .. }) => {
                let socket_error = hold.execute(&LastSocketError).await.ok();
                let reason = reason(socket_error, tls.is_some());
                return Err(Error::Connect(ConnectError { reason, cause, socket_error }));
            }
            Err(error) => return Err(error),
        }
        hold.with(|inner| {
            let (now, probe) = (inner.now, inner.device.probe);
            if let Some(entry) = inner.entry(place) {
                entry.schedule_probe(probe, now);
            }
        });
        Ok(socket)
    }
}

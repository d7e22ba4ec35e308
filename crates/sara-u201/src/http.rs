//! The modem's own HTTP client: requests from and to files.

use embedded_io::{Read, ReadReady, Write};
use monoclock::Clock;

use monoclock::Millis;

use crate::command::{Custom, Reply, Spec};
use crate::error::Error;
use crate::modem::Modem;
use crate::power::Wiring;
use crate::tls::TlsProfile;
use crate::urc::Urc;

/// Profile of the HTTP client.
const PROFILE: u8 = 0;

/// A request; its answer, headers and all, goes to a file (see [`Modem::read_file`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpRequest<'r> {
    /// HEAD.
    Head,
    /// GET.
    Get,
    /// DELETE.
    Delete,
    /// PUT with a file as body.
    Put {
        /// The file.
        file: &'r str,
    },
    /// POST with a file as body.
    Post {
        /// The file.
        file: &'r str,
        /// 0 form, 1 text, 2 octet stream, 3 multipart, 4 JSON, 5 XML.
        content_type: u8,
    },
}

/// How a request failed inside the modem, the answer to `AT+UHTTPER`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpError {
    /// 3: HTTP; 10: the socket or the network.
    pub class: u16,
    /// The error in its class.
    pub code: u16,
}

impl<S, P, C> Modem<S, P, C>
where
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    /// Makes a request to `host` and waits for its end. `Ok(Err(..))` tells why the modem failed.
    ///
    /// # Errors
    /// The modem refuses, restarts, or tells nothing within `timeout`.
    pub fn http(
        &mut self,
        (host, port): (&str, u16),
        tls: Option<&TlsProfile<'_>>,
        request: HttpRequest<'_>,
        (path, answer_file): (&str, &str),
        timeout: Millis,
    ) -> Result<Result<(), HttpError>, Error> {
        if let Some(tls) = tls {
            let set = self.set_profile(tls, host);
            self.named(set)?;
        }
        self.http_setting(|line| {
            line.number(PROFILE);
        })?;
        self.http_setting(|line| {
            line.number(PROFILE).number(1u8).text(host);
        })?;
        self.http_setting(|line| {
            line.number(PROFILE).number(5u8).number(port);
        })?;
        if let Some(tls) = tls {
            self.http_setting(|line| {
                line.number(PROFILE).number(6u8).number(1u8).number(tls.number);
            })?;
        }
        self.execute(&Custom::plain(const { &Spec::new("+UHTTPC=").within(Spec::SOCKET) }, |line| {
            let number = match request {
                HttpRequest::Head => 0u8,
                HttpRequest::Get => 1,
                HttpRequest::Delete => 2,
                HttpRequest::Put { .. } => 3,
                HttpRequest::Post { .. } => 4,
            };
            line.number(PROFILE).number(number).text(path).text(answer_file);
            match request {
                HttpRequest::Put { file } => {
                    line.text(file);
                }
                HttpRequest::Post { file, content_type } => {
                    line.text(file).number(content_type);
                }
                _ => {}
            }
        }))?;
        match self.await_urc(timeout, |urc| matches!(urc, Urc::Http { profile: PROFILE, .. }))? {
            Some(Urc::Http { succeeded: true, .. }) => Ok(Ok(())),
            Some(_) => {
                let spec = const { &Spec::new("+UHTTPER=").reply(Reply::Line).within(Spec::SOCKET) };
                let error = self.execute(&Custom::new(
                    spec,
                    |line| {
                        line.number(PROFILE);
                    },
                    |mut answer| {
                        let _profile = answer.raw()?;
                        Some(HttpError { class: answer.number()?, code: answer.number()? })
                    },
                ))?;
                Ok(Err(error))
            }
            None => Err(Error::Timeout { command: "+UHTTPC=" }),
        }
    }

    fn http_setting(&mut self, encode: impl Fn(&mut crate::at::CommandLine)) -> Result<(), Error> {
        self.execute(&Custom::plain(const { &Spec::new("+UHTTP=").within(Spec::SOCKET) }, encode))
    }
}

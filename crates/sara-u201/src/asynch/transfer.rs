//! What the runner does for the pipes: it sends what was written and fetches what waits.

use embedded_io_async::{Read, Write};
use monoclock::AsyncClock;

use super::pipe::Fill;
use super::runner::Runner;
use super::shared::{Inner, Source};
use crate::at::Cause;
use crate::bringup::PROFILE;
use crate::command::{
    BytesWaiting, HexMode, LastSocketError, MAX_BINARY, MAX_HEX, PsdActive, ReadSocket, WriteSocket,
};
use crate::config::DataMode;
use crate::engine::Payload;
use crate::error::Error;
use crate::power::Wiring;
use crate::sockets::{Entry, State};
use crate::transfer::{BULK, EWOULDBLOCK, FAST};

impl<S, P, C, const SOCKETS: usize, const BUFFER: usize> Runner<'_, S, P, C, SOCKETS, BUFFER>
where
    S: Read + Write,
    P: Wiring<S>,
    C: AsyncClock,
{
    /// Sends what one command takes of a pipe's unsent bytes.
    pub(super) async fn send(&mut self, place: usize) -> Result<(), Error> {
        if let Some(hex) = self.shared.with(|inner| inner.mode_for_send(place)) {
            self.set_hex(hex).await?;
        }
        let Some((command, payload)) = self.shared.with(|inner| inner.plan_send(place)) else {
            return Ok(());
        };
        let result = self.execute(&command, payload).await;
        self.shared.with(|inner| inner.source = Source::Stage);
        let now = self.clock.now();
        match result {
            Ok(0) => self.refuse(place, Error::Refused { command: "+USOWR=", cause: Cause::Error }),
            Ok(taken) => self.shared.with(|inner| {
                let probe = inner.device.probe;
                if let Some(pipe) = inner.pipe(place) {
                    pipe.sent(taken.into());
                }
                if let Some(entry) = inner.entry(place)
                    && entry.answer_awaited
                {
                    entry.schedule_probe(probe, now);
                }
                inner.handles.wake();
            }),
            Err(error @ Error::Refused { .. }) => {
                if self.execute(&LastSocketError, Payload::None).await == Ok(EWOULDBLOCK)
                    || self.is_open(place).await?
                {
                    self.refuse(place, error);
                }
            }
            // Nobody knows what was taken: the stream has a hole or a double.
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Fetches what one command gives of the bytes that wait for a pipe.
    pub(super) async fn fetch(&mut self, place: usize) -> Result<(), Error> {
        if self.shared.with(|inner| inner.wants_binary(place)) {
            self.set_hex(false).await?;
        }
        let Some(command) = self.shared.with(|inner| inner.plan_fetch(place)) else { return Ok(()) };
        let result = self.execute(&command, Payload::None).await;
        let fill = self.shared.with(|inner| inner.fill.take());
        let now = self.clock.now();
        match result {
            Ok(announced) => {
                let whole = self.shared.with(|inner| {
                    let pipe = inner.pipe(place)?;
                    let whole = fill.is_some_and(|fill| fill.is_whole(pipe, announced.into()));
                    pipe.prove(whole);
                    let probe = inner.device.probe;
                    let entry = inner.entry(place).filter(|_| whole)?;
                    if announced > 0 {
                        entry.pending = entry.pending.saturating_sub(announced.into());
                        entry.schedule_probe(probe, now);
                    } else {
                        entry.pending = 0;
                        entry.back_off(probe, now);
                        entry.note_empty();
                    }
                    inner.handles.wake();
                    Some(())
                });
                whole.ok_or(Error::Garbled { command: "+USORD=" })
            }
            Err(error @ Error::Refused { .. }) => {
                if self.is_open(place).await? {
                    Err(error)
                } else {
                    Ok(())
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Asks, after a refusal, whether the socket is open; else finds out what closed it.
    async fn is_open(&mut self, place: usize) -> Result<bool, Error> {
        let Some((socket, state)) = self.shared.with(|inner| {
            let socket = inner.pipe(place)?.socket?;
            Some((socket, inner.entry(place)?.state))
        }) else {
            return Ok(false);
        };
        if state == State::Open {
            match self.execute(&BytesWaiting(socket.number), Payload::None).await {
                Ok(_) => return Ok(true),
                Err(Error::Refused { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let active = match state {
            State::Open => self.execute(&PsdActive(PROFILE), Payload::None).await,
            _ => Ok(true),
        };
        self.shared.with(|inner| {
            if active == Ok(false) {
                inner.device.lose_packet_data();
            } else if let Some(entry) = inner.entry(place) {
                // The modem has none of that number any more.
                entry.state = State::Ended;
            }
            if state == State::Open
                && let Some(pipe) = inner.pipe(place)
            {
                pipe.fail(Error::Closed);
            }
            inner.handles.wake();
        });
        Ok(false)
    }

    /// Notes that the modem took nothing.
    fn refuse(&mut self, place: usize, error: Error) {
        let now = self.clock.now();
        self.shared.with(|inner| {
            if let Some(pipe) = inner.pipe(place) {
                pipe.refused(error, now);
            }
            inner.handles.wake();
        });
    }

    /// Changes how the modem writes and reads socket data, for all sockets.
    async fn set_hex(&mut self, hex: bool) -> Result<(), Error> {
        self.execute(&HexMode(hex), Payload::None).await?;
        self.shared.with(|inner| inner.device.hex = hex);
        Ok(())
    }
}

impl<const SOCKETS: usize, const BUFFER: usize> Inner<SOCKETS, BUFFER> {
    /// What is known about the socket behind a pipe.
    pub(super) fn entry(&mut self, place: usize) -> Option<&mut Entry> {
        let socket = self.pipes.get(place)?.socket?;
        self.device.sockets.live(socket.number, socket.generation)
    }

    /// The mode to which the modem is changed for a write, if it is to be.
    fn mode_for_send(&mut self, place: usize) -> Option<bool> {
        // On a prompt the pause costs 50 ms, in digits every byte costs twice: at a fast line digits win.
        let small = self.pipe(place).is_some_and(|pipe| pipe.unsent.len() <= MAX_HEX);
        let digits = small || self.bringup.rate() >= FAST;
        let waiting = self.entry(place).is_some_and(|entry| entry.pending > 0);
        let change = digits != self.device.hex && !(digits && waiting);
        (self.device.data_mode == DataMode::Auto && change).then_some(digits)
    }

    /// Whether a read is better off as it is than in the modem's present mode.
    fn wants_binary(&mut self, place: usize) -> bool {
        let bulk = self.entry(place).is_some_and(|entry| entry.pending >= BULK);
        let room = self.pipe(place).is_some_and(|pipe| pipe.room() > MAX_HEX);
        self.device.data_mode == DataMode::Auto && self.device.hex && bulk && room
    }

    fn plan_send(&mut self, place: usize) -> Option<(WriteSocket, Payload)> {
        let (socket, waiting) = self.pipe(place).map(|pipe| (pipe.socket, pipe.unsent.len()))?;
        let hex = self.device.hex;
        let length = waiting.min(if hex { MAX_HEX } else { MAX_BINARY });
        self.source = Source::Pipe { place, length };
        let payload = if hex { Payload::Hex(length) } else { Payload::Prompted(length) };
        Some((WriteSocket { socket: socket?.number, length: u16::try_from(length).ok()?, hex }, payload))
    }

    fn plan_fetch(&mut self, place: usize) -> Option<ReadSocket> {
        let (socket, room) = self.pipe(place).map(|pipe| (pipe.socket, pipe.room()))?;
        let hex = self.device.hex;
        let length = room.min(if hex { MAX_HEX } else { MAX_BINARY });
        self.fill = Some(Fill::new(place, hex));
        Some(ReadSocket { socket: socket?.number, length: u16::try_from(length).ok()?, hex })
    }
}

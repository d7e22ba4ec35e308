//! Sending what waits in an outbox.

use monoclock::Clock;

use crate::connection::Connection;
use crate::error::Error;
#[cfg(feature = "flash")]
use crate::flash_outbox::{FlashOutbox, FlushError};
use crate::link::{MqttConnection, QoS};
use crate::outbox::Outbox;

impl<M: MqttConnection, C: Clock> Connection<'_, M, C> {
    /// Sends events that wait in `outbox`, as many as may be in flight.
    ///
    /// To be called whenever there is time, best after each event of the loop.
    ///
    /// # Errors
    /// When the connection is over, or an event does not fit the link, which [`Outbox::discard_oldest`] can
    /// get rid of; nothing is lost then.
    pub fn flush(&mut self, outbox: &mut Outbox<'_>) -> Result<(), Error<M::Error>> {
        while let Some((subfolder, payload)) = outbox.next_to_send(self.number()) {
            let number = self.publish_event(subfolder, payload, QoS::AtLeastOnce)?;
            // QoS 1 has a number; without one there would be no acknowledgement to wait for.
            let Some(number) = number else { break };
            outbox.sent(number);
        }
        Ok(())
    }
}

#[cfg(feature = "flash")]
impl<M: MqttConnection, C: Clock> Connection<'_, M, C> {
    /// Sends events that wait in `outbox`, as many as may be in flight.
    ///
    /// To be called whenever there is time, best after each event of the loop.
    ///
    /// # Errors
    /// When the connection is over, the flash fails, or an event does not fit the link, which
    /// [`FlashOutbox::discard_oldest`] can get rid of; nothing is lost then.
    pub fn flush_from<F: embedded_storage::nor_flash::NorFlash>(
        &mut self,
        outbox: &mut FlashOutbox<'_, F>,
    ) -> Result<(), FlushError<M::Error, F::Error>> {
        while let Some((subfolder, payload)) = outbox.next_to_send(self.number())? {
            let number = self.publish_event(subfolder, payload, QoS::AtLeastOnce);
            // QoS 1 has a number; without one there would be no acknowledgement to wait for.
            let Some(number) = number.map_err(FlushError::Connection)? else { break };
            outbox.sent(number);
        }
        Ok(())
    }
}

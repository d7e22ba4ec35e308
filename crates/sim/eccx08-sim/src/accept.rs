//! What the chip does with a command, in its order of checks (simulator specification, section 3).

use core::time::Duration;

use crate::chip::Answer;
use crate::commands::{self, opcode};
use crate::faults::{Fault, Torn};
use crate::frame::{self, Packet, Status};
use crate::machine::{Busy, Machine};
use crate::report::{CommandRecord, Outcome};
use crate::timing::{self, Execution, Times};

impl Machine {
    /// Takes the bytes that one write brought after word address 0x03.
    pub(crate) fn take_command(&mut self, bytes: &[u8]) {
        let mut command = self.partial.take().unwrap_or_default();
        command.extend_from_slice(bytes);
        let count = command.first().copied().map_or(usize::MAX, usize::from);
        if command.len() < count && self.chip.decisions.split_commands {
            self.partial = Some(command);
            return;
        }
        self.report.commands += 1;
        let named = Packet::parse(&command).map_or(0, |packet| packet.opcode);
        let fault = self.faults.at_command(named);
        if let Some(fault) = fault {
            self.report.faults += 1;
            self.strike_before(fault, &mut command);
        }
        let packet = Packet::parse(&command);
        self.log.push(CommandRecord {
            at: self.now(),
            opcode: named,
            param1: packet.map_or(0, |packet| packet.param1),
            param2: packet.map_or(0, |packet| packet.param2),
            data: packet.map_or(0, |packet| packet.data.len()),
            execution: Duration::ZERO,
            outcome: Outcome::Lost,
            polls: 0,
            fault,
        });
        match fault {
            Some(Fault::DropCommand) => return,
            Some(Fault::WatchdogNow) => {
                self.report.watchdogs += 1;
                self.fall_asleep();
                return;
            }
            _ => {}
        }
        self.run(packet, fault);
    }

    fn strike_before(&mut self, fault: Fault, command: &mut [u8]) {
        if fault == Fault::FlipInCommand && !command.is_empty() {
            let bit = self.faults.below(command.len() * 8);
            command[bit / 8] ^= 1 << (bit % 8);
        }
    }

    /// Runs a command and makes the chip busy with it.
    fn run(&mut self, packet: Option<Packet<'_>>, fault: Option<Fault>) {
        let before = self.chip.nv.clone();
        let (answer, times) = match (packet, fault) {
            (_, Some(Fault::Answer(status))) => (Err(status), timing::REFUSAL),
            (None, _) => (Err(Status::Communication), timing::REFUSAL),
            (Some(packet), _) => self.judge(&packet),
        };
        let changed = self.chip.nv != before;
        let mut fault = fault;
        if changed && let Some(struck) = self.faults.at_write() {
            self.report.faults += 1;
            fault = Some(struck);
        }

        let execution = if fault == Some(Fault::Slow) { times.longest * 3 / 2 } else { self.draw(times) };
        let outcome = match &answer {
            Ok(payload) if *payload == [0] => Outcome::Status(Status::Success),
            Ok(payload) => Outcome::Payload(payload.len()),
            Err(status) => Outcome::Status(*status),
        };
        if let Some(record) = self.log.last_mut() {
            record.execution = execution;
            record.outcome = outcome;
            record.fault = fault;
        }
        let response = frame::response(&answer.unwrap_or_else(|status| vec![status.byte()]));
        let until = self.now() + execution;
        let before = changed.then_some(before);
        self.busy = Some(Busy { until, response, before, flip: None });
        self.unread = true;
        if let Some(fault) = fault {
            self.strike_after(fault);
        }
    }

    fn strike_after(&mut self, fault: Fault) {
        if let Some(busy) = &mut self.busy {
            let bit = self.faults.below(busy.response.len() * 8);
            match fault {
                Fault::FlipInResponse => busy.flip = Some(bit),
                Fault::FlipInOutputBuffer => busy.response[bit / 8] ^= 1 << (bit % 8),
                Fault::DropResponse => busy.response.clear(),
                _ => {}
            }
        }
        match fault {
            Fault::PowerCut(torn) => self.cut(torn),
            Fault::BrownOut(torn) => {
                self.cut(torn);
                self.power_on();
            }
            _ => {}
        }
    }

    fn cut(&mut self, torn: Torn) {
        self.lose_command(torn);
        self.power_off(torn);
    }

    /// Judges a whole command: opcode, parameters, failure mode, watchdog, then state and policy.
    fn judge(&mut self, packet: &Packet<'_>) -> (Answer, Times) {
        let chip = &self.chip;
        let Some(command) = commands::find(chip.profile, packet.opcode) else {
            return (Err(Status::Parse), timing::REFUSAL);
        };
        if !(command.accepts)(chip.profile, packet) {
            return (Err(Status::Parse), timing::REFUSAL);
        }
        let config_read = packet.opcode == opcode::READ && packet.param1 & 3 == 0;
        if chip.self_test_failed && !config_read && packet.opcode != opcode::SELF_TEST {
            return (Err(Status::SelfTest), timing::REFUSAL);
        }
        let times = timing::times(chip.profile, self.chip_mode, packet.opcode);
        let left = self.watchdog_expiry().saturating_sub(self.now());
        if chip.decisions.watchdog_guard && left < times.longest {
            return (Err(Status::Watchdog), timing::REFUSAL);
        }
        self.chip.ram.temp_key_used = false;
        let nv = self.chip.nv.clone();
        let answer = (command.run)(&mut self.chip, packet);
        let Err(status) = answer else { return (answer, times) };
        if self.chip.ram.temp_key_used && self.chip.decisions.refusal_clears_temp_key {
            self.chip.ram.temp_key = None;
        }
        if status == Status::Miscompare {
            return (answer, times);
        }
        if status != Status::Ecc {
            // A refused command has no effect on the memory; one that computed has used its key.
            self.chip.nv = nv;
        }
        (answer, timing::REFUSAL)
    }

    fn draw(&mut self, times: Times) -> Duration {
        match self.execution {
            Execution::Typical => times.typical,
            Execution::Maximum => times.longest,
            Execution::Random => {
                let span = times.longest.saturating_sub(times.typical).as_micros();
                let drawn = self.faults.below(usize::try_from(span).unwrap_or(0) + 1);
                times.typical + Duration::from_micros(u64::try_from(drawn).unwrap_or(0))
            }
        }
    }
}

//! How long each command takes.

use core::time::Duration;

use crate::at::{Command, Kind};
use crate::modem::ModemCore;

impl ModemCore {
    /// How long the module takes before it acts.
    pub(crate) fn latency_of(&mut self, command: &Command) -> Duration {
        if let Some(fixed) = self.refusal_time(command) {
            return fixed;
        }
        if command.kind == Kind::Test && command.name != "+COPS" {
            return self.profile.latencies.local.draw(&mut self.rng);
        }
        let set = command.kind == Kind::Set;
        let l = &self.profile.latencies;
        let span = match command.name.as_str() {
            "+CGSN" | "+CGMI" | "+CGMM" | "+CGMR" | "I" | "+CCID" => l.identity,
            "+CIMI" => l.card,
            "+CPIN" | "+CLCK" | "+CPWD" if set => l.pin,
            "+COPS" if set && command.number(0) != Some(3) => l.operator,
            "+COPS" if command.kind == Kind::Test => l.operator_scan,
            "+CGATT" if set => l.attach,
            "+UPSDA" if set => l.activate,
            "+UPSD" | "+UPSND" => l.packet_settings,
            "+USOWR" | "+USOST" => {
                let with_data = command.count() > if command.name == "+USOWR" { 2 } else { 4 };
                if with_data { l.socket_write } else { l.prompt }
            }
            "+USORD" | "+USORF" => l.socket_read,
            "+USOCR" | "+USOSEC" | "+USOSO" | "+USOCO" | "+USOCL" | "+USOCTL" | "+USOER" | "+USOLI" => {
                l.socket
            }
            "+UDNSRN" | "+UPING" => l.resolve,
            "+USECMNG" if command.number(0) == Some(0) => l.prompt,
            "+USECMNG" => l.certificate,
            "+USECPRF" => l.security_profile,
            "+UDWNFILE" => l.prompt,
            "+URDFILE" | "+URDBLOCK" | "+UDELFILE" | "+ULSTFILE" => l.file,
            "+CMGL" | "+CMGR" | "+CMGD" | "+CPMS" => l.message_store,
            "+UHTTPC" => l.http,
            "+CFUN" if set => l.functionality,
            "+CPWROFF" => l.power_off,
            _ => l.local,
        };
        span.draw(&mut self.rng)
    }
}

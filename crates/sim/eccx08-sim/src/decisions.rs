//! Switches for what the public sources leave open.

/// What the model does where the public sources are silent or only remembered.
///
/// Each field is one open point with a conservative default; the README lists them with their
/// grounds. A test that must not depend on a guess runs with both values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decisions {
    /// An idle chip falls asleep when the watchdog period is over. Default: no.
    pub idle_watchdog: bool,
    /// A command may arrive in several write transactions. Default: no, it is answered with 0xFF.
    pub split_commands: bool,
    /// A write of configuration words 0 to 3 or 21 is answered with 0x03. Default: no, with 0x0F.
    pub reserved_word_is_parse_error: bool,
    /// Sign, ECDH and Verify with a stored key work before the data zone is locked. Default: no.
    pub keys_before_data_lock: bool,
    /// A lockable slot can be locked before the data zone is. Default: yes.
    pub slot_lock_before_data_lock: bool,
    /// A slot without a valid private key is answered with 0x05. Default: no, with 0x0F.
    pub missing_key_is_ecc_fault: bool,
    /// SHA start destroys TempKey on a 608 too, as it does on a 508A. Default: no.
    pub sha_start_clears_temp_key: bool,
    /// A pass-through Nonce into another buffer invalidates TempKey. Default: yes.
    pub other_buffer_clears_temp_key: bool,
    /// A command that is refused after it looked at TempKey invalidates it; so does one that finds a
    /// difference (0x01). Default: yes.
    pub refusal_clears_temp_key: bool,
    /// 32-byte access to the last, partial block of a slot: the rest reads as zero and is not
    /// written. Default: yes; otherwise it is answered with 0x03.
    pub partial_blocks: bool,
    /// Counters can be incremented before the configuration is locked. Default: no.
    pub counter_before_lock: bool,
    /// GenKey (create) answers the public key even when KeyConfig.PubInfo is 0. Default: yes.
    pub create_answers_public_key: bool,
    /// A command that could outlast the watchdog is answered with 0xEE. Default: yes; otherwise it
    /// runs and the chip may fall asleep under it.
    pub watchdog_guard: bool,
}

impl Default for Decisions {
    fn default() -> Self {
        Self {
            idle_watchdog: false,
            split_commands: false,
            reserved_word_is_parse_error: false,
            keys_before_data_lock: false,
            slot_lock_before_data_lock: true,
            missing_key_is_ecc_fault: false,
            sha_start_clears_temp_key: false,
            other_buffer_clears_temp_key: true,
            refusal_clears_temp_key: true,
            partial_blocks: true,
            counter_before_lock: false,
            create_answers_public_key: true,
            watchdog_guard: true,
        }
    }
}

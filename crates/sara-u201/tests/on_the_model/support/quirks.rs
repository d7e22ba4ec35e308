//! Sets of the model's quirks in which every two values of two quirks meet.

use sara_u201_sim::{EarlyData, EmptyRead, Quirks, RateChange, Refusal, TypedAhead};

/// A quirk: how many values it can have, and how it is set to one. Value 0 is the model's default.
type Factor = (usize, fn(&mut Quirks, usize));

const FACTORS: [Factor; 27] = [
    (3, |quirks, value| {
        quirks.early_data = [EarlyData::Accept, EarlyData::Drop, EarlyData::Error][value];
    }),
    (2, |quirks, value| quirks.empty_read = [EmptyRead::Quotes, EmptyRead::Bare][value]),
    (2, |quirks, value| quirks.closed_socket = [Refusal::Cme, Refusal::Plain][value]),
    (2, |quirks, value| quirks.network_failure = [Refusal::Plain, Refusal::Cme][value]),
    (2, |quirks, value| quirks.unknown_command_cme = value == 0),
    (2, |quirks, value| quirks.close_before_drain = value == 1),
    (2, |quirks, value| quirks.tls_close_announces = value == 1),
    (2, |quirks, value| quirks.context_loss_closes = value == 1),
    (2, |quirks, value| quirks.close_announces = value == 1),
    (2, |quirks, value| quirks.hex_after_prompt = value == 1),
    (2, |quirks, value| {
        quirks.rate_change = [RateChange::AfterResult, RateChange::BeforeResult][value];
    }),
    (2, |quirks, value| quirks.rate_change_deaf = [100, 0][value]),
    (2, |quirks, value| quirks.rate_survives_reset = value == 0),
    (3, |quirks, value| quirks.autobaud_swallows = [1, 0, 3][value]),
    (2, |quirks, value| quirks.typed_ahead = [TypedAhead::Keep, TypedAhead::Discard][value]),
    (2, |quirks, value| quirks.wake_time = [20, 5][value]),
    (2, |quirks, value| quirks.dtr_wake_time = [5, 20][value]),
    (2, |quirks, value| quirks.urc_race = value == 1),
    (3, |quirks, value| quirks.urc_gap = [5, 0, 18][value]),
    (2, |quirks, value| quirks.echo_line_feed = value == 1),
    (2, |quirks, value| quirks.server_name_indication = value == 1),
    (2, |quirks, value| quirks.handshake_error = [104, 0][value]),
    (2, |quirks, value| quirks.handshake_close = [1000, 0][value]),
    (2, |quirks, value| quirks.resolver_cache = value == 0),
    (3, |quirks, value| quirks.write_limit = [0, 64, 200][value]),
    (2, |quirks, value| quirks.unset_clock_year = [80, 4][value]),
    (2, |quirks, value| quirks.clock_survives_reset = value == 1),
];

/// A value for every quirk.
type Row = [usize; FACTORS.len()];

/// The sets, the first of which is the model's default, and how many pairs of values they cover of how many.
pub(crate) fn pairwise() -> (Vec<Quirks>, (usize, usize)) {
    let mut uncovered: Vec<((usize, usize), (usize, usize))> = Vec::new();
    for (one, (values, _)) in FACTORS.iter().enumerate() {
        for (other, (others, _)) in FACTORS.iter().enumerate().skip(one + 1) {
            let pairs = (0..*values).flat_map(|value| (0..*others).map(move |with| (value, with)));
            uncovered.extend(pairs.map(|(value, with)| ((one, value), (other, with))));
        }
    }
    let all = uncovered.len();
    let covers = |row: &Row, ((one, value), (other, with)): ((usize, usize), (usize, usize))| {
        row[one] == value && row[other] == with
    };
    let mut rows: Vec<Row> = vec![[0; FACTORS.len()]];
    uncovered.retain(|pair| !covers(&rows[0], *pair));
    while let Some(&((one, value), (other, with))) = uncovered.first() {
        let mut row: Row = [usize::MAX; FACTORS.len()];
        (row[one], row[other]) = (value, with);
        for factor in 0..FACTORS.len() {
            if row[factor] != usize::MAX {
                continue;
            }
            // The value that covers most together with those that are set.
            let gain = |value: usize| {
                uncovered
                    .iter()
                    .filter(|((one, first), (other, second))| {
                        (*one == factor && *first == value && row[*other] == *second)
                            || (*other == factor && *second == value && row[*one] == *first)
                    })
                    .count()
            };
            row[factor] = (0..FACTORS[factor].0).max_by_key(|&value| gain(value)).unwrap_or(0);
        }
        uncovered.retain(|pair| !covers(&row, *pair));
        rows.push(row);
    }
    let sets = rows.iter().map(|row| {
        let mut quirks = Quirks::default();
        for ((_, set), value) in FACTORS.iter().zip(row) {
            set(&mut quirks, *value);
        }
        quirks
    });
    (sets.collect(), (all - uncovered.len(), all))
}

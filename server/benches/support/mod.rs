//! A small stopwatch for benchmarks: several rounds, the median and the spread, always beside a baseline.
#![allow(dead_code)]

use std::time::Instant;

const ROUNDS: usize = 9;

/// Nanoseconds per operation: lowest, median and highest of several rounds.
#[derive(Clone, Copy)]
pub struct Figure {
    pub low: f64,
    pub median: f64,
    pub high: f64,
}

/// Times `round`, which does its work and returns how many operations that were.
pub fn time(mut round: impl FnMut() -> usize) -> Figure {
    round();
    let mut figures: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            let operations = round();
            began.elapsed().as_nanos() as f64 / operations as f64
        })
        .collect();
    figures.sort_by(f64::total_cmp);
    Figure { low: figures[0], median: figures[ROUNDS / 2], high: figures[ROUNDS - 1] }
}

/// Times `round` on what `prepare` makes anew for each, which does not count.
pub fn prepared_time<T>(mut prepare: impl FnMut() -> T, mut round: impl FnMut(&mut T) -> usize) -> Figure {
    let mut figures: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let mut prepared = prepare();
            let began = Instant::now();
            let operations = round(&mut prepared);
            began.elapsed().as_nanos() as f64 / operations as f64
        })
        .collect();
    figures.sort_by(f64::total_cmp);
    Figure { low: figures[0], median: figures[ROUNDS / 2], high: figures[ROUNDS - 1] }
}

pub fn line(name: &str, figure: Figure) {
    println!(
        "  {name:<52} {:>9.0} ns  ({:.0} to {:.0}), {:>10.0} a second",
        figure.median,
        figure.low,
        figure.high,
        1e9 / figure.median
    );
}

/// How many times the baseline `figure` takes.
pub fn ratio(name: &str, figure: Figure, baseline: Figure) {
    println!("  {name:<52} {:>9.2} ×", figure.median / baseline.median);
}

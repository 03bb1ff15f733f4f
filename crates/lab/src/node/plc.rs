//! A controller with a tank: a pump fills it, a valve empties it, and the memory shows both.

use super::accept::accept;
use super::modbus::{Memory, PORT, Pdu, answer, frame_of, read_frame};
use anyhow::Result;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::{MissedTickBehavior, interval};

/// Coils and registers each.
const SIZE: usize = 128;
/// Coil that runs the pump.
const PUMP: usize = 0;
/// Coil that opens the valve.
const VALVE: usize = 1;
/// Register with the level, in millimetres.
const LEVEL: usize = 0;
/// Register with the level the operator wants, in millimetres.
const SET_POINT: usize = 1;
/// The tank's height, in millimetres.
const FULL: u16 = 2000;
/// Millimetres a scan that the pump adds; the valve takes half of it.
const STEP: u16 = 4;
/// Length of a scan.
const SCAN: Duration = Duration::from_millis(100);

type Shared = Arc<Mutex<Memory>>;

/// Scans and serves for good.
pub(super) async fn run() -> Result<()> {
    let memory = Arc::new(Mutex::new(fresh()));
    let scanned = Arc::clone(&memory);
    tokio::spawn(async move {
        let mut ticks = interval(SCAN);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            ticks.tick().await;
            with(&scanned, scan);
        }
    });
    accept(PORT, |stream| serve(stream, Arc::clone(&memory))).await
}

fn fresh() -> Memory {
    let mut memory = Memory { coils: vec![false; SIZE], registers: vec![0; SIZE] };
    for (register, value) in memory.registers.iter_mut().zip([FULL / 2, FULL / 2]) {
        *register = value;
    }
    memory
}

async fn serve(mut stream: TcpStream, memory: Shared) -> io::Result<()> {
    while let Some(request) = read_frame(&mut stream).await? {
        let bytes = with(&memory, |memory| answer(&request.bytes, memory));
        stream.write_all(&frame_of(&Pdu { bytes, ..request })).await?;
    }
    Ok(())
}

fn with<T>(memory: &Shared, change: impl FnOnce(&mut Memory) -> T) -> T {
    change(&mut memory.lock().unwrap_or_else(PoisonError::into_inner))
}

/// One scan: the controller compares, then the process moves.
fn scan(memory: &mut Memory) {
    let (Some(&level), Some(&wanted)) = (memory.registers.get(LEVEL), memory.registers.get(SET_POINT)) else {
        return;
    };
    let (pump, valve) = (level < wanted, level > wanted);
    let moved = match (pump, valve) {
        (true, _) => level.saturating_add(STEP).min(FULL),
        (_, true) => level.saturating_sub(STEP / 2),
        _ => level,
    };
    for (coil, state) in [(PUMP, pump), (VALVE, valve)] {
        if let Some(place) = memory.coils.get_mut(coil) {
            *place = state;
        }
    }
    if let Some(place) = memory.registers.get_mut(LEVEL) {
        *place = moved;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_follows_the_set_point() {
        let mut memory = fresh();
        memory.registers[SET_POINT] = 1400;
        (0..200).for_each(|_| scan(&mut memory));
        assert!(memory.registers[LEVEL].abs_diff(1400) <= STEP);
        memory.registers[SET_POINT] = 65535;
        (0..1000).for_each(|_| scan(&mut memory));
        assert_eq!(memory.registers[LEVEL], FULL);
        assert!(memory.coils[PUMP]);
    }
}

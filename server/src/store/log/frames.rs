//! A sealed segment: zstd frames of about one MiB that end with a line, and a table of them in the format that zstd's
//! own tools call seekable. `zstd -dc` gives back the segment byte for byte.

use std::io::{self, Read, Seek, SeekFrom, Write};

/// Bytes of a frame before compression, about.
pub const FRAME: usize = 1 << 20;
const LEVEL: i32 = 6;
/// A frame that decoders pass over.
const SKIPPABLE: u32 = 0x184D_2A5E;
const SEEKABLE: u32 = 0x8F92_EAB1;
const FOOTER: usize = 9;
const ENTRY: usize = 8;
/// A table that says more is none.
const MOST_FRAMES: usize = 1 << 20;

/// Where a frame lies: in the segment, and in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    pub start: u64,
    pub length: u64,
    pub packed_start: u64,
    pub packed_length: u64,
}

/// Compresses lines as they come.
pub struct Packer<W> {
    target: W,
    waiting: Vec<u8>,
    entries: Vec<(u32, u32)>,
}

impl<W: Write> Packer<W> {
    pub fn new(target: W) -> Self {
        Self { target, waiting: Vec::with_capacity(FRAME * 2), entries: Vec::new() }
    }

    /// Takes more of the segment.
    pub fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.waiting.extend_from_slice(bytes);
        while self.waiting.len() >= FRAME {
            // A line that is longer than a frame makes a longer frame.
            let Some(end) = memchr::memchr(b'\n', &self.waiting[FRAME - 1..]) else { return Ok(()) };
            self.pack(FRAME + end)?;
        }
        Ok(())
    }

    /// Writes what is left, and the table.
    pub fn finish(mut self) -> io::Result<W> {
        if !self.waiting.is_empty() {
            self.pack(self.waiting.len())?;
        }
        let mut table = Vec::with_capacity(8 + self.entries.len() * ENTRY + FOOTER);
        let size = u32::try_from(self.entries.len() * ENTRY + FOOTER).map_err(io::Error::other)?;
        for number in [SKIPPABLE, size].into_iter().chain(self.entries.iter().flat_map(|&(p, l)| [p, l])) {
            table.extend_from_slice(&number.to_le_bytes());
        }
        table.extend_from_slice(&u32::try_from(self.entries.len()).map_err(io::Error::other)?.to_le_bytes());
        table.push(0);
        table.extend_from_slice(&SEEKABLE.to_le_bytes());
        self.target.write_all(&table)?;
        Ok(self.target)
    }

    fn pack(&mut self, length: usize) -> io::Result<()> {
        let packed = zstd::bulk::compress(&self.waiting[..length], LEVEL)?;
        self.target.write_all(&packed)?;
        let number = |n: usize| u32::try_from(n).map_err(io::Error::other);
        self.entries.push((number(packed.len())?, number(length)?));
        self.waiting.drain(..length);
        Ok(())
    }
}

/// Reads the table of a sealed segment.
pub fn table(file: &mut (impl Read + Seek)) -> io::Result<Vec<Frame>> {
    let damaged = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why.to_owned());
    let all = file.seek(SeekFrom::End(0))?;
    let mut footer = [0; FOOTER];
    file.seek(SeekFrom::Start(all.checked_sub(FOOTER as u64).ok_or_else(|| damaged("no table of frames"))?))?;
    file.read_exact(&mut footer)?;
    let count = u32::from_le_bytes([footer[0], footer[1], footer[2], footer[3]]) as usize;
    if footer[5..] != SEEKABLE.to_le_bytes() || footer[4] != 0 || count > MOST_FRAMES {
        return Err(damaged("no table of frames"));
    }
    let size = (count * ENTRY + FOOTER) as u64;
    let begins = all.checked_sub(size).ok_or_else(|| damaged("a table of frames that is cut"))?;
    file.seek(SeekFrom::Start(begins))?;
    let mut entries = vec![0; count * ENTRY];
    file.read_exact(&mut entries)?;
    let (mut frames, mut start, mut packed_start) = (Vec::with_capacity(count), 0, 0);
    for entry in entries.chunks_exact(ENTRY) {
        let number = |at: usize| {
            u64::from(u32::from_le_bytes([entry[at], entry[at + 1], entry[at + 2], entry[at + 3]]))
        };
        let frame = Frame { start, length: number(4), packed_start, packed_length: number(0) };
        start += frame.length;
        packed_start += frame.packed_length;
        frames.push(frame);
    }
    if packed_start + 8 != begins {
        return Err(damaged("a table of frames that does not fit its file"));
    }
    Ok(frames)
}

/// The lines of a frame.
pub fn unpack(packed: &[u8], length: u64) -> io::Result<Vec<u8>> {
    let length = usize::try_from(length).map_err(io::Error::other)?;
    let bytes = zstd::bulk::decompress(packed, length)?;
    if bytes.len() == length {
        return Ok(bytes);
    }
    Err(io::Error::new(io::ErrorKind::InvalidData, "a frame of another length than its table says"))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    fn packed(bytes: &[u8], piece: usize) -> Vec<u8> {
        let mut packer = Packer::new(Vec::new());
        for piece in bytes.chunks(piece.max(1)) {
            packer.add(piece).unwrap();
        }
        packer.finish().unwrap()
    }

    fn unpacked(file: &[u8]) -> Vec<u8> {
        let frames = table(&mut Cursor::new(file)).unwrap();
        let mut bytes = Vec::new();
        for frame in frames {
            assert_eq!(frame.start, bytes.len() as u64);
            let from = usize::try_from(frame.packed_start).unwrap();
            let until = from + usize::try_from(frame.packed_length).unwrap();
            let lines = unpack(&file[from..until], frame.length).unwrap();
            assert_eq!(lines.last(), Some(&b'\n'), "a frame ends with a line");
            bytes.extend(lines);
        }
        bytes
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        /// Catches: a frame that cuts a line, a table that is off, a line that is longer than a frame.
        #[test]
        fn what_is_packed_comes_out_again(
            lengths in prop::collection::vec(prop_oneof![0_usize..300, 1_usize..300_000, FRAME..FRAME + 9], 0..40),
            piece in 1_usize..200_000,
        ) {
            let lines: Vec<u8> =
                lengths.iter().flat_map(|n| [vec![b'a' + (*n % 26) as u8; *n], vec![b'\n']].concat()).collect();
            let file = packed(&lines, piece);
            prop_assert_eq!(unpacked(&file), lines.clone());
            prop_assert_eq!(zstd::stream::decode_all(&file[..]).unwrap(), lines, "for any program");
        }
    }

    #[test]
    fn what_is_damaged_is_told_apart() {
        let file = packed(&b"a line\n".repeat(500_000), 4_096);
        assert_eq!(table(&mut Cursor::new(&file)).unwrap().len(), 4);
        for wrong in [&b""[..], &b"short"[..], &file[..file.len() - 1], &file[1..]] {
            assert!(table(&mut Cursor::new(wrong)).is_err());
        }
        assert!(unpack(&file[3..200], 100).is_err());
    }
}

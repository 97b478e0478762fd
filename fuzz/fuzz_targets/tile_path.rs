//! Every tile has one path, and every path one tile.
#![no_main]

use gomod::TileId;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, Option<u8>, u64, u16)| {
    let (text, level, n, width) = input;
    if let Ok(tile) = text.parse::<TileId>() {
        assert_eq!(tile.to_string(), text);
        assert_eq!(TileId::new(tile.level(), tile.n(), tile.width()), Ok(tile));
    }
    if let Ok(tile) = TileId::new(level, n, width) {
        assert_eq!(tile.to_string().parse(), Ok(tile));
    }
});

//! Every text can be read: contrast of the style sheet's colours, in light, dark and print (WCAG 2.2, 1.4.3).

use crate::report::html::STYLE;
use std::collections::BTreeMap;

/// What text of normal size needs.
const ENOUGH: f64 = 4.5;

/// Text colours, and what they are written on.
const WRITTEN: [(&str, &[&str]); 8] = [
    ("text", &["card", "page", "row", "soft", "warn-soft"]),
    ("muted", &["card", "page", "row", "soft"]),
    ("accent", &["card", "page", "row", "soft"]),
    ("bad", &["card", "bad-soft"]),
    ("warn", &["card", "warn-soft"]),
    ("good", &["card", "good-soft"]),
    ("top-text", &["top"]),
    ("top-muted", &["top"]),
];

#[test]
fn every_text_has_contrast_enough_in_light_dark_and_print() {
    let themes: Vec<_> = STYLE.split(":root {").skip(1).map(colours).collect();
    assert_eq!(themes.len(), 3, "light, dark, print");
    for (theme, name) in themes.iter().zip(["light", "dark", "print"]) {
        for (ink, papers) in WRITTEN {
            for paper in papers {
                let contrast = contrast(theme[ink], theme[*paper]);
                assert!(contrast >= ENOUGH, "{name}: {ink} on {paper} has {contrast:.2}");
            }
        }
    }
}

#[test]
fn contrast_agrees_with_the_known_extremes() {
    assert!((contrast([0; 3], [255; 3]) - 21.0).abs() < 1e-9);
    assert!(
        (contrast([0x76; 3], [255; 3]) - 4.54).abs() < 0.01,
        "the lightest grey that can be read on white"
    );
}

/// The colours a block names, by name.
fn colours(block: &str) -> BTreeMap<&str, [u8; 3]> {
    let block = block.split('}').next().unwrap();
    let named = block.split(';').filter_map(|line| line.trim().strip_prefix("--")?.split_once(": #"));
    named.map(|(name, hex)| (name, colour(hex))).collect()
}

fn colour(hex: &str) -> [u8; 3] {
    let [_, red, green, blue] = u32::from_str_radix(hex, 16).unwrap().to_be_bytes();
    [red, green, blue]
}

fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn luminance(colour: [u8; 3]) -> f64 {
    let [red, green, blue] = colour.map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}
